internal import Model

/// Names a revision and how it is shown, as the ETag of a definition: `3-9f86d081884c7d65-1a2b`.
///
/// A change is made on condition of the first two parts: a pause, or another language, is no other
/// definition.
public struct DefinitionTag: Sendable, Hashable {
  public var revision: Int
  /// The first 16 hex digits of the SHA-256 over source and files.
  public var digest: String

  public init(revision: Int, sha256: String) {
    (self.revision, digest) = (revision, String(sha256.prefix(16)))
  }

  public func text(shownAs shown: [UInt8]) -> String { "\(revision)-\(digest)-\(Self.checksum(shown))" }

  /// Whether one of the quoted tags of an `If-Match` names it, or `*` does. A weak tag names nothing.
  public func isNamed(by header: String) -> Bool {
    header.split(separator: ",").contains { part in
      let tag = part.filter { $0 != " " && $0 != "\t" }
      if tag == "*" { return true }
      guard tag.utf8.count > 2, tag.utf8.first == UInt8(ascii: "\""), tag.utf8.last == UInt8(ascii: "\"")
      else { return false }
      let parts = tag.dropFirst().dropLast().split(separator: "-", omittingEmptySubsequences: false)
      return parts.count >= 2 && parts[0] == "\(revision)" && parts[1] == digest
    }
  }

  /// FNV-1a: it only tells one picture of a revision from another.
  static func checksum(_ bytes: [UInt8]) -> String {
    var sum: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return String(sum, radix: 16)
  }
}

extension PipelineDetail: Tagged {
  public var tag: String {
    DefinitionTag(revision: revision, sha256: sha256).text(shownAs: json.serialized())
  }
}

extension DefinitionResult: Tagged, Located {
  public var tag: String { DefinitionTag(revision: revision, sha256: sha256).text(shownAs: []) }
  public var location: String? {
    isDryRun || change != "created" ? nil : "/api/v1/pipelines/\(Percent.encode(id))"
  }
}
