internal import COpenSSL

/// Agreement on a secret over an open line (RFC 7748).
enum X25519 {
  static let byteCount = 32

  static func publicKey(of secret: [UInt8]) -> [UInt8]? {
    guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nil, secret, secret.count) else {
      return nil
    }
    defer { EVP_PKEY_free(key) }
    var (bytes, count) = ([UInt8](repeating: 0, count: byteCount), byteCount)
    let code = bytes.withUnsafeMutableBufferPointer {
      EVP_PKEY_get_raw_public_key(key, $0.baseAddress, &count)
    }
    return code == 1 && count == byteCount ? bytes : nil
  }

  /// Nil for keys of another size, and for a public key that gives everybody the same secret.
  static func shared(secret: [UInt8], with publicKey: [UInt8]) -> [UInt8]? {
    guard let own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nil, secret, secret.count) else {
      return nil
    }
    defer { EVP_PKEY_free(own) }
    guard let peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nil, publicKey, publicKey.count) else {
      return nil
    }
    defer { EVP_PKEY_free(peer) }
    guard let context = EVP_PKEY_CTX_new(own, nil) else { preconditionFailure("No memory for a key.") }
    defer { EVP_PKEY_CTX_free(context) }
    guard EVP_PKEY_derive_init(context) == 1, EVP_PKEY_derive_set_peer(context, peer) == 1 else { return nil }
    var (bytes, count) = ([UInt8](repeating: 0, count: byteCount), byteCount)
    let code = bytes.withUnsafeMutableBufferPointer { EVP_PKEY_derive(context, $0.baseAddress, &count) }
    guard code == 1, count == byteCount, bytes.contains(where: { $0 != 0 }) else { return nil }
    return bytes
  }
}
