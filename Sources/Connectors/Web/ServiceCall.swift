import Engine
import Model
import Net

/// Requests of one attempt to a service whose answers are JSON.
struct ServiceCall: Sendable {
  /// What people call it, such as `Airflow`.
  let name: String
  let attempt: Attempt
  let client: CurlClient
  /// Ends without a slash.
  let base: String
  /// Of every request.
  var headers: [(name: String, value: String)] = []
  /// Of one request, from its first byte to the answer's last.
  var timeout = Duration.seconds(60)
  var answerLimit = 8 << 20

  struct Answer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]
    /// Null where the body is none.
    var json: JSON
    fileprivate var call: WebCall
    fileprivate var response: IncomingResponse

    /// Throws what a status means that is no success, in the service's own words.
    func check(saying: String? = nil) throws(Failure) { try call.check(response, saying: saying) }
  }

  init(_ name: String, _ attempt: Attempt, _ client: CurlClient, base: String) {
    (self.name, self.attempt, self.client) = (name, attempt, client)
    self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
  }

  /// The answer, whatever its status.
  func ask(
    _ method: String, _ path: String, query: [(name: String, value: String)] = [], json: JSON? = nil
  ) async throws(Failure) -> Answer {
    try await ask(method, path, query: query, body: json?.serialized(), type: "application/json")
  }

  func ask(
    _ method: String, _ path: String, query: [(name: String, value: String)] = [], body: [UInt8]?,
    type: String
  ) async throws(Failure) -> Answer {
    let call = try call(method, path, query: query, body: body, type: type)
    let response = try await call.perform(client)
    return Answer(
      status: response.status, headers: response.headers, body: response.body,
      json: (try? JSON(parsing: response.body)) ?? .null, call: call, response: response)
  }

  /// A request that whoever asks performs itself.
  func call(
    _ method: String, _ path: String, query: [(name: String, value: String)] = [], body: [UInt8]?,
    type: String
  ) throws(Failure) -> WebCall {
    let tail = query.isEmpty ? "" : "?" + PercentEncoding.query(query)
    var call = try WebCall(
      attempt, method: method, url: base + path + tail, shown: "\(path) of \(name)")
    for header in headers { call.request.headers.set(header.name, header.value) }
    if let body {
      call.request.body = body
      call.request.headers.set("content-type", type)
    }
    call.request.headers.set("accept", "application/json")
    (call.request.totalTimeout, call.request.maxResponseBytes) = (timeout, answerLimit)
    // A redirect could lead the credential to somebody else.
    call.request.maxRedirects = 0
    return call
  }

  /// One part of a path, whatever it holds.
  static func part(_ text: String) -> String { PercentEncoding.encode(text) }
}

/// The connection of a step that has to be of a kind of its own, with an address of known members.
struct ServicePlace: Sendable {
  let connection: Connection
  private let example: String

  /// `example`: an address of that kind, for messages.
  init(_ connection: Connection?, kind: String, members: [String], example: String) throws(Failure) {
    guard let connection, connection.kind == kind else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The step needs a connection of kind `\(kind)`"
          + (connection.map { "; `\($0.name)` is of kind `\($0.kind)`." } ?? "."))
    }
    (self.connection, self.example) = (connection, example)
    guard let address = connection.address.object else { throw invalid("no address") }
    if let unknown = address.keys.first(where: { !members.contains($0) }) {
      throw invalid("`\(unknown.prefix(80))`, which its kind does not know")
    }
  }

  func invalid(_ what: String) -> Failure {
    Failure(
      .configuration, code: "invalid-connection",
      "The connection `\(connection.name)` has \(what); write an address such as \(example).")
  }

  /// Nil where it is not said.
  func text(_ name: String) throws(Failure) -> String? {
    guard let value = connection.address[name] else { return nil }
    guard let text = value.string, !text.isEmpty else { throw invalid("a `\(name)` that is no text") }
    return text
  }

  func needed(_ name: String) throws(Failure) -> String {
    guard let text = try text(name) else { throw invalid("no `\(name)`") }
    return text
  }
}
