import Crypto
import Foundation
import Testing

@testable import Net

/// The cases of awslabs/aws-c-auth, read from beside the repository where they are present.
private struct SignatureCase: Sendable {
  private struct Context: Decodable {
    struct Credentials: Decodable {
      var accessKeyId, secretAccessKey: String
      var token: String?
    }
    var credentials: Credentials
    var expirationInSeconds: Int
    var normalize, signBody: Bool
    var region, service, timestamp: String
  }

  var name: String
  var files: [String: String]
  var signer: SignatureV4
  var request: SignatureV4.Request
  var expires: Int
  private var signsBody: Bool

  static let all: [SignatureCase] = {
    var folder = URL(filePath: #filePath).deletingLastPathComponent()
    while folder.path != "/" {
      if FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) { break }
      folder = folder.deletingLastPathComponent()
    }
    let file = folder.deletingLastPathComponent().appending(path: "shared/data/sigv4/v4.jsonl")
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }  // Absent: skipped.
    return text.split(separator: "\n").compactMap { try? SignatureCase(Data($0.utf8)) }
  }()

  private init(_ line: Data) throws {
    let files = try JSONDecoder().decode([String: String].self, from: line)
    func file(_ name: String) throws -> String { try #require(files[name]) }
    self.files = files
    name = try file("name")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let context = try decoder.decode(Context.self, from: Data(try file("context.json").utf8))
    let instant = try Date(context.timestamp, strategy: .iso8601)
    signer = SignatureV4(
      key: .init(
        id: context.credentials.accessKeyId, secret: context.credentials.secretAccessKey,
        token: context.credentials.token), region: context.region, service: context.service,
      seconds: Int64(instant.timeIntervalSince1970), normalizesPath: context.normalize)
    (expires, signsBody) = (context.expirationInSeconds, context.signBody)
    request = try Self.parse(try file("request.txt"))
  }

  private static func parse(_ text: String) throws -> SignatureV4.Request {
    let halves = text.components(separatedBy: "\n\n")
    let lines = halves[0].split(separator: "\n")
    let first = lines[0].dropLast(" HTTP/1.1".count)
    let target = first[first.index(after: try #require(first.firstIndex(of: " ")))...]
    let parts = target.split(separator: "?", maxSplits: 1)
    let query = parts.count == 1 ? "" : parts[1]
    return SignatureV4.Request(
      method: String(first.prefix { $0 != " " }), path: String(parts[0]),
      query: query.split(separator: "&").map { pair in
        let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(sides[0]), String(sides[1]))
      },
      headers: lines.dropFirst().map { line in
        let sides = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(sides[0]), String(sides[1]))
      }, payload: .sha256(SHA256.hex(Array((halves.count == 2 ? halves[1] : "").utf8))))
  }

  /// The request as it is signed in its headers.
  var inHeaders: SignatureV4.Request {
    var request = request
    if signsBody { request.headers.append(("x-amz-content-sha256", request.payload.text)) }
    return request
  }
}

@Suite("A signature of AWS, version 4", .timeLimit(.minutes(1)))
struct SignatureV4Tests {
  private static let isThere = !SignatureCase.all.isEmpty

  @Test(
    "in headers is that of every vector", .enabled(if: isThere, "../shared/data/sigv4 is absent"))
  func headers() throws {
    for vector in SignatureCase.all {
      let added = vector.signer.headers(for: vector.inHeaders)
      var whole = vector.inHeaders
      whole.headers += added.filter { $0.name != "authorization" }
      let canonical = vector.signer.canonical(whole)
      #expect(canonical == vector.files["header-canonical-request.txt"], "\(vector.name)")
      #expect(vector.signer.text(of: canonical) == vector.files["header-string-to-sign.txt"])
      let line = try #require(added.last?.value)
      let signature = try #require(vector.files["header-signature.txt"])
      #expect(line.hasSuffix("Signature=\(signature)"), "\(vector.name)")
      #expect(vector.files["header-signed-request.txt"]?.contains("Authorization:\(line)") == true)
    }
    #expect(SignatureCase.all.count == 19)
  }

  @Test("in a URL is that of every vector", .enabled(if: isThere, "../shared/data/sigv4 is absent"))
  func query() throws {
    for vector in SignatureCase.all {
      let query = vector.signer.query(for: vector.request, expires: vector.expires)
      var whole = vector.request
      whole.query = query.filter { $0.name != "X-Amz-Signature" }
      let canonical = vector.signer.canonical(whole)
      #expect(canonical == vector.files["query-canonical-request.txt"], "\(vector.name)")
      #expect(vector.signer.text(of: canonical) == vector.files["query-string-to-sign.txt"])
      #expect(query.last?.name == "X-Amz-Signature")
      #expect(query.last?.value == vector.files["query-signature.txt"], "\(vector.name)")
    }
  }

  /// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
  @Test("of a body in chunks is that of Amazon's example, chunk by chunk")
  func chunks() throws {
    let signer = SignatureV4(
      key: .init(id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
      region: "us-east-1", seconds: 1_369_353_600)
    let request = SignatureV4.Request(
      method: "PUT", path: "/examplebucket/chunkObject.txt",
      headers: [
        ("host", "s3.amazonaws.com"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", SignatureV4.Payload.chunks.text), ("content-encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "66560"), ("content-length", "66824"),
      ], payload: .chunks)
    let line = try #require(signer.headers(for: request).last?.value)
    let seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    #expect(line.hasSuffix("Signature=\(seed)"))
    var signature = seed
    for (count, expected) in [
      (65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
      (1_024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
      (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    ] {
      signature = signer.signature(
        ofChunk: [UInt8](repeating: UInt8(ascii: "a"), count: count), after: signature)
      #expect(signature == expected)
    }
  }

  /// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
  @Test("of a URL for any body is that of Amazon's example")
  func presigned() {
    let signer = SignatureV4(
      key: .init(id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
      region: "us-east-1", seconds: 1_369_353_600)
    let request = SignatureV4.Request(
      method: "GET", path: "/test.txt", headers: [("host", "examplebucket.s3.amazonaws.com")],
      payload: .unsigned)
    #expect(
      signer.query(for: request, expires: 86_400).last?.value
        == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
  }
}
