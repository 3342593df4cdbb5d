internal import Glibc

/// What is known of an object without its bytes.
public struct S3Facts: Sendable, Hashable {
  public var size: Int64
  public var etag: String
  public var contentType: String
  /// Names in lower case, without `x-amz-meta-`.
  public var metadata: [String: String]

  init(_ headers: HTTPHeaders) throws(S3Fault) {
    guard let size = headers["content-length"].flatMap({ Int64($0) }), size >= 0 else {
      throw .unreadable("it does not say how long the object is")
    }
    self.size = size
    etag = headers["etag"] ?? ""
    contentType = headers["content-type"] ?? ""
    metadata = [:]
    for field in headers.fields where field.name.hasPrefix(Self.prefix) {
      metadata[String(field.name.dropFirst(Self.prefix.count))] = EncodedWord.decode(field.value)
    }
  }

  static let prefix = "x-amz-meta-"
}

/// One row of a listing.
public struct S3Entry: Sendable, Hashable {
  public var key: String
  public var size: Int64
}

/// The XML that S3 answers with, read for the few elements that matter.
struct S3Answer {
  var root = ""
  /// Text of the elements directly below the root.
  var texts: [String: String] = [:]
  var entries: [S3Entry] = []
  private var isEncoded: Bool { texts["EncodingType"] == "url" }

  /// An answer of a listing has at most 1,000 keys of at most 1,024 bytes, escaped.
  static let limit = 8 << 20

  /// Nil where it is no XML.
  init?(_ bytes: [UInt8]) {
    guard !bytes.isEmpty, var pull = XMLPull(bytes) else { return nil }
    do throws(XMLPull.Fault) {
      var (path, text, entry): ([String], String, [String: String]) = ([], "", [:])
      while let node = try pull.next() {
        switch node {
        case .open(let name, _, let isEmpty):
          text = ""
          if path.isEmpty { root = name }
          if !isEmpty || path.isEmpty { path.append(name) }
        case .text(let more): text += more
        case .close(let name):
          if path.count == 2 {
            if name == "Contents" { take(entry) } else { texts[name] = text }
            entry = [:]
          } else if path.count == 3 {
            entry[name] = text
          }
          (_, text) = (path.popLast(), "")
        }
      }
    } catch { return nil }
  }

  private mutating func take(_ entry: [String: String]) {
    guard let key = entry["Key"], let size = entry["Size"].flatMap({ Int64($0) }) else { return }
    entries.append(S3Entry(key: key, size: size))
  }

  /// Keys that XML cannot hold come escaped; where an escape is wrong there is no telling what is meant.
  func listed() throws(S3Fault) -> [S3Entry] {
    guard isEncoded else { return entries }
    var plain: [S3Entry] = []
    for entry in entries {
      guard let item = PercentEncoding.items("k=\(entry.key)")?.first else {
        throw .unreadable("a key is not escaped as it says")
      }
      plain.append(S3Entry(key: item.value, size: entry.size))
    }
    return plain
  }
}

extension S3Fault {
  /// What an answer that is no success means. `now`: seconds since 1970.
  init(status: Int, headers: HTTPHeaders, body: [UInt8], now: Int64) {
    let answer = S3Answer(body)
    let code = answer?.texts["Code"] ?? ""
    if code == "RequestTimeTooSkewed", let there = headers["date"].flatMap({ HTTPDate.seconds($0) }) {
      self = .clock(ahead: Int(now) - there)
    } else if [301, 307].contains(status) || code == "AuthorizationHeaderMalformed" {
      self = .otherRegion(headers["x-amz-bucket-region"] ?? answer?.texts["Region"] ?? "")
    } else {
      let message = String((answer?.texts["Message"] ?? "").prefix(300))
      self = .refused(
        status: status, code: code, message: message,
        retryAfter: headers["retry-after"].flatMap { RetryAfter.wait($0, now: Int(now)) })
    }
  }
}
