/// The name of one state of a resource, as `ETag` writes it: `"abc"`, or `W/"abc"` where two states of that
/// name may differ in their bytes.
public struct HTTPEntityTag: Hashable, Sendable, CustomStringConvertible {
  public let opaque: String
  public let isWeak: Bool

  /// The text must not hold quotes, spaces or control characters; those that it holds are left out.
  public init(_ opaque: String, isWeak: Bool = false) {
    self.opaque = String(decoding: opaque.utf8.filter(Self.isInner), as: UTF8.self)
    self.isWeak = isWeak
  }

  public var description: String { (isWeak ? "W/" : "") + "\"\(opaque)\"" }

  /// A header's one tag; nil for anything else.
  public init?(header: String) {
    guard case .tags(let tags)? = HTTPTagList(header), tags.count == 1 else { return nil }
    self = tags[0]
  }

  /// Both name the same bytes.
  func matchesStrongly(_ other: HTTPEntityTag) -> Bool { !isWeak && !other.isWeak && matches(other) }

  func matches(_ other: HTTPEntityTag) -> Bool { opaque.utf8.elementsEqual(other.opaque.utf8) }

  static func isInner(_ byte: UInt8) -> Bool { byte == 0x21 || (0x23...0x7E).contains(byte) || byte >= 0x80 }
}

/// The value of `If-Match` or `If-None-Match`.
public enum HTTPTagList: Hashable, Sendable {
  /// `*`: any state, as long as there is one.
  case any
  case tags([HTTPEntityTag])

  /// Nil where the text is not such a list.
  public init?(_ header: String) {
    let text = Array(HTTPText.trimmed(header).utf8)
    if text == [UInt8(ascii: "*")] {
      self = .any
      return
    }
    var (tags, rest) = ([HTTPEntityTag](), text[...])
    while true {
      rest = rest.drop { $0 == 32 || $0 == 9 || $0 == UInt8(ascii: ",") }
      if rest.isEmpty { break }
      let isWeak = rest.starts(with: "W/".utf8)
      if isWeak { rest = rest.dropFirst(2) }
      guard rest.first == UInt8(ascii: "\"") else { return nil }
      let inner = rest.dropFirst().prefix(while: HTTPEntityTag.isInner)
      rest = rest[inner.endIndex...]
      guard rest.first == UInt8(ascii: "\"") else { return nil }
      rest = rest.dropFirst().drop { $0 == 32 || $0 == 9 }
      guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return nil }
      tags.append(HTTPEntityTag(String(decoding: inner, as: UTF8.self), isWeak: isWeak))
    }
    if tags.isEmpty { return nil }
    self = .tags(tags)
  }

  /// For `If-Match`, which guards a change: the state is surely the one that the client saw. `current` is nil
  /// where the resource does not exist.
  public func allowsChange(of current: HTTPEntityTag?) -> Bool {
    guard let current else { return false }
    switch self {
    case .any: return true
    case .tags(let tags): return tags.contains { $0.matchesStrongly(current) }
    }
  }

  /// For `If-None-Match`: the client has something as good.
  func contains(_ current: HTTPEntityTag) -> Bool {
    switch self {
    case .any: true
    case .tags(let tags): tags.contains { $0.matches(current) }
    }
  }
}
