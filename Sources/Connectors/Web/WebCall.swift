import Crypto
import Engine
import Model
import Net

/// One HTTP request of an attempt: where it goes, what proves who asks, and what its answer means.
struct WebCall: Sendable {
  var request: OutgoingRequest
  let attempt: Attempt
  /// Shown in messages: without the query, which may hold what nobody else should read.
  let shown: String

  /// `url`, or the connection's address with `path`; then `query`, `headers` and the credential.
  init(_ attempt: Attempt, method: String) throws(Failure) {
    self.attempt = attempt
    let url = try Self.url(attempt)
    shown = "\(method) \(url.prefix { $0 != "?" })"
    request = OutgoingRequest(
      method, url, headers: try Self.headers(attempt.with["headers"]),
      egress: try Egress(of: attempt.connection))
    request.totalTimeout = .seconds(3_600)
    request.isSentOnce = attempt.effect == .once
    if request.headers["traceparent"] == nil {
      request.headers.set("traceparent", attempt.traceParent.header)
    }
    try authorize()
  }

  /// To an address that may hold a secret, and is not shown; whoever makes it proves who asks.
  init(_ attempt: Attempt, method: String, url: String, shown: String) throws(Failure) {
    if let base = attempt.connection?.address["url"]?.string, Self.origin(of: base) != Self.origin(of: url) {
      throw Self.foreign(attempt.connection)
    }
    self.attempt = attempt
    self.shown = "\(method) \(shown)"
    request = OutgoingRequest(method, url, egress: try Egress(of: attempt.connection))
    request.totalTimeout = .seconds(3_600)
    request.isSentOnce = attempt.effect == .once
  }

  private static func foreign(_ connection: Connection?) -> Failure {
    Failure(
      .configuration, code: "foreign-url",
      "The URL leads elsewhere than the connection `\(connection?.name ?? "")`, so its credential is not "
        + "sent there; use `path`, or another connection.")
  }

  /// Sends it; returns the answer if its status is expected.
  func perform(
    _ client: CurlClient, into sink: BodySink? = nil, head: HeadSink? = nil
  ) async throws(Failure) -> IncomingResponse {
    let response: IncomingResponse
    do throws(NetError) {
      response = try await client.perform(request, into: sink, head: head)
    } catch { throw Failure(error, of: self) }
    return response
  }

  private static func url(_ attempt: Attempt) throws(Failure) -> String {
    let base = attempt.connection?.address["url"]?.string
    var url: String
    switch (attempt.with["url"]?.string, attempt.with["path"]?.string) {
    case (let given?, nil):
      if let base, origin(of: base) != origin(of: given) {
        throw foreign(attempt.connection)
      }
      url = given
    case (nil, let path):
      guard let base else {
        throw Failure(
          .configuration, code: "invalid-connection",
          "Nothing says where to ask: give `url`, or a connection whose address has a `url`.")
      }
      guard path == nil || path?.hasPrefix("/") == true else {
        throw Failure(.configuration, code: "invalid-with", "`path` begins with `/`.")
      }
      url = (base.hasSuffix("/") && path != nil ? String(base.dropLast()) : base) + (path ?? "")
    case (_?, _?):
      throw Failure(.configuration, code: "invalid-with", "Give either `url` or `path`, and not both.")
    }
    let query = try Self.query(attempt.with["query"])
    if !query.isEmpty { url += (url.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query }
    return url
  }

  /// Scheme, host and port, as they are written.
  private static func origin(of url: String) -> String {
    let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 3 else { return url }
    let authority = parts[2].prefix { $0 != "?" && $0 != "#" }
    return "\(parts[0])//\(authority)".lowercased()
  }

  private static func query(_ value: JSON?) throws(Failure) -> String {
    var items: [(name: String, value: String)] = []
    for member in value?.object ?? JSONObject() {
      for element in member.value.array ?? [member.value] where !element.isNull {
        items.append((member.key, ScriptInput.plain(element)))
      }
    }
    return PercentEncoding.query(items)
  }

  private static func headers(_ value: JSON?) throws(Failure) -> HTTPHeaders {
    var headers = HTTPHeaders()
    for member in value?.object ?? JSONObject() { headers.add(member.key, ScriptInput.plain(member.value)) }
    return headers
  }

  private mutating func authorize() throws(Failure) {
    guard let proof = try Self.proof(of: attempt.credential) else { return }
    request.headers.set(proof.name, proof.value)
  }

  /// The header that proves who asks. `bearer`, `basic` and `header` go into one; `hmac` signs webhooks and
  /// has none.
  static func proof(of credential: Credential?) throws(Failure) -> (name: String, value: String)? {
    guard let credential else { return nil }
    func value(_ name: String) throws(Failure) -> String {
      guard let secret = credential[name] else { throw .incompleteCredential(credential.name, name) }
      return secret.reveal()
    }
    switch credential.type {
    case "bearer": return ("authorization", "Bearer \(try value("token"))")
    case "basic":
      let pair = "\(try value("username")):\(try value("password"))"
      return ("authorization", "Basic \(Base64.encode(Array(pair.utf8)))")
    case "header": return (try value("name"), try value("value"))
    case "hmac": return nil
    default:
      throw Failure(
        .credential, code: "unusable-credential",
        "The credential `\(credential.name)` has the type `\(credential.type)`; an HTTP request takes "
          + "bearer, basic or header.")
    }
  }
}

extension Failure {
  static func incompleteCredential(_ name: String, _ value: String) -> Failure {
    Failure(
      .credential, code: "unusable-credential", "The credential `\(name)` has no `\(value)`; set it again.")
  }
}

extension Egress {
  /// What the connection allows; only public addresses without one.
  init(of connection: Connection?) throws(Failure) {
    var blocks: [CIDR] = []
    for text in connection?.allowedEgress ?? [] {
      guard let block = CIDR(text) else {
        throw Failure(
          .configuration, code: "invalid-connection",
          "The connection `\(connection?.name ?? "")` allows `\(text)`, which is no CIDR block.")
      }
      blocks.append(block)
    }
    self.init(allow: blocks)
  }
}
