/// Where something stands in a trace: the header `traceparent` of W3C Trace Context.
public struct TraceParent: Hashable, Sendable {
  /// 32 hex digits in lower case, not all of them zero.
  public let trace: String
  /// 16 hex digits in lower case, not all of them zero: what the sender was doing.
  public let parent: String
  /// Whoever sent it keeps what it knows of this trace.
  public let isSampled: Bool

  public init(trace: String, parent: String, isSampled: Bool) {
    (self.trace, self.parent, self.isSampled) = (trace, parent, isSampled)
  }

  /// Nil for anything that the standard tells a receiver to go on without: another length, digits in upper
  /// case, a trace or a parent of zeros, the version ff. A version that comes later is read as far as the
  /// first one goes.
  public init?(header: String) {
    let bytes = Array(header.utf8)
    guard bytes.count >= Self.length, let version = Self.digits(bytes[0..<2]), version != "ff",
      let trace = Self.digits(bytes[3..<35]), let parent = Self.digits(bytes[36..<52]),
      let flags = Self.digits(bytes[53..<55]), [2, 35, 52].allSatisfy({ bytes[$0] == Self.dash })
    else { return nil }
    if bytes.count > Self.length, version == "00" || bytes[Self.length] != Self.dash { return nil }
    guard [trace, parent].allSatisfy({ $0.contains { $0 != "0" } }) else { return nil }
    // The lowest bit of the flags; the others are not ours to give on.
    self.init(trace: trace, parent: parent, isSampled: flags.last.map("13579bdf".contains) ?? false)
  }

  public var header: String { "00-\(trace)-\(parent)-\(isSampled ? "01" : "00")" }

  private static let length = 55
  private static let dash = UInt8(ascii: "-")

  private static func digits(_ bytes: ArraySlice<UInt8>) -> String? {
    bytes.allSatisfy("0123456789abcdef".utf8.contains) ? String(decoding: bytes, as: UTF8.self) : nil
  }
}
