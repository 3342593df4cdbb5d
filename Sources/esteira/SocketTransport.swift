import API
import CLI
import Model
import Net

/// Requests over the socket of a running server.
struct SocketTransport: Transport {
  private let client: UnixHTTPClient
  private let path: String

  init(path: String) {
    self.path = path
    client = UnixHTTPClient(path: path)
  }

  /// Whether a server answers there.
  func answers() async -> Bool {
    // Nothing there, or nobody behind it: both mean that no server runs.
    (try? await client.send("GET", SystemCalls.health.shape.path))?.status == 200
  }

  func send(_ request: APIRequest) async throws(Problem) -> APIResponse {
    do {
      return try await exchange(request)
    } catch {
      throw unreachable(error)
    }
  }

  func close() async {}

  private func exchange(_ request: APIRequest) async throws(NetError) -> APIResponse {
    var headers = HTTPHeaders([("accept-language", request.language.rawValue)])
    if !request.requestID.isEmpty { headers.add("x-request-id", request.requestID) }
    if let last = request.lastEvent { headers.add("last-event-id", last) }
    if let state = request.ifMatch { headers.add("if-match", state) }
    if !request.body.isEmpty { headers.add("content-type", "application/json") }
    let query = PercentEncoding.query(request.query)
    let target = request.path + (query.isEmpty ? "" : "?" + query)
    let stream = try await client.stream(
      request.method.rawValue, target, headers: headers, body: request.body.isEmpty ? nil : request.body)
    let type = stream.headers["content-type"] ?? "application/json"
    return APIResponse(status: stream.status, contentType: type, body: try await body(of: stream, type))
  }

  private func body(of stream: UnixHTTPStream, _ type: String) async throws(NetError) -> APIResponse.Body {
    if type.hasPrefix("text/event-stream") { return .events(events(of: stream)) }
    if !type.hasPrefix("application/json"), !type.hasPrefix("application/problem+json"), stream.status == 200
    {
      let size = stream.headers["content-length"].flatMap { Int64($0) } ?? 0
      return .chunks(size, AsyncThrowingStream { try await stream.next() })
    }
    var bytes: [UInt8] = []
    while let more = try await stream.next() {
      bytes += more
      guard bytes.count <= client.limits.bodyBytes else { throw .tooLarge(limit: client.limits.bodyBytes) }
    }
    return .bytes(bytes)
  }

  private func events(of stream: UnixHTTPStream) -> AsyncThrowingStream<APIEvent, any Error> {
    AsyncThrowingStream { continuation in
      let relay = Task {
        do {
          try await stream.events { continuation.yield(APIEvent(id: $0.id ?? "", data: $0.data)) }
          continuation.finish()
        } catch let error as NetError {
          continuation.finish(throwing: unreachable(error))
        } catch {
          continuation.finish(throwing: error)
        }
      }
      continuation.onTermination = { _ in relay.cancel() }
    }
  }

  private func unreachable(_ error: NetError) -> Problem {
    Problem(
      "server-unreachable",
      Bilingual(
        "The server at \(path) does not answer: \(error)",
        pt: "O servidor em \(path) não responde: \(error)"),
      remedy: Bilingual(
        "Start it: `esteira server --background`.", pt: "Inicie-o: `esteira server --background`."))
  }
}
