import Engine
import Model
import Net

/// The REST API of one Airflow, for one attempt: of version 2 (`/api/v1`) or 3 (`/api/v2`).
///
/// https://airflow.apache.org/docs/apache-airflow/2.10.5/stable-rest-api-ref.html
/// https://airflow.apache.org/docs/apache-airflow/3.1.5/stable-rest-api-ref.html
struct AirflowAPI: Sendable {
  enum Version: String, Sendable {
    case two = "2"
    case three = "3"
    var root: String { self == .two ? "/api/v1" : "/api/v2" }
  }

  private(set) var service: ServiceCall
  private let credential: Credential?
  private var version: Version?
  /// A token that Airflow 3 gave for a name and a password.
  private var token: String?

  static let kind = "airflow"

  init(_ attempt: Attempt, _ client: CurlClient) throws(Failure) {
    let place = try ServicePlace(
      attempt.connection, kind: Self.kind, members: ["url", "version"],
      example: "{url: \"https://airflow.example.com\", version: 3}")
    service = ServiceCall("Airflow", attempt, client, base: try place.needed("url"))
    credential = attempt.credential
    guard let said = place.connection.address["version"] else { return }
    guard let known = Version(rawValue: said.string ?? said.text) else {
      throw place.invalid("a `version` that is neither 2 nor 3")
    }
    version = known
  }

  /// Of one request.
  mutating func hurry(_ timeout: Duration) { service.timeout = timeout }

  /// The answer, whatever its status. A token that ran out is replaced once.
  mutating func ask(
    _ method: String, _ path: String, query: [(name: String, value: String)] = [], json: JSON? = nil
  ) async throws(Failure) -> ServiceCall.Answer {
    let version = try await knownVersion()
    let hadToken = token != nil
    try await authorize(version)
    let answer = try await service.ask(method, version.root + path, query: query, json: json)
    guard answer.status == 401, hadToken else { return answer }
    token = nil
    try await authorize(version)
    return try await service.ask(method, version.root + path, query: query, json: json)
  }

  mutating func knownVersion() async throws(Failure) -> Version {
    if let version { return version }
    service.headers = []
    let answer = try await service.ask("GET", "/api/v2/version")
    let found: Version
    switch answer.status {
    case 200: found = .three
    case 404, 405: found = .two
    case _:
      try answer.check(saying: Self.words(answer))
      throw Failure(
        .configuration, code: "invalid-connection",
        "What answers at \(service.base) does not say which Airflow it is; say `version` in the connection.")
    }
    version = found
    return found
  }

  private mutating func authorize(_ version: Version) async throws(Failure) {
    guard version == .three, let credential, credential.type == "basic" else {
      service.headers = try WebCall.proof(of: credential).map { [$0] } ?? []
      return
    }
    if token == nil { token = try await signIn(credential) }
    service.headers = [("authorization", "Bearer \(token ?? "")")]
  }

  private mutating func signIn(_ credential: Credential) async throws(Failure) -> String {
    guard let user = credential["username"], let password = credential["password"] else {
      throw .incompleteCredential(credential.name, "username and password")
    }
    service.headers = []
    let answer = try await service.ask(
      "POST", "/auth/token",
      json: ["username": .string(user.reveal()), "password": .string(password.reveal())])
    try answer.check(saying: Self.words(answer))
    guard let token = answer.json["access_token"]?.string else {
      throw Failure(.data, code: "airflow-refused", "Airflow gave no token; is it an Airflow 3?")
    }
    return token
  }

  /// What Airflow says of a refusal: `detail` of a problem, or a list of what is wrong.
  static func words(_ answer: ServiceCall.Answer) -> String? {
    if let text = answer.json["detail"]?.string ?? answer.json["title"]?.string { return text }
    return answer.json["detail"].map { String($0.text.prefix(500)) }
  }
}
