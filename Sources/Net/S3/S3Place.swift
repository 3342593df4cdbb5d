/// An S3 store: where it is, how it is spoken to, and the key that opens it.
public struct S3Place: Sendable {
  /// What the services that people use differ in.
  public enum Service: String, Sendable, CaseIterable {
    case aws, r2, minio, swift, other

    var standardRegion: String? {
      switch self {
      case .aws: nil
      case .r2: "auto"
      case .minio, .swift, .other: "us-east-1"
      }
    }

    /// Amazon alone wants the bucket in the host's name; the others take it there or not, but names of hosts
    /// have to lead to them.
    var usesHostStyle: Bool { self == .aws }

    /// Whether a put may ask that nothing be there yet.
    var hasConditionalPut: Bool {
      switch self {
      case .aws, .r2, .minio: true
      case .swift, .other: false
      }
    }
  }

  public var service: Service
  /// Scheme, host and port.
  public var endpoint: URLText
  public var region: String
  /// `https://bucket.host/key` instead of `https://host/bucket/key`.
  public var usesHostStyle: Bool
  public var hasConditionalPut: Bool
  /// Larger bodies are sent in parts of this many bytes.
  public var partSize = Self.standardPart
  public var egress = Egress.publicOnly
  /// A file with the certificates to trust instead of the system's.
  public var certificates: String?
  let key: SignatureV4.Key

  public static let standardPart: Int64 = 16 << 20
  /// What S3 demands of every part but the last, and of the number of parts.
  public static let smallestPart: Int64 = 5 << 20
  public static let largestPart: Int64 = 1 << 30
  static let mostParts: Int64 = 10_000

  /// Without `endpoint` and `region` those of the service, where it has them.
  public init(
    _ service: Service, endpoint: String?, region: String?, keyID: String, secret: String, token: String?
  ) throws(NetError) {
    self.service = service
    guard let region = region ?? service.standardRegion, Self.isRegion(region) else {
      throw .invalidURL("…", reason: "an S3 store of Amazon needs its region, such as sa-east-1")
    }
    self.region = region
    guard let text = endpoint ?? (service == .aws ? "https://s3.\(region).amazonaws.com" : nil) else {
      throw .invalidURL("…", reason: "the address of the S3 store is missing")
    }
    self.endpoint = try URLText(text)
    guard self.endpoint.path == "/", self.endpoint.query == nil else {
      throw .invalidURL(text, reason: "the address of an S3 store is scheme, host and port alone")
    }
    (usesHostStyle, hasConditionalPut) = (service.usesHostStyle, service.hasConditionalPut)
    key = SignatureV4.Key(id: keyID, secret: secret, token: token)
  }

  static func isRegion(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
  }

  /// With the port where it is not the scheme's own, as it is sent.
  var host: String {
    let standard = endpoint.scheme == "https" ? 443 : 80
    return endpoint.port == standard ? endpoint.host : "\(endpoint.host):\(endpoint.port)"
  }

  /// Host and path of a bucket, or of what is in it.
  func address(_ bucket: String?, _ key: String?) -> (host: String, path: String) {
    guard let bucket else { return (host, "/") }
    if usesHostStyle { return ("\(bucket).\(host)", "/\(key ?? "")") }
    return (host, "/\(bucket)" + (key.map { "/\($0)" } ?? ""))
  }

  /// Parts are as large as it takes to send that many bytes.
  func part(for size: Int64) -> Int64 {
    let least = (size + Self.mostParts - 1) / Self.mostParts
    if least <= partSize { return partSize }
    let mebibyte: Int64 = 1 << 20
    return (least + mebibyte - 1) / mebibyte * mebibyte
  }
}

/// One object's name.
public struct S3Name: Sendable, Hashable {
  public let bucket: String
  public let key: String

  public static let longestKey = 1_024

  /// Nil where S3 has no such bucket or key, or where the key's way would mean another one in a URL.
  public init?(bucket: String, key: String) {
    guard Self.isBucket(bucket), Self.isKey(key) else { return nil }
    (self.bucket, self.key) = (bucket, key)
  }

  public static func isBucket(_ text: String) -> Bool {
    let isInner: (UInt8) -> Bool = { $0 == 45 || $0 == 46 || $0 == 95 }
    return (3...63).contains(text.utf8.count) && !text.contains("..")
      && text.utf8.allSatisfy { isInner($0) || isAlphanumeric($0) }
      && text.utf8.first.map(isInner) == false && text.utf8.last.map(isInner) == false
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }

  private static func isKey(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return (1...longestKey).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 32 && $0 != 127 }
      && !parts.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
  }
}
