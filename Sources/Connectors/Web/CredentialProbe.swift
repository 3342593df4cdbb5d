import Crypto
public import Engine
public import Model
public import Net

/// Tries a credential where its type can be tried: with a request through a connection's rules of egress.
public struct CredentialProbe: Sendable {
  /// What came of it. `passed` is nil where the answer says nothing about the credential.
  public struct Finding: Sendable, Hashable {
    public var passed: Bool?
    public var note: String

    public init(passed: Bool?, note: String) { (self.passed, self.note) = (passed, note) }
  }

  private let client: CurlClient
  private let now: @Sendable () -> Timestamp
  static let timeout = Duration.seconds(20)

  public init(_ client: CurlClient, now: @escaping @Sendable () -> Timestamp) {
    (self.client, self.now) = (client, now)
  }

  public func ask(_ credential: Credential, _ connection: Connection?, path: String?) async -> Finding {
    if let connection, let finding = await service(credential, connection) { return finding }
    return switch credential.type {
    case "bearer", "basic", "header": await request(credential, connection, path: path)
    case "oauth2_client": await token(credential, connection)
    case "s3": await store(credential, connection, bucket: path)
    case _:
      Finding(passed: nil, note: "A credential of the type \(credential.type) cannot be tried from here.")
    }
  }

  /// Nil where the connection is of no service that has a question of its own.
  private func service(_ credential: Credential, _ connection: Connection) async -> Finding? {
    do throws(Failure) {
      if connection.kind == PostgresAddress.kind {
        return try await ConnectionProbe.database(connection, credential, now)
      }
      if connection.kind == KafkaAddress.kind {
        return try await ConnectionProbe.cluster(connection, credential)
      }
      if connection.kind == ODBCAddress.kind {
        return try await ConnectionProbe.source(connection, credential, now)
      }
      let attempt = Self.attempt([:], connection, credential, now)
      return try await ServiceProbe.ask(attempt, client).map { Self.finding($0.shown, $0.status) }
    } catch {
      let text = Masking(credential)(error).message
      // What has nothing to do with the credential says nothing about it.
      let passed: Bool? = [.credential, .configuration].contains(error.errorClass) ? false : nil
      return Finding(passed: passed, note: text)
    }
  }

  private func request(_ credential: Credential, _ connection: Connection?, path: String?) async -> Finding {
    guard let connection, connection.kind == "http" else {
      return Finding(
        passed: nil, note: "Nothing was asked: name a connection of kind http that the credential is for.")
    }
    var with = JSONObject()
    if let path { with["path"] = .string(path) }
    let masking = Masking(credential)
    do throws(Failure) {
      var call = try WebCall(Self.attempt(.object(with), connection, credential), method: "GET")
      call.request.totalTimeout = Self.timeout
      // A redirect could lead the credential to somebody else, and its answer would be another's.
      call.request.maxRedirects = 0
      let response = try await call.perform(client, into: { _ in })
      return Self.finding(call.shown, response.status)
    } catch {
      return Finding(passed: false, note: masking(error).message)
    }
  }

  private func token(_ credential: Credential, _ connection: Connection?) async -> Finding {
    let masking = Masking(credential)
    func value(_ name: String) -> String { credential[name]?.reveal() ?? "" }
    do throws(Failure) {
      var items = [(name: "grant_type", value: "client_credentials")]
      if !value("scope").isEmpty { items.append((name: "scope", value: value("scope"))) }
      var request = OutgoingRequest(
        "POST", value("token_url"), body: Array(PercentEncoding.query(items).utf8),
        egress: try Egress(of: connection))
      let pair = [value("client_id"), value("client_secret")].map {
        PercentEncoding.query([("", $0)]).dropFirst()
      }
      request.headers.set("authorization", "Basic \(Base64.encode(Array(pair.joined(separator: ":").utf8)))")
      request.headers.set("content-type", "application/x-www-form-urlencoded")
      (request.totalTimeout, request.maxRedirects) = (Self.timeout, 0)
      let response: IncomingResponse
      do throws(NetError) { response = try await client.perform(request) { _ in } } catch {
        throw Failure(.transient, "\(error)")
      }
      return Self.finding("POST \(value("token_url").prefix { $0 != "?" })", response.status)
    } catch {
      return Finding(passed: false, note: masking(error).message)
    }
  }

  /// Asks for the buckets, or where a path names one for its first object: a key may be for one bucket alone.
  func store(_ credential: Credential?, _ connection: Connection?, bucket: String?) async -> Finding {
    guard let connection, connection.kind == S3Store.kind else {
      return Finding(
        passed: nil, note: "Nothing was asked: name a connection of kind s3 that the credential is for.")
    }
    let name = bucket.map { String($0.drop { $0 == "/" }) }
    let shown = "The store of `\(connection.name)`"
    if let name, !S3Name.isBucket(name) { return Finding(passed: nil, note: "`\(name)` is no bucket.") }
    do throws(Failure) {
      let place = try S3Store.place(connection, credential)
      let now = now
      // A person waits for it: what fails for a moment is asked for again at once.
      let client = S3Client(
        place, curl: self.client, now: { now().microseconds / 1_000_000 }, pause: { _ in })
      do throws(S3Fault) { try await client.ask(bucket: name) } catch {
        if case .refused(403, "AccessDenied", _, _) = error, name == nil {
          return Finding(
            passed: nil, note: "\(shown) lets this key list no buckets; name one, as in `--path /bucket`.")
        }
        throw Failure(error, of: connection.name)
      }
      return Finding(passed: true, note: "\(shown) answered 200.")
    } catch {
      return Finding(passed: false, note: Masking(credential)(error).message)
    }
  }

  static func finding(_ shown: String, _ status: Int) -> Finding {
    switch status {
    case 200..<300: Finding(passed: true, note: "\(shown) answered \(status).")
    case 401, 403: Finding(passed: false, note: "\(shown) answered \(status): it was refused.")
    case _:
      Finding(passed: nil, note: "\(shown) answered \(status), which says nothing about the credential.")
    }
  }

  /// There is no attempt: what a web call asks of one is the connection and the credential.
  static func attempt(
    _ with: JSON, _ connection: Connection, _ credential: Credential?,
    _ now: @escaping @Sendable () -> Timestamp = { Timestamp(microseconds: 0) }
  ) -> Attempt {
    let none = Failure(.internal, "A test has no artifacts.")
    let services = AttemptServices(
      log: { _, _ in }, storeArtifact: { (_, _, _) throws(Failure) in throw none },
      fetchArtifact: { (_, _) throws(Failure) in throw none }, workFolder: "", processFolder: "",
      objectsFolder: "", now: now)
    return Attempt(
      job: ID(high: 0, low: 0), jobKey: "", pipeline: PipelineName(namespace: connection.namespace, name: ""),
      path: "", number: 1, stepKey: "", effect: .pure, with: with, connection: connection,
      credential: credential, services: services)
  }
}
