internal import Crypto

/// Speaks S3 to one store. Requests that fail for a moment are tried again; what is asked of the store can be
/// asked twice without harm.
public struct S3Client: Sendable {
  let place: S3Place
  private let curl: CurlClient
  private let now: @Sendable () -> Int64
  private let pause: @Sendable (Duration) async -> Void

  static let tries = 4
  private static let firstPause = Duration.milliseconds(200)
  /// What a store may ask for between two tries; a longer wait is the caller's.
  private static let longestPause = Duration.seconds(10)
  /// From the name to the answer's last byte, of one request.
  private static let timeout = Duration.seconds(3_600)

  /// `now`: seconds since 1970. `pause` returns early where the task is cancelled.
  public init(
    _ place: S3Place, curl: CurlClient, now: @escaping @Sendable () -> Int64,
    pause: @escaping @Sendable (Duration) async -> Void
  ) {
    (self.place, self.curl, self.now, self.pause) = (place, curl, now, pause)
  }

  /// One request, as it is meant.
  struct Call: Sendable {
    var method: String
    var bucket: String?
    var key: String?
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]?
    var file: OutgoingFile?
    /// Of the file, 64 hex digits.
    var fileHash = ""
    /// Of the answer's body.
    var limit = S3Answer.limit

    init(_ method: String, _ bucket: String? = nil, _ key: String? = nil) {
      (self.method, self.bucket, self.key) = (method, bucket, key)
    }

    init(_ method: String, _ name: S3Name) { self.init(method, name.bucket, name.key) }
  }

  struct Answer: Sendable {
    var headers: HTTPHeaders
    var body: [UInt8]
    var tries: Int
  }

  /// Sends it until it succeeds, is refused for good, or was tried often enough.
  func send(_ call: Call) async throws(S3Fault) -> Answer {
    try await trying { tries throws(S3Fault) in
      let stream = try await open(call)
      let body = try await Self.rest(of: stream)
      try check(stream, body)
      // Copying and completing say 200 first, and what became of it in the body.
      if S3Answer(body)?.root == "Error" {
        throw S3Fault(status: 500, headers: stream.headers, body: body, now: now())
      }
      return Answer(headers: stream.headers, body: body, tries: tries)
    }
  }

  /// Calls `work` with the number of the try.
  func trying<Output>(
    _ work: (Int) async throws(S3Fault) -> Output
  ) async throws(S3Fault) -> Output {
    var (number, wait) = (1, Self.firstPause)
    while true {
      do throws(S3Fault) { return try await work(number) } catch {
        let asked = max(wait, error.retryAfter ?? .zero)
        guard error.isPassing, number < Self.tries, asked <= Self.longestPause else { throw error }
        await pause(asked)
        (number, wait) = (number + 1, wait * 4)
      }
    }
  }

  /// Returns when the head of the answer is there, whatever its status.
  func open(_ call: Call) async throws(S3Fault) -> IncomingStream {
    do throws(NetError) { return try await curl.open(request(call)) } catch { throw .network(error) }
  }

  /// Throws where the answer is no success. `body`: of the error.
  func check(_ stream: IncomingStream, _ body: [UInt8]) throws(S3Fault) {
    if (200...299).contains(stream.status) { return }
    throw S3Fault(status: stream.status, headers: stream.headers, body: body, now: now())
  }

  static func rest(of stream: IncomingStream) async throws(S3Fault) -> [UInt8] {
    var body: [UInt8] = []
    do throws(NetError) {
      while let bytes = try await stream.next() { body += bytes }
    } catch { throw .network(error) }
    return body
  }

  private func request(_ call: Call) -> OutgoingRequest {
    let (host, path) = place.address(call.bucket, call.key)
    let payload =
      call.file == nil ? SignatureV4.Payload.sha256(SHA256.hex(call.body ?? [])) : .sha256(call.fileHash)
    var signed = SignatureV4.Request(
      method: call.method, path: path, query: call.query,
      headers: [("host", host), ("x-amz-content-sha256", payload.text)] + call.headers, payload: payload)
    signed.headers += signer.headers(for: signed)
    var request = OutgoingRequest(call.method, url(host, path, call.query), body: call.body)
    request.file = call.file
    for header in signed.headers where header.name != "host" {
      request.headers.add(header.name, header.value)
    }
    (request.egress, request.certificates) = (place.egress, place.certificates)
    (request.totalTimeout, request.maxResponseBytes) = (Self.timeout, call.limit)
    // A redirect would need another signature: it is another region's.
    request.maxRedirects = 0
    return request
  }

  private var signer: SignatureV4 { SignatureV4(key: place.key, region: place.region, seconds: now()) }

  private func url(_ host: String, _ path: String, _ query: [(name: String, value: String)]) -> String {
    let tail = query.isEmpty ? "" : "?" + PercentEncoding.query(query)
    return "\(place.endpoint.scheme)://\(host)\(SignatureV4.escaped(path))\(tail)"
  }

  /// What a URL may be given away for.
  public enum Presigned: String, Sendable, CaseIterable {
    case get = "GET"
    case put = "PUT"
  }

  public static let longestPresigned = 7 * 86_400

  /// A URL that reads or writes the object for whoever has it, for so many seconds. Asks nobody.
  public func presign(_ method: Presigned, _ name: S3Name, expires: Int) -> String {
    let (host, path) = place.address(name.bucket, name.key)
    let signed = SignatureV4.Request(
      method: method.rawValue, path: path, headers: [("host", host)], payload: .unsigned)
    return url(host, path, signer.query(for: signed, expires: expires))
  }
}
