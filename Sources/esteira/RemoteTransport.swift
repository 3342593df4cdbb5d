import API
import CLI
import Model
import Net

/// Requests to a server on the network. Certificates are always verified; without TLS it goes no farther
/// than this machine.
struct RemoteTransport: Transport {
  private let server: ServerAddress
  private let tokens: RemoteTokens
  private let client: CurlClient
  private let certificates: String?

  /// Of a whole answer's body; a stream is not counted.
  private static let bodyBytes = 64 << 20
  /// The longest silence; servers send comments more often.
  private static let silence = Duration.seconds(90)
  /// Of one stream.
  private static let longest = Duration.seconds(7 * 86_400)
  /// The calls that make a token need none, and an old one would only stand in their way.
  private static let open = [SignInCalls.login.shape.path, SignInCalls.mfa.shape.path]

  init(_ url: String, tokenFile: String?) throws(Problem) {
    server = try ServerAddress(url)
    let source: RemoteTokens.Source =
      if let tokenFile {
        .file(tokenFile)
      } else {
        .book(try SessionBook(environment: Places.environment, now: Program.now, pause: Program.pause))
      }
    tokens = RemoteTokens(server, source, now: Program.now)
    certificates = Places.environment("ESTEIRA_CA_FILE")
    do throws(NetError) { client = try CurlClient(version: Program.name) } catch {
      throw Self.unreachable(server, error)
    }
  }

  func send(_ request: APIRequest) async throws(Problem) -> APIResponse {
    if Self.open.contains(request.path) { return try await exchange(request, token: nil) }
    let token = try await tokens.token { (refresh) throws(Problem) in try await renewed(refresh) }
    let response = try await exchange(request, token: token)
    guard let token, Self.saysNotSignedIn(response) else { return response }
    // The two clocks may differ, or the server has a new key.
    let other = try await tokens.token(rejected: token) { (refresh) throws(Problem) in
      try await renewed(refresh)
    }
    guard let other else { return response }
    return try await exchange(request, token: other)
  }

  func close() async { await client.stop() }

  /// Only this one: a wrong password is no reason to try again.
  private static func saysNotSignedIn(_ response: APIResponse) -> Bool {
    guard response.status == 401, case .bytes(let bytes) = response.body else { return false }
    // An answer that is no problem of ours is shown as it is.
    return (try? ProblemDocument(JSON(parsing: bytes)))?.code == "not-signed-in"
  }

  /// Nil where the server refuses the refresh token; what else it answers is a problem of now.
  private func renewed(_ refresh: String) async throws(Problem) -> SignInResult? {
    let request = APIRequest(SignInCalls.refresh.shape, input: RefreshRequest(token: refresh).json)
    let response = try await exchange(request, token: nil)
    if response.status == 401 || response.status == 403 { return nil }
    guard response.status == 200, case .bytes(let bytes) = response.body,
      // What it says instead may hold a part of a token.
      let result = try? SignInResult(JSON(parsing: bytes))
    else { throw notRenewed(response.status) }
    return result
  }

  private func exchange(_ request: APIRequest, token: String?) async throws(Problem) -> APIResponse {
    do throws(NetError) {
      let stream = try await client.open(outgoing(request, token))
      let type = stream.headers["content-type"] ?? "application/json"
      return APIResponse(status: stream.status, contentType: type, body: try await body(of: stream, type))
    } catch {
      throw Self.unreachable(server, error)
    }
  }

  private func outgoing(_ request: APIRequest, _ token: String?) -> OutgoingRequest {
    var headers = HTTPHeaders([("accept-language", request.language.rawValue)])
    if !request.requestID.isEmpty { headers.add("x-request-id", request.requestID) }
    if let last = request.lastEvent { headers.add("last-event-id", last) }
    if let state = request.ifMatch { headers.add("if-match", state) }
    if let token { headers.add("authorization", "Bearer \(token)") }
    if !request.body.isEmpty { headers.add("content-type", "application/json") }
    let query = PercentEncoding.query(request.query)
    let target = request.path + (query.isEmpty ? "" : "?" + query)
    var outgoing = OutgoingRequest(
      request.method.rawValue, server.text + target, headers: headers,
      body: request.body.isEmpty ? nil : request.body, egress: egress)
    // A token goes to the server that it is for, and nowhere else.
    outgoing.maxRedirects = 0
    outgoing.isSentOnce = request.method != .get
    (outgoing.totalTimeout, outgoing.stall) = (Self.longest, Self.silence)
    outgoing.maxResponseBytes = Int.max / 2
    outgoing.certificates = certificates
    return outgoing
  }

  /// The user names the server, so that it may stand in any network; unencrypted only on this machine.
  private var egress: Egress {
    let blocks = server.isEncrypted ? ["0.0.0.0/0", "::/0"] : ["127.0.0.0/8", "::1/128"]
    return Egress(allow: blocks.compactMap { CIDR($0) })
  }

  private func body(of stream: IncomingStream, _ type: String) async throws(NetError) -> APIResponse.Body {
    if type.hasPrefix("text/event-stream") { return .events(events(of: stream)) }
    if !type.hasPrefix("application/json"), !type.hasPrefix("application/problem+json"), stream.status == 200
    {
      let size = stream.headers["content-length"].flatMap { Int64($0) } ?? 0
      return .chunks(size, AsyncThrowingStream { try await stream.next() })
    }
    var bytes: [UInt8] = []
    while let more = try await stream.next() {
      bytes += more
      guard bytes.count <= Self.bodyBytes else { throw .tooLarge(limit: Self.bodyBytes) }
    }
    return .bytes(bytes)
  }

  private func events(of stream: IncomingStream) -> AsyncThrowingStream<APIEvent, any Error> {
    AsyncThrowingStream { continuation in
      let relay = Task { [server] in
        do throws(NetError) {
          var parser = EventStreamParser()
          while let bytes = try await stream.next() {
            for event in try parser.feed(bytes) {
              continuation.yield(APIEvent(id: event.id ?? "", data: event.data))
            }
          }
          continuation.finish()
        } catch {
          continuation.finish(throwing: Self.unreachable(server, error))
        }
      }
      continuation.onTermination = { _ in relay.cancel() }
    }
  }

  private func notRenewed(_ status: Int) -> Problem {
    Problem(
      "server-unreachable",
      Bilingual(
        "\(server.text) did not renew the session: it answered \(status).",
        pt: "\(server.text) não renovou a sessão: respondeu \(status)."),
      remedy: Bilingual(
        "Try again; else sign in again: `esteira login`.",
        pt: "Tente de novo; senão entre de novo: `esteira login`."))
  }

  private static func unreachable(_ server: ServerAddress, _ error: NetError) -> Problem {
    Problem(
      "server-unreachable",
      Bilingual(
        "The server at \(server.text) does not answer: \(error)",
        pt: "O servidor em \(server.text) não responde: \(error)"),
      remedy: Bilingual(
        "Check the address (https:// where it has a certificate) and the network. ESTEIRA_CA_FILE names the "
          + "certificates of a private authority.",
        pt: "Confira o endereço (https:// onde há um certificado) e a rede. ESTEIRA_CA_FILE indica os "
          + "certificados de uma autoridade própria."))
  }
}
