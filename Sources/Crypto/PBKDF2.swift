internal import COpenSSL

/// Keys from passwords (RFC 8018): slow on purpose, so that guessing is slow too.
public enum PBKDF2 {
  /// `count` bytes. Takes about a quarter of a second for 600,000 iterations: never on a shared thread.
  public static func sha256(password: [UInt8], salt: [UInt8], iterations: Int, count: Int) -> [UInt8] {
    precondition(iterations > 0 && iterations <= Int32.max && count > 0, "A key has rounds and bytes.")
    var key = [UInt8](repeating: 0, count: count)
    // An empty array may have no address, which OpenSSL would take for a password that it has to measure.
    let held = password.isEmpty ? [0] : password
    let made = held.withUnsafeBytes { bytes in
      key.withUnsafeMutableBufferPointer { output in
        PKCS5_PBKDF2_HMAC(
          bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(password.count), salt,
          Int32(salt.count), Int32(iterations), EVP_sha256(), Int32(count), output.baseAddress)
      }
    }
    precondition(made == 1, "OpenSSL has no PBKDF2.")
    return key
  }
}
