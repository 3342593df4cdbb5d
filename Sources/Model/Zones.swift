import Synchronization

/// The time zones of the machine, by their IANA names. Reads each file once, when it is first asked for.
///
/// This module does no I/O: `read` gets a path below the folder of zones (`America/Sao_Paulo`) and returns
/// the bytes of that file, or nil where there is none. It only gets names that stay below the folder.
public struct ZoneDatabase: Sendable {
  /// More than all zones and their aliases; beyond it zones are read again instead of kept.
  static let cachedZones = 1000

  private let read: @Sendable (String) -> [UInt8]?
  private let cache = ZoneCache()

  public init(read: @escaping @Sendable (String) -> [UInt8]?) { self.read = read }

  /// Nil for a name that is not one, a zone that is not there, and a file that cannot be understood.
  public func zone(_ name: String) -> Zone? {
    guard Self.isName(name) else { return nil }
    if let known = cache.zones.withLock({ $0[name] }) { return known }
    guard let bytes = read(name), let zone = Zone(name: name, file: bytes) else { return nil }
    cache.zones.withLock { zones in
      if zones.count < Self.cachedZones { zones[name] = zone }
    }
    return zone
  }

  /// Such as `2026f`; empty where the machine does not say. Each call reads.
  public var version: String {
    if let bytes = read("+VERSION") { return Self.firstWord(bytes[...]) }
    let mark = Array("# version ".utf8)
    guard let bytes = read("tzdata.zi"), bytes.starts(with: mark) else { return "" }
    return Self.firstWord(bytes.dropFirst(mark.count))
  }

  private static func firstWord(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.prefix { $0 > 0x20 }.prefix(32), as: UTF8.self)
  }

  /// Words of letters, digits, `_`, `+` and `-` with a slash between: nothing that could leave the folder.
  private static func isName(_ name: String) -> Bool {
    guard name.utf8.count <= 64 else { return false }
    return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { word in
      guard let first = word.utf8.first, UInt8(ascii: "A")...UInt8(ascii: "z") ~= first else { return false }
      return word.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"):
          true
        case _: false
        }
      }
    }
  }
}

private final class ZoneCache: Sendable {
  let zones = Mutex<[String: Zone]>([:])
}

/// When a clock on the wall shows a given time.
public enum LocalInstants: Sendable, Hashable {
  /// Never: the clock was put forward over it.
  case gap
  case one(Int64)
  /// Twice: the clock was put back over it. The earlier moment comes first.
  case fold(Int64, Int64)
}

/// One time zone: what the clocks there showed, show, and by today's law will show.
public struct Zone: Sendable {
  public var name: String
  /// Moments at which the offset changes, ascending, in seconds since 1970 UTC.
  let transitions: [Int64]
  /// The offset from each of `transitions` on.
  let offsets: [Int]
  /// Before the first transition.
  let first: Int
  /// After the last transition.
  let rule: ZoneRule

  init(name: String, transitions: [Int64], offsets: [Int], first: Int, rule: ZoneRule) {
    (self.name, self.transitions, self.offsets) = (name, transitions, offsets)
    (self.first, self.rule) = (first, rule)
  }

  public static let utc = Zone(name: "UTC", offset: 0)

  /// A zone whose clocks never change.
  public init(name: String, offset: Int) {
    self.init(name: name, transitions: [], offsets: [], first: offset, rule: ZoneRule(constant: offset))
  }

  /// Seconds east of UTC at this moment (seconds since 1970 UTC).
  public func offset(at seconds: Int64) -> Int {
    guard let last = transitions.last else { return rule.offset(at: seconds) }
    if seconds >= last { return rule.isEmpty ? offsets[offsets.count - 1] : rule.offset(at: seconds) }
    let after = position(after: seconds)
    return after == 0 ? first : offsets[after - 1]
  }

  /// The next moment after `seconds` at which clocks here are put forward or back; nil where no law says so.
  public func nextChange(after seconds: Int64) -> ClockChange? {
    for place in position(after: seconds)..<transitions.count {
      let before = place == 0 ? first : offsets[place - 1]
      // Some transitions change only the name of the time.
      if before == offsets[place] { continue }
      return ClockChange(at: transitions[place], before: before, after: offsets[place])
    }
    let start = max(seconds, transitions.last ?? seconds)
    return rule.changes(near: start).first { $0.at > start }
  }

  /// The moments at which the clocks here show `seconds`, counted as if 1970 had begun here.
  public func instants(ofLocal seconds: Int64) -> LocalInstants {
    var found: [Int64] = []
    for offset in candidates(near: seconds) {
      let instant = seconds.subtractingReportingOverflow(Int64(offset)).partialValue
      if self.offset(at: instant) == offset, !found.contains(instant) { found.append(instant) }
    }
    found.sort()
    return switch found.count {
    case 0: .gap
    case 1: .one(found[0])
    case _: .fold(found[0], found[1])
    }
  }

  /// Every offset in force within a day and a half of that local time, some of them twice.
  private func candidates(near seconds: Int64) -> [Int] {
    let reach: Int64 = 36 * 3600
    let from = position(after: seconds.subtractingReportingOverflow(reach).partialValue)
    let to = max(from, position(after: seconds.addingReportingOverflow(reach).partialValue))
    return [from == 0 ? first : offsets[from - 1]] + offsets[from..<to] + rule.offsets
  }

  /// How many transitions are not after this moment.
  private func position(after seconds: Int64) -> Int {
    var range = 0..<transitions.count
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range = transitions[middle] <= seconds ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }
}
