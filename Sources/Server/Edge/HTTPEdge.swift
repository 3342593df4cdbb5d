import API
public import Access
public import Model
public import Net
import Synchronization

/// The HTTP/1.1 side of a router: finds out who calls, reads requests and writes answers.
public struct HTTPEdge: Sendable {
  private let router: Router
  private let door: Doorkeeper
  private let limiter: RateLimiter
  private let socket: SocketDoor?
  private let document: JSON
  private let newRequestID: @Sendable () -> String
  /// Is told of each answer; nil: nobody listens.
  public var answered: (@Sendable (AnsweredRequest) -> Void)?
  /// Where measuring systems look unless they are told otherwise.
  private static let scraped = "/metrics"
  /// Shorter than the silence that clients bear.
  private static let heartbeat = Duration.seconds(20)

  /// `owner`: the uid that the data folder belongs to; `actor`: its name in histories. Without `access` only
  /// the owner is let in. `scrapers`: whoever asks from there reads measures without a token.
  public init(
    _ router: Router, owner: UInt32, actor: String, access: AccessService? = nil, hub: Hub? = nil,
    origins: OwnOrigins = OwnOrigins(), scrapers: [CIDR] = [], version: String,
    now: @escaping @Sendable () -> Timestamp,
    newRequestID: @escaping @Sendable () -> String
  ) {
    self.router = router
    door = Doorkeeper(
      owner: owner, actor: actor, access: access, origins: origins, scrapers: scrapers)
    limiter = RateLimiter(now: now)
    socket = hub.map { SocketDoor(hub: $0, origins: origins) }
    document = EdgePages.document(version)
    self.newRequestID = newRequestID
  }

  public static var limits: HTTPLimits {
    var limits = HTTPLimits()
    limits.bodyBytes = Router.bodyLimit
    limits.webSocket.messageIn = HubLimits.messageIn
    return limits
  }

  public func answer(_ request: HTTPRequest) async -> HTTPResponse {
    let asked = read(request)
    guard let answered else { return await answer(request, asked) { _ in } }
    let begin = ContinuousClock.now
    let caller = Mutex<String?>(nil)
    let response = await answer(request, asked) { principal in caller.withLock { $0 = principal.actor } }
    answered(
      AnsweredRequest(
        id: asked.requestID, method: request.method, path: request.path, status: response.status,
        took: ContinuousClock.now - begin, actor: caller.withLock(\.self), address: asked.origin.address))
    return response
  }

  private func answer(
    _ request: HTTPRequest, _ asked: APIRequest, known: (Principal) -> Void
  ) async -> HTTPResponse {
    var asked = asked
    if request.method == "GET", asked.path == "/docs" {
      return EdgePages.reference(document, asked.language, nonce: newRequestID() + newRequestID())
    }
    let method = Shape.Method(rawValue: request.method == "HEAD" ? "GET" : request.method)
    let found = method.map { router.find($0, asked.path) } ?? .nothing
    let principal: Principal
    do throws(Problem) {
      principal = try door.principal(of: request, to: asked.path, asked.cookies, isOpen: found.isOpen)
      known(principal)
      try door.mayGoOn(principal, asked.path)
      if let socket, request.method == "GET", asked.path == SocketDoor.path {
        return try socket.open(request, as: principal, asked.language)
      }
    } catch {
      return Self.refusal(error, asked)
    }
    var limit: Int?
    if principal.kind != .local {
      switch limiter.take(principal.credential ?? "address \(asked.origin.address)") {
      case .allowed(let remaining): limit = remaining
      case .refused(let seconds): return Self.tooFast(seconds, asked)
      }
    }
    guard let method else {
      return Self.http(router.refuse(method: request.method, asked), asked, remaining: limit)
    }
    guard let query = request.queryItems else { return Self.refusal(Self.wrongQuery, asked) }
    (asked.method, asked.query) = (method, query)
    let response = await router.handle(asked, to: found, as: principal)
    return Self.http(response, asked, remaining: limit)
  }

  /// All but the method and the query, which may be wrong.
  private func read(_ request: HTTPRequest) -> APIRequest {
    var asked = APIRequest(
      .get, request.path == Self.scraped ? MetricsCalls.exposition.shape.path : request.path,
      body: request.body,
      requestID: Self.requestID(request.headers["x-request-id"]) ?? newRequestID(),
      language: Self.language(request.headers["accept-language"]),
      lastEvent: request.headers["last-event-id"])
    asked.ifMatch = request.headers["if-match"]
    (asked.accept, asked.contentType) = (request.headers["accept"], request.headers["content-type"])
    asked.idempotencyKey = request.headers["idempotency-key"]
    asked.headers = request.headers.fields.map { (name: $0.name, value: $0.value) }
    asked.cookies = Cookies.read(request.headers.all("cookie"))
    asked.origin = RequestOrigin(
      address: request.peer.address.map { "\($0)" } ?? "unix", userAgent: request.headers["user-agent"] ?? "")
    return asked
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

  private static let wrongQuery = Problem(
    "invalid-request",
    Bilingual("The query has a wrong escape.", pt: "A consulta tem um escape errado."))
}

/// A request and what came of it, for a log. A stream is told when it begins.
public struct AnsweredRequest: Sendable {
  /// As it stands in the answer and in problems.
  public var id: String
  public var method: String
  /// Without the query.
  public var path: String
  public var status: Int
  public var took: Duration
  /// Nil where nobody was let in.
  public var actor: String?
  public var address: String
}

// Answers.
extension HTTPEdge {
  private static func http(_ response: APIResponse, _ asked: APIRequest, remaining: Int?) -> HTTPResponse {
    var headers = HTTPHeaders(common(response.contentType, asked))
    if let remaining {
      let limits = RateLimiter.Limits()
      headers.add("ratelimit-limit", String(Int(limits.burst)))
      headers.add("ratelimit-remaining", String(remaining))
      headers.add("ratelimit-reset", String(limits.secondsUntilFull(remaining)))
    }
    if let location = response.location { headers.add("location", location) }
    for header in response.headers { headers.add(header.name, header.value) }
    switch response.status {
    // A queue that is full now has room again once some job has ended: soon, as far as anyone can tell.
    case 429, 503: if headers["retry-after"] == nil { headers.add("retry-after", "5") }
    case 401: headers.add("www-authenticate", "Bearer")
    case _: break
    }
    var answer = HTTPResponse(status: response.status, headers: headers, body: body(of: response))
    answer.etag = response.entityTag.flatMap { HTTPEntityTag($0) }
    if case .chunks = response.body { answer.acceptsRanges = true }
    // What a sign-in answers holds a secret beside what the caller wrote.
    if asked.path.hasPrefix("/api/v1/auth/") { answer.isCompressible = false }
    return answer
  }

  private static func common(_ type: String, _ asked: APIRequest) -> [(String, String)] {
    (type.isEmpty ? [] : [("content-type", type)]) + [
      ("x-request-id", asked.requestID), ("cache-control", "no-store"),
      ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"),
      ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ]
  }

  private static func body(of response: APIResponse) -> HTTPResponse.Body {
    switch response.body {
    case .bytes(let bytes): return .bytes(bytes)
    case .chunks(let size, let chunks):
      return .stream(
        HTTPStream(.finite, length: Int(size)) { writer in
          for try await chunk in chunks { try await writer.write(chunk) }
        })
    case .events(let events):
      return .stream(HTTPStream(.live) { writer in try await send(events, to: writer) })
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

  private static func refusal(_ problem: Problem, _ asked: APIRequest) -> HTTPResponse {
    http(Router.refuse(problem, asked), asked, remaining: nil)
  }

  private static func tooFast(_ seconds: Int, _ asked: APIRequest) -> HTTPResponse {
    let problem = Problem(
      "rate-limited",
      Bilingual("Too many requests in a short time.", pt: "Pedidos demais em pouco tempo."),
      remedy: Bilingual("Come back in \(seconds) s.", pt: "Volte em \(seconds) s."))
    var response = Router.refuse(problem, asked)
    response.headers = [("retry-after", String(seconds))]
    return http(response, asked, remaining: 0)
  }
}
