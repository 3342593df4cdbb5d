import COpenSSL

/// What all connections with one certificate share. OpenSSL counts its users and locks it within.
final class TLSContext: Sendable {
  /// `SSL_CTX`, never changed after `init`; kept as a number, since a pointer is not `Sendable`.
  private let address: UInt
  var pointer: OpaquePointer? { OpaquePointer(bitPattern: address) }

  /// Those with forward secrecy and authenticated encryption, for TLS 1.2; of TLS 1.3 all are good.
  private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"
  private static let protocols: [UInt8] = [8] + Array("http/1.1".utf8)

  init(certificate: String, key: String) throws(CertificateError) {
    guard let pointer = SSL_CTX_new(TLS_server_method()) else {
      throw CertificateError(file: certificate, reason: Self.reason("OpenSSL has no memory"))
    }
    do throws(CertificateError) {
      try Self.load(pointer, certificate: certificate, key: key)
    } catch {
      SSL_CTX_free(pointer)
      throw error
    }
    Self.configure(pointer)
    address = UInt(bitPattern: pointer)
  }

  deinit { SSL_CTX_free(pointer) }

  private static func load(
    _ pointer: OpaquePointer, certificate: String, key: String
  ) throws(CertificateError) {
    ERR_clear_error()
    // A key with a passphrase would make OpenSSL ask at the terminal.
    SSL_CTX_set_default_passwd_cb(pointer) { _, _, _, _ in -1 }
    guard SSL_CTX_use_certificate_chain_file(pointer, certificate) == 1 else {
      throw CertificateError(file: certificate, reason: reason("it holds no certificate in PEM form"))
    }
    guard SSL_CTX_use_PrivateKey_file(pointer, key, SSL_FILETYPE_PEM) == 1 else {
      throw CertificateError(
        file: key,
        reason: reason("it holds no key in PEM form without a passphrase that fits the certificate"))
    }
    guard SSL_CTX_check_private_key(pointer) == 1 else {
      throw CertificateError(file: key, reason: reason("the key does not fit the certificate"))
    }
  }

  private static func configure(_ pointer: OpaquePointer) {
    SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
    SSL_CTX_set_cipher_list(pointer, ciphers)
    // As numbers: Swift does not take over macros that shift a cast one.
    let noCompression: UInt64 = 1 << 17
    let noRenegotiation: UInt64 = 1 << 30
    let ownPreference: UInt64 = 1 << 22
    SSL_CTX_set_options(pointer, noCompression | noRenegotiation | ownPreference)
    SSL_CTX_ctrl(pointer, SSL_CTRL_MODE, Int(SSL_MODE_RELEASE_BUFFERS), nil)
    // Tickets resume a session without the server remembering it.
    SSL_CTX_ctrl(pointer, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
    SSL_CTX_set_alpn_select_cb(
      pointer,
      { _, chosen, length, offered, count, _ in
        let isFound = TLSContext.protocols.withUnsafeBufferPointer { ours in
          var choice: UnsafeMutablePointer<UInt8>?
          let found = SSL_select_next_proto(
            &choice, length, ours.baseAddress, UInt32(ours.count), offered, count)
          // On success the choice points into what the client offered, which outlives this call.
          chosen?.pointee = found == OPENSSL_NPN_NEGOTIATED ? UnsafePointer(choice) : nil
          return found == OPENSSL_NPN_NEGOTIATED
        }
        return isFound ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL
      }, nil)
  }

  /// OpenSSL's own words behind ours.
  private static func reason(_ text: String) -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0, let words = ERR_reason_error_string(code) else { return text }
    return "\(text) (\(String(cString: words)))"
  }
}
