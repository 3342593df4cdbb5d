/// What follows from a redirect: pure, so that the whole matrix can be tested.
enum Redirect {
  static func isRedirect(_ status: Int) -> Bool { [301, 302, 303, 307, 308].contains(status) }

  /// The next hop. 303 asks with GET, and so do 301 and 302 after a POST; 307 and 308 send the same again.
  /// What proves who we are stays behind when the origin changes.
  static func next(_ hop: Hop, _ status: Int, to location: String) throws(NetError) -> Hop {
    var next = hop
    next.url = try target(hop.url, location)
    if hop.url.scheme == "https", next.url.scheme == "http" {
      throw .refusedRedirect(to: next.url.text, reason: "it leads from https to http")
    }
    let asksWithGet = status == 303 ? hop.method != "HEAD" : status < 303 && hop.method == "POST"
    if asksWithGet {
      next.method = "GET"
      (next.body, next.file) = (nil, nil)
      for name in ["content-type", "content-encoding", "content-language"] { next.headers.remove(name) }
    }
    if next.url.origin != hop.url.origin { next.dropCredentials() }
    return next
  }

  private static func target(_ url: URLText, _ location: String) throws(NetError) -> URLText {
    do {
      return try url.resolving(location)
    } catch .invalidURL(let text, let reason) {
      throw .refusedRedirect(to: text, reason: reason)
    }
  }
}

/// One request of the chain.
struct Hop: Sendable {
  var method: String
  var url: URLText
  var headers: HTTPHeaders
  var body: [UInt8]?
  var file: OutgoingFile?

  /// Headers that say nothing about who asks. An API key may have any name, so only these cross origins.
  private static let harmless = [
    "accept", "accept-language", "content-type", "content-encoding", "content-language", "user-agent",
    "range",
    "if-none-match", "if-modified-since",
  ]

  init(_ request: OutgoingRequest) throws(NetError) {
    guard HTTPText.isToken(request.method) else { throw .invalidRequest("the method is not a word") }
    for field in request.headers.fields {
      guard HTTPText.isToken(field.name) else { throw .invalidRequest("a header name is not a word") }
      guard HTTPText.isFieldValue(field.value) else {
        throw .invalidRequest("the header \(field.name) has a control character")
      }
      guard !["content-length", "transfer-encoding", "host", "connection"].contains(field.name) else {
        throw .invalidRequest("the header \(field.name) is set by the client itself")
      }
    }
    method = request.method
    url = try URLText(request.url)
    headers = request.headers
    (body, file) = (request.body, request.file)
  }

  mutating func dropCredentials() {
    let fields = headers.fields.filter { Self.harmless.contains($0.name) }
    headers = HTTPHeaders(fields.map { ($0.name, $0.value) })
  }
}
