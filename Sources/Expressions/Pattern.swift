internal import CRE2

/// A regular expression in the syntax of RE2: its time is linear in the text, whatever the pattern.
public struct Pattern: Sendable {
  public let source: String
  private let handle: PatternHandle

  /// The most bytes that a pattern may have.
  public static let longest = 10_000

  public init(_ source: String) throws(PatternError) {
    guard source.utf8.count <= Self.longest else {
      throw PatternError(reason: "it has more than \(Self.longest) bytes")
    }
    self.source = source
    handle = try PatternHandle(source)
  }

  /// Whether the pattern is found anywhere in the text; `^` and `$` tie it to the ends.
  public func matches(_ text: String) -> Bool { handle.isFound(in: text) }
}

public struct PatternError: Error, Sendable, Hashable {
  /// RE2's reason, in English, without a full stop.
  public var reason: String
}

/// Owns one compiled pattern. RE2 may be asked from several threads at once.
private final class PatternHandle: Sendable {
  /// The address of the pattern: as a number it may cross threads, which RE2 allows for reading.
  private let address: UInt

  private var pointer: OpaquePointer? { OpaquePointer(bitPattern: address) }

  init(_ source: String) throws(PatternError) {
    var source = source
    let pattern = source.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { cre2_new($0.baseAddress, $0.count) }
    }
    guard let pattern else { throw PatternError(reason: "there is no memory for it") }
    address = UInt(bitPattern: pattern)
    if let reason = cre2_error(pattern) { throw PatternError(reason: String(cString: reason)) }
  }

  deinit { cre2_free(pointer) }

  func isFound(in text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { cre2_found(pointer, $0.baseAddress, $0.count) }
    }
  }
}
