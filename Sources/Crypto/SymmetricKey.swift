/// A 256-bit key for `AES256GCM` and `Sealer`. It cannot be printed; only `withBytes` shows it.
public struct SymmetricKey: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
  public static let byteCount = 32

  private let words: [4 of UInt64]

  /// Fresh from the system's generator.
  public static func generate() -> SymmetricKey {
    guard let key = SymmetricKey(SecureRandom.bytes(byteCount)) else {
      preconditionFailure("A generated key has the size of a key.")
    }
    return key
  }

  /// Nil unless there are exactly 32 bytes.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    words = [4 of UInt64] { word in
      (0..<8).reduce(0) { $0 << 8 | UInt64(bytes[word * 8 + $1]) }
    }
  }

  /// The 32 bytes, for wrapping them under another key or writing the key file.
  public func reveal() -> [UInt8] {
    (0..<Self.byteCount).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64(56 - 8 * ($0 % 8))) }
  }

  /// The same, lent, without an array for it.
  func withBytes<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    var bytes = [4 of UInt64] { words[$0].bigEndian }
    return withUnsafeBytes(of: &bytes) { buffer in
      guard let start = buffer.baseAddress else { preconditionFailure("A key has bytes.") }
      return body(start.assumingMemoryBound(to: UInt8.self))
    }
  }

  public static func == (left: SymmetricKey, right: SymmetricKey) -> Bool {
    var difference: UInt64 = 0
    for word in left.words.indices { difference |= left.words[word] ^ right.words[word] }
    return difference == 0
  }

  public func hash(into hasher: inout Hasher) {
    for word in words.indices { hasher.combine(words[word]) }
  }

  public var description: String { "•••" }
  public var debugDescription: String { "•••" }
}

extension SymmetricKey: CustomReflectable {
  /// Empty, so that `dump` and reflection show nothing either.
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}
