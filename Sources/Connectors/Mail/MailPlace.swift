import Engine
import Model
import Net

/// The mail server behind a connection of kind `smtp`, and whom its messages are from.
struct MailPlace: Sendable {
  static let kind = "smtp"
  private static let members = ["host", "port", "security", "from"]

  let server: MailServer
  /// Of the connection, for messages that name no sender.
  let from: MailAddress?

  init(_ connection: Connection?, _ credential: Credential?) throws(Failure) {
    guard let connection, connection.kind == Self.kind else {
      throw Self.invalid("The step needs a connection of kind `smtp`.")
    }
    let address = connection.address
    let security =
      address["security"].map { $0.string.flatMap(MailServer.Security.init(rawValue:)) } ?? .starttls
    let port = address["port"].map { $0.int.map(Int.init) } ?? .some(nil)
    guard let security, let port, let host = address["host"]?.string ?? credential?["host"]?.reveal(),
      var server = MailServer(
        host: host, port: port ?? credential?["port"].flatMap { Int($0.reveal()) }, security: security),
      (address.object?.keys ?? []).allSatisfy({ Self.members.contains($0) })
    else {
      throw Self.invalid(
        "The connection `\(connection.name)` needs an address such as {host: mail.example.com, port: 587, "
          + "security: starttls | tls | none, from: \"Esteira <esteira@example.com>\"}.")
    }
    server.egress = try Egress(of: connection)
    server.login = try Self.login(credential, security, connection.name)
    self.server = server
    guard let text = address["from"] else {
      from = nil
      return
    }
    guard let sender = text.string.flatMap(MailAddress.init) else {
      throw Self.invalid("The `from` of the connection `\(connection.name)` is no address of mail.")
    }
    from = sender
  }

  private static func login(
    _ credential: Credential?, _ security: MailServer.Security, _ connection: String
  ) throws(Failure) -> (user: String, password: String)? {
    guard let credential else { return nil }
    guard ["smtp", "basic"].contains(credential.type) else {
      throw Failure(
        .credential, code: "unusable-credential",
        "The credential `\(credential.name)` has the type `\(credential.type)`; mail takes smtp or basic.")
    }
    guard security != .none else {
      throw invalid(
        "The connection `\(connection)` says `security: none`, and a password goes over no open connection; "
          + "use starttls or tls, or leave the credential out.")
    }
    guard let user = credential["username"]?.reveal(), let password = credential["password"]?.reveal() else {
      throw .incompleteCredential(credential.name, "password")
    }
    return (user, password)
  }

  private static func invalid(_ message: String) -> Failure {
    Failure(.configuration, code: "invalid-connection", message)
  }
}

extension Failure {
  /// `isRepeatable`: the message may be sent a second time where nobody knows about the first.
  init(_ fault: MailFault, isRepeatable: Bool) {
    let text = "\(fault)"
    switch fault {
    case .unknown where isRepeatable: self.init(.transient, code: "interrupted", text)
    case .unknown: self.init(.lost, code: "effect-unknown", "\(text) Whether it took effect is unknown.")
    case .login: self.init(.credential, code: "mail-login", text)
    case .insecure: self.init(.configuration, code: "tls", text)
    case .refused(let reply, _) where reply < 500: self.init(.transient, code: "mail-deferred", text)
    case .refused: self.init(.data, code: "mail-refused", text)
    case .network(let error):
      switch error {
      case .cancelled:
        self.init(.cancelled, code: "confirmed", "The message was not sent: the step was cancelled.")
      case .invalidRequest, .invalidURL: self.init(.data, code: "invalid-mail", text)
      case .tooLarge:
        self.init(.data, code: "invalid-mail", "The message has more than 32 MiB as it is sent; attach less.")
      case .refusedAddress: self.init(.configuration, code: "egress-refused", text)
      case .tls: self.init(.configuration, code: "tls", text)
      case .resolve, .connect: self.init(.transient, code: "unreachable", text)
      case .timeout: self.init(.timeout, code: "http-timeout", text)
      case .tooManyRedirects, .refusedRedirect, .interrupted, .protocolError, .sink, .listen, .resources,
        .stopped:
        self.init(.transient, code: "interrupted", text)
      }
    }
  }
}
