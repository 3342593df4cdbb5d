internal import COpenSSL

/// Bytes that nobody can guess.
public enum SecureRandom {
  public static func bytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    fill(&bytes)
    return bytes
  }

  /// Overwrites all of `bytes`. A system without randomness ends the process: going on would be unsafe.
  public static func fill(_ bytes: inout [UInt8]) {
    let code = bytes.withUnsafeMutableBufferPointer { RAND_bytes($0.baseAddress, Int32($0.count)) }
    precondition(bytes.isEmpty || code == 1, "The system gives no random bytes.")
  }
}

/// Compares in a time that depends on the lengths only, so that a signature cannot be guessed byte by byte.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  guard left.count == right.count else { return false }
  if left.isEmpty { return true }
  return CRYPTO_memcmp(left, right, left.count) == 0
}
