internal import Crypto

/// A service of Amazon that takes JSON under a target's name, and the key that opens it.
public struct AWSPlace: Sendable {
  /// Such as `athena`: part of what is signed.
  public var service: String
  /// Such as `AmazonAthena`: begins the target.
  public var target: String
  /// 1.0 or 1.1, as the service wants it.
  public var version: String
  public var endpoint: URLText
  public var region: String
  public var egress = Egress.publicOnly
  let key: SignatureV4.Key

  /// Without `endpoint` that of Amazon in the region.
  public init(
    _ service: String, target: String, version: String = "1.1", endpoint: String?, region: String,
    keyID: String, secret: String, token: String?
  ) throws(NetError) {
    (self.service, self.target, self.version, self.region) = (service, target, version, region)
    guard S3Place.isRegion(region) else {
      throw .invalidURL("…", reason: "the region is none, such as sa-east-1")
    }
    let text = endpoint ?? "https://\(service).\(region).amazonaws.com"
    self.endpoint = try URLText(text)
    guard self.endpoint.path == "/", self.endpoint.query == nil else {
      throw .invalidURL(text, reason: "the address of a service of Amazon is scheme, host and port alone")
    }
    key = SignatureV4.Key(id: keyID, secret: secret, token: token)
  }

  /// With the port where it is not the scheme's own, as it is sent.
  var host: String {
    let standard = endpoint.scheme == "https" ? 443 : 80
    return endpoint.port == standard ? endpoint.host : "\(endpoint.host):\(endpoint.port)"
  }
}

/// Speaks the JSON protocol of Amazon's services, signed with Signature Version 4.
///
/// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
public struct AWSClient: Sendable {
  private let place: AWSPlace
  private let curl: CurlClient
  private let now: @Sendable () -> Int64
  private static let answerLimit = 16 << 20

  /// `now`: seconds since 1970.
  public init(_ place: AWSPlace, curl: CurlClient, now: @escaping @Sendable () -> Int64) {
    (self.place, self.curl, self.now) = (place, curl, now)
  }

  /// The answer, whatever its status.
  public func call(
    _ action: String, _ body: [UInt8], timeout: Duration = .seconds(60)
  ) async throws(NetError) -> IncomingResponse {
    let type = "application/x-amz-json-\(place.version)"
    let target = "\(place.target).\(action)"
    let signer = SignatureV4(
      key: place.key, region: place.region, service: place.service, seconds: now(), normalizesPath: true)
    let signed = SignatureV4.Request(
      method: "POST", path: "/",
      headers: [("host", place.host), ("content-type", type), ("x-amz-target", target)],
      payload: .sha256(SHA256.hex(body)))
    var request = OutgoingRequest(
      "POST", "\(place.endpoint.scheme)://\(place.host)/", body: body, egress: place.egress)
    request.headers.set("content-type", type)
    request.headers.set("x-amz-target", target)
    for header in signer.headers(for: signed) { request.headers.set(header.name, header.value) }
    (request.totalTimeout, request.maxResponseBytes, request.maxRedirects) = (timeout, Self.answerLimit, 0)
    return try await curl.perform(request)
  }
}
