internal import COpenSSL

/// Message authentication codes: signatures of webhooks, keys derived from names.
public enum HMACSHA256 {
  /// 32 bytes. A key may have any length, none included.
  public static func code(key: [UInt8], message: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: SHA256.byteCount)
    var written = 0
    // An empty array has no address, which OpenSSL would take for "no key set".
    let held = key.isEmpty ? [0] : key
    let size = code.count
    let made = code.withUnsafeMutableBufferPointer { buffer in
      EVP_Q_mac(
        nil, "HMAC", nil, "SHA256", nil, held, key.count, message, message.count, buffer.baseAddress, size,
        &written)
    }
    precondition(made != nil && written == size, "OpenSSL has no HMAC-SHA-256.")
    return code
  }

  /// In constant time.
  public static func isValid(_ code: [UInt8], key: [UInt8], message: [UInt8]) -> Bool {
    constantTimeEqual(code, self.code(key: key, message: message))
  }
}
