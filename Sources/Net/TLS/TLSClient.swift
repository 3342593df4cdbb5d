import COpenSSL

/// How this program asks others over TLS: the certificate and the name are always checked.
final class TLSClient: Sendable {
  /// `SSL_CTX`, never changed after `init`; kept as a number, since a pointer is not `Sendable`.
  private let address: UInt
  var pointer: OpaquePointer? { OpaquePointer(bitPattern: address) }

  /// Trusts the authorities of the file, or those of the system.
  init(authorities: String?) throws(NetError) {
    ERR_clear_error()
    guard let pointer = SSL_CTX_new(TLS_client_method()) else { throw .resources("no memory for TLS") }
    let isLoaded =
      authorities.map { SSL_CTX_load_verify_locations(pointer, $0, nil) == 1 }
      ?? (SSL_CTX_set_default_verify_paths(pointer) == 1)
    ERR_clear_error()
    guard isLoaded else {
      SSL_CTX_free(pointer)
      throw .tls(host: authorities ?? "", reason: "the file holds no certificates in PEM form")
    }
    SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
    SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
    address = UInt(bitPattern: pointer)
  }

  deinit { SSL_CTX_free(pointer) }
}

extension TLSSession {
  /// The asking side of a connection to this host.
  convenience init?(_ client: TLSClient, host: String) {
    guard let context = client.pointer else { return nil }
    self.init(context: context)
    var isBound = false
    if IPAddress(host) != nil {
      isBound = withSession { X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param($0), host) == 1 }
    } else {
      isBound = withSession { session in
        // The macro of the server's name, which Swift does not take over.
        var name = Array(host.utf8CString)
        let isNamed = SSL_ctrl(session, Self.serverName, Self.hostName, &name) == 1
        return isNamed && SSL_set1_host(session, host) == 1
      }
    }
    guard isBound else { return nil }
    withSession { SSL_set_connect_state($0) }
  }

  private static let serverName: Int32 = 55
  private static let hostName = 0

  /// Why the other side is not trusted; nil where that is not what is wrong.
  var distrust: String? {
    withSession { session in
      let code = SSL_get_verify_result(session)
      guard code != Int(X509_V_OK), let words = X509_verify_cert_error_string(code) else { return nil }
      return String(cString: words)
    }
  }
}
