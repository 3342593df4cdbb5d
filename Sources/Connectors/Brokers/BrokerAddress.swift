import Engine
import Model
import Net

extension BrokerPlace {
  /// Where the connection leads, and who asks there. Its address is `{url, ca_file}`.
  init(_ connection: Connection?, _ credential: Credential?, kind: Kind) throws(Failure) {
    guard let connection, connection.kind == kind.rawValue else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The step needs a connection of kind `\(kind.rawValue)`"
          + (connection.map { "; `\($0.name)` is of kind `\($0.kind)`." } ?? "."))
    }
    let keys = connection.address.object?.keys ?? []
    guard let url = connection.address["url"]?.string, keys.allSatisfy({ ["url", "ca_file"].contains($0) })
    else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The connection `\(connection.name)` needs an address such as {url: \(kind.rawValue)://host:port/}.")
    }
    try self.init(
      url, kind: kind, authorities: connection.address["ca_file"]?.string, connection, credential)
  }

  /// One of several addresses of a connection, with its egress and the credential.
  init(
    _ url: String, kind: Kind, authorities: String?, _ connection: Connection, _ credential: Credential?
  ) throws(Failure) {
    do throws(NetError) { try self.init(url, kind: kind) } catch {
      throw Failure(.configuration, code: "invalid-connection", "`\(connection.name)`: \(error)")
    }
    if kind == .redis, let path, !path.isEmpty, path.utf8.contains(where: { !(48...57).contains($0) }) {
      throw Failure(
        .configuration, code: "invalid-connection",
        "`\(connection.name)`: the path of a redis:// address is the number of a database, not `\(path)`.")
    }
    self.authorities = authorities
    egress = try Egress(of: connection)
    guard let credential else { return }
    guard credential.type == "basic", let user = credential["username"], let secret = credential["password"]
    else {
      throw Failure(
        .credential, code: "unusable-credential",
        "The credential `\(credential.name)` has the type `\(credential.type)`; a broker takes basic.")
    }
    (username, password) = (user.reveal(), secret.reveal())
  }
}

extension Failure {
  /// What a broker's connection without an answer means. What may have happened and must not happen twice is
  /// `lost`.
  init(_ error: NetError, at place: BrokerPlace, isRepeatable: Bool) {
    let text = "\(place): \(error)"
    let mayRepeat = isRepeatable || error.isSurelyUnsent
    switch error {
    case .cancelled:
      self.init(.cancelled, code: mayRepeat ? "confirmed" : "unknown", "It was cancelled.")
    case .invalidURL, .invalidRequest, .refusedRedirect, .tooManyRedirects:
      self.init(.configuration, code: "invalid-connection", text)
    case .refusedAddress: self.init(.configuration, code: "egress-refused", text)
    case .tls: self.init(.configuration, code: "tls", text)
    case .tooLarge: self.init(.outputTooLarge, code: "answer-too-large", text)
    case .resolve, .connect, .timeout(.connect): self.init(.transient, code: "unreachable", text)
    case .listen, .resources: self.init(.transient, code: "interrupted", text)
    case .timeout where mayRepeat: self.init(.timeout, code: "broker-timeout", text)
    case .interrupted where mayRepeat, .protocolError where mayRepeat, .sink where mayRepeat,
      .stopped where mayRepeat:
      self.init(.transient, code: "interrupted", text)
    case .timeout, .interrupted, .protocolError, .sink, .stopped:
      self.init(.lost, code: "effect-unknown", "\(text) Whether it took effect is unknown.")
    }
  }

  init(_ error: RedisError, at place: BrokerPlace, isRepeatable: Bool = true) {
    switch error {
    case .net(let error): self.init(error, at: place, isRepeatable: isRepeatable)
    case .refused(let code, let message):
      let text = "\(place) refused: \(message)"
      switch code {
      case "NOAUTH", "WRONGPASS", "NOPERM":
        self.init(.credential, code: "redis-refused", text)
      case "LOADING", "BUSY", "TRYAGAIN", "MASTERDOWN", "READONLY", "OOM", "CLUSTERDOWN", "MISCONF":
        self.init(.transient, code: "redis-refused", text)
      case _: self.init(.data, code: "redis-refused", text)
      }
    }
  }
}

/// What every connector of a broker may meet.
enum BrokerNotes {
  private typealias Note = ConnectorDescription.FailureNote

  static func calling(_ kind: BrokerPlace.Kind) -> [ConnectorDescription.FailureNote] {
    [
      Note(
        .configuration, code: "invalid-connection",
        Bilingual(
          "the connection is not of the kind that is needed, or its address is not understood",
          pt: "a conexão não é do tipo necessário, ou seu endereço não foi entendido"),
        remedy: Bilingual(
          "Write `address: {url: \(kind.rawValue)://host:port/}`.",
          pt: "Escreva `address: {url: \(kind.rawValue)://host:porta/}`.")),
      Note(
        .credential, code: "unusable-credential",
        Bilingual("the credential is not of the type `basic`", pt: "a credencial não é do tipo `basic`"),
        remedy: Bilingual("Set the credential again.", pt: "Defina a credencial de novo.")),
      Note(
        .configuration, code: "egress-refused",
        Bilingual("the address is private and not allowed", pt: "o endereço é privado e não foi permitido"),
        remedy: Bilingual("Allow it in the connection's `egress`.", pt: "Permita-o em `egress` da conexão.")),
      Note(
        .configuration, code: "tls",
        Bilingual("the broker's certificate is not trusted", pt: "o certificado do broker não é confiável"),
        remedy: Bilingual(
          "Name its authority in `ca_file` of the address.",
          pt: "Indique a autoridade dele em `ca_file` do endereço.")),
      Note(
        .transient, code: "unreachable",
        Bilingual(
          "nobody answers there, or the name is unknown",
          pt: "ninguém responde ali, ou o nome é desconhecido"),
        remedy: Bilingual(
          "Check the address; `retry` waits for it.", pt: "Confira o endereço; `retry` espera por ele.")),
      Note(
        .transient, code: "interrupted",
        Bilingual("the connection broke", pt: "a conexão caiu"),
        remedy: Bilingual(
          "It is tried again where `retry` says so.", pt: "Tenta-se de novo conforme `retry`.")),
      Note(
        .timeout, code: "broker-timeout",
        Bilingual("the broker did not answer in time", pt: "o broker não respondeu a tempo"),
        remedy: Bilingual("Look at the broker's load.", pt: "Verifique a carga do broker.")),
      Note(
        .lost, code: "effect-unknown",
        Bilingual(
          "the connection broke before the answer, and the step may not be repeated",
          pt: "a conexão caiu antes da resposta, e o passo não pode ser repetido"),
        remedy: Bilingual(
          "Look there, then `esteira job step resolve`; or say `idempotent: true`.",
          pt: "Verifique lá e use `esteira job step resolve`; ou diga `idempotent: true`.")),
    ]
  }
}
