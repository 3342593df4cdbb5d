import Crypto
import Engine
import Glibc
import Model
import Net

/// A store of S3 behind a connection of kind `s3`, for one attempt.
struct S3Store: Sendable {
  static let kind = "s3"
  static let members = ["service", "endpoint", "region", "path_style", "conditional_put", "part_size"]

  let client: S3Client
  let attempt: Attempt

  init(_ attempt: Attempt, _ curl: CurlClient) throws(Failure) {
    let place = try Self.place(attempt.connection, attempt.credential)
    let now = attempt.services.now
    client = S3Client(
      place, curl: curl, now: { now().microseconds / 1_000_000 }, pause: attempt.services.pause)
    self.attempt = attempt
  }

  /// Whether the connection of the step leads to a store; else objects lie in a folder.
  static func isNamed(by attempt: Attempt) -> Bool { attempt.connection?.kind == kind }

  static func place(_ connection: Connection?, _ credential: Credential?) throws(Failure) -> S3Place {
    guard let connection, connection.kind == kind else {
      throw .s3Connection("The step needs a connection of kind `s3`.")
    }
    let address = connection.address
    let unknown = (address.object?.keys ?? []).first { key in !members.contains(key) }
    let service = address["service"].map { $0.string.flatMap(S3Place.Service.init(rawValue:)) } ?? .other
    guard let service, unknown == nil, let part = Self.part(address["part_size"]),
      let pathStyle = flag(address["path_style"]), let conditional = flag(address["conditional_put"])
    else {
      throw .s3Connection(
        "The connection `\(connection.name)` needs an address such as {service: aws | r2 | minio | swift | "
          + "other, endpoint: \"https://…\", region: …, path_style: true, conditional_put: true, part_size: "
          + "16777216}.")
    }
    guard let credential else {
      throw Failure(
        .credential, code: "unusable-credential",
        "The connection `\(connection.name)` has no credential; name one of the type s3.")
    }
    func value(_ name: String) throws(Failure) -> String {
      guard credential.type == "s3", let secret = credential[name], !secret.reveal().isEmpty else {
        throw .incompleteCredential(credential.name, name)
      }
      return secret.reveal()
    }
    let (id, secret) = (try value("access_key_id"), try value("secret_access_key"))
    var place: S3Place
    do throws(NetError) {
      place = try S3Place(
        service, endpoint: address["endpoint"]?.string,
        region: address["region"]?.string ?? credential["region"]?.reveal(), keyID: id, secret: secret,
        token: credential["session_token"]?.reveal())
    } catch { throw .s3Connection("The connection `\(connection.name)` cannot be used: \(error)") }
    place.egress = try Egress(of: connection)
    place.partSize = part
    if let pathStyle { place.usesHostStyle = !pathStyle }
    if let conditional { place.hasConditionalPut = conditional }
    return place
  }

  /// Nil: not said. Nothing at all where it is no truth value.
  private static func flag(_ value: JSON?) -> Bool?? {
    guard let value else { return .some(nil) }
    return value.bool.map { .some($0) }
  }

  private static func part(_ value: JSON?) -> Int64? {
    guard let value else { return S3Place.standardPart }
    guard let size = value.int, (S3Place.smallestPart...S3Place.largestPart).contains(size) else {
      return nil
    }
    return size
  }

  /// The object that `with` names.
  func name(_ bucket: String = "bucket", _ key: String = "key") throws(Failure) -> S3Name {
    let (bucket, key) = (attempt.with[bucket]?.string ?? "", attempt.with[key]?.string ?? "")
    guard let name = S3Name(bucket: bucket, key: key) else { throw .s3Name(bucket, key) }
    return name
  }

  func run<Output>(
    _ work: () async throws(S3Fault) -> Output
  ) async throws(Failure) -> Output {
    do throws(S3Fault) { return try await work() } catch {
      throw Failure(error, of: attempt.connection?.name ?? "")
    }
  }
}

extension S3Name {
  /// As people and other programs write it.
  var location: String { "s3://\(bucket)/\(key)" }
}

extension Failure {
  static func s3Connection(_ message: String) -> Failure {
    Failure(.configuration, code: "invalid-connection", message)
  }

  static func s3Name(_ bucket: String, _ key: String) -> Failure {
    Failure(
      .data, code: "unsafe-path",
      "There is no object `\(key.prefix(200))` of a bucket `\(bucket.prefix(80))` in S3: a bucket has 3 to "
        + "63 letters, digits, dots and dashes; a key has 1 to 1,024 bytes, no part `.` or `..` and no "
        + "control character.")
  }

  init(_ fault: S3Fault, of connection: String) {
    let text = "`\(connection)`: \(fault)"
    switch fault {
    case .network(let error): self.init(ofS3: error, text)
    case .clock: self.init(.configuration, code: "bucket-clock", text)
    case .otherRegion: self.init(.configuration, code: "bucket-region", text)
    case .noConditionalPut: self.init(.configuration, code: "conditional-put", text)
    case .changed: self.init(.transient, code: "interrupted", text)
    case .unreadable: self.init(.configuration, code: "bucket-answer", text)
    case .refused(let status, let code, _, let wait):
      switch status {
      case 429: self.init(.rateLimited, code: "bucket-unavailable", text, retryAfter: wait)
      case 500...599:
        let isBusy = code == "SlowDown"
        self.init(isBusy ? .rateLimited : .transient, code: "bucket-unavailable", text, retryAfter: wait)
      case 401, 403: self.init(.credential, code: "bucket-access", text)
      case 404 where code != "NoSuchBucket": self.init(.data, code: "object-not-found", text)
      default: self.init(.data, code: "bucket-status", text)
      }
    }
  }

  private init(ofS3 error: NetError, _ text: String) {
    switch error {
    case .cancelled: self.init(.cancelled, code: "confirmed", "The request to the store was cancelled.")
    case .invalidURL, .invalidRequest: self.init(.data, code: "invalid-request", text)
    case .refusedAddress: self.init(.configuration, code: "egress-refused", text)
    case .tls: self.init(.configuration, code: "tls", text)
    case .tooLarge: self.init(.outputTooLarge, code: "answer-too-large", text)
    case .timeout: self.init(.timeout, code: "http-timeout", text)
    case .resolve, .connect: self.init(.transient, code: "unreachable", text)
    case .refusedRedirect, .tooManyRedirects, .listen, .resources, .interrupted, .protocolError, .sink,
      .stopped:
      self.init(.transient, code: "interrupted", text)
    }
  }
}
