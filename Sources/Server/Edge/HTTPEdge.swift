import API
import Model
public import Net

/// The HTTP/1.1 side of a router: reads requests, writes answers, and lets in only one user.
public struct HTTPEdge: Sendable {
  private let router: Router
  private let owner: UInt32
  private let actor: String
  private let newRequestID: @Sendable () -> String
  /// Shorter than the silence that clients bear.
  private static let heartbeat = Duration.seconds(20)

  /// `owner`: the uid that the data folder belongs to; `actor`: its name in histories.
  public init(
    _ router: Router, owner: UInt32, actor: String, newRequestID: @escaping @Sendable () -> String
  ) {
    (self.router, self.owner, self.actor) = (router, owner, actor)
    self.newRequestID = newRequestID
  }

  public static var limits: HTTPLimits {
    var limits = HTTPLimits()
    limits.bodyBytes = Router.bodyLimit
    return limits
  }

  public func answer(_ request: HTTPRequest) async -> HTTPResponse {
    let id = Self.requestID(request.headers["x-request-id"]) ?? newRequestID()
    let language = Self.language(request.headers["accept-language"])
    guard isAllowed(request.peer) else {
      return Self.refusal(403, "not-allowed", Self.notAllowed[language], id)
    }
    guard let method = Shape.Method(rawValue: request.method) else {
      return Self.refusal(405, "wrong-method", Self.wrongMethod[language], id)
    }
    guard let query = request.queryItems else {
      return Self.refusal(400, "invalid-request", Self.wrongQuery[language], id)
    }
    let response = await router.handle(
      APIRequest(
        method, request.path, query: query, body: request.body, requestID: id, language: language,
        lastEvent: request.headers["last-event-id"]),
      actor: actor)
    return Self.http(response, id)
  }

  private func isAllowed(_ peer: HTTPPeer) -> Bool {
    switch peer {
    case .local(let uid, _): uid == owner
    case .remote: false
    }
  }

  private static func http(_ response: APIResponse, _ id: String) -> HTTPResponse {
    var lines = [
      ("content-type", response.contentType), ("x-request-id", id), ("cache-control", "no-store"),
    ]
    // A queue that is full now has room again once some job has ended: soon, as far as anyone can tell.
    if response.status == 429 { lines.append(("retry-after", "5")) }
    let headers = HTTPHeaders(lines)
    switch response.body {
    case .bytes(let bytes):
      return HTTPResponse(status: response.status, headers: headers, body: .bytes(bytes))
    case .chunks(let size, let chunks):
      let stream = HTTPStream(.finite, length: Int(size)) { writer in
        for try await chunk in chunks { try await writer.write(chunk) }
      }
      return HTTPResponse(status: response.status, headers: headers, body: .stream(stream))
    case .events(let events):
      let stream = HTTPStream(.live) { writer in try await send(events, to: writer) }
      return HTTPResponse(status: response.status, headers: headers, body: .stream(stream))
    }
  }

  /// Events as they come, and a comment now and then, so that a quiet stream is told from a dead one.
  private static func send(
    _ events: AsyncThrowingStream<APIEvent, any Error>, to writer: HTTPBodyWriter
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for try await event in events {
          let data = event.data.split(separator: "\n", omittingEmptySubsequences: false)
          let lines = data.map { "data: \($0)\n" }.joined()
          try await writer.write("id: \(event.id)\n\(lines)\n")
        }
      }
      group.addTask {
        while true {
          try await Task.sleep(for: heartbeat)
          try await writer.write(": still here\n\n")
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private static func refusal(_ status: Int, _ code: String, _ detail: String, _ id: String) -> HTTPResponse {
    let document = ProblemDocument(status: status, code: code, detail: detail, requestID: id)
    return HTTPResponse(
      status: status,
      headers: HTTPHeaders([("content-type", ProblemDocument.contentType), ("x-request-id", id)]),
      body: .bytes(document.json.serialized()))
  }

  /// A caller's own id is taken when it is short and plain.
  private static func requestID(_ text: String?) -> String? {
    guard let text, (1...64).contains(text.utf8.count),
      text.utf8.allSatisfy({ (33...126).contains($0) && $0 != UInt8(ascii: "\"") })
    else { return nil }
    return text
  }

  private static func language(_ header: String?) -> Language {
    (header ?? "").lowercased().hasPrefix("pt") ? .portuguese : .english
  }

  private static let notAllowed = Bilingual(
    "Only the owner of the data folder may use this socket.",
    pt: "Só o dono da pasta de dados pode usar este socket.")
  private static let wrongMethod = Bilingual(
    "Only GET, POST, PUT and DELETE are taken.", pt: "Só GET, POST, PUT e DELETE são aceitos.")
  private static let wrongQuery = Bilingual(
    "The query has a wrong escape.", pt: "A consulta tem um escape errado.")
}
