/// An identifier that cannot be mistaken for the identifier of another kind of thing.
///
/// A UUIDv7: 48 bits of time in milliseconds, then random bits, so that new rows sort last in every index.
public struct ID<Entity>: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

  public static func generate(at time: Timestamp, using random: inout some RandomNumberGenerator) -> Self {
    let milliseconds = UInt64(max(0, time.microseconds / 1_000))
    return ID(
      high: milliseconds << 16 | 0x7000 | random.next() & 0x0FFF,
      low: 0x8000_0000_0000_0000 | random.next() >> 2)
  }

  /// Reads the 36 characters of `description`; upper case is taken too. Nil for anything else.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 36, [8, 13, 18, 23].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }) else {
      return nil
    }
    var halves: (UInt64, UInt64) = (0, 0)
    for byte in bytes where byte != UInt8(ascii: "-") {
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
      halves.0 = halves.0 << 4 | halves.1 >> 60
      halves.1 = halves.1 << 4 | UInt64(digit)
    }
    self.init(high: halves.0, low: halves.1)
  }

  public var description: String {
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for place in 0..<32 {
      if place == 8 || place == 12 || place == 16 || place == 20 { text.append(UInt8(ascii: "-")) }
      let digit = UInt8((place < 16 ? high : low) >> UInt64(60 - 4 * (place % 16)) & 0xF)
      text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
    return String(decoding: text, as: UTF8.self)
  }

  public var bytes: [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - 8 * ($0 % 8))) }
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}

/// What an `ID` may name.
public enum Job {}
public enum StoredBody {}
public enum Ask {}
public enum Signal {}
/// What a trigger was given and no job has been made of yet.
public enum TriggerMessage {}
public enum Backfill {}
