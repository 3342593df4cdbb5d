import Engine
import Model

/// Whether libxml2 would be kept busy by the attributes of a document: it compares each of a tag with all
/// before it, so one tag of 16 MiB could take it for hours, and while it parses nobody can stop it.
///
/// Where a tag begins, and what in it is quoted, is told by the parser alone: in a comment, in a script and
/// behind a stray quote things look alike. So every way to read the bytes is followed at once, and each state
/// keeps the most attributes that a reading in it can have had. That is at times too many and never too few.
struct MarkupLoad {
  /// Comparisons of attributes over the whole document, which take about a second: one tag of 14,000, or
  /// 2,000 tags of 300.
  static let limit = 200_000_000
  /// Longer names are cut into several by libxml2.
  private static let nameLimit = 100
  private static let none = -1

  /// The most attributes of a reading that stands there; `none` where none does.
  private struct Readings {
    /// In the tag's own name.
    var tag = none
    /// Behind a blank or a value.
    var fresh = none
    var name = none
    /// Behind a name and a blank.
    var named = none
    /// In what can be no name: all of it is passed over up to the next blank.
    var junk = none
    /// Behind `=`.
    var equals = none
    var unquoted = none
    var single = none
    var double = none

    /// Those that a `>` ends.
    var unclosed: Int { max(tag, fresh, name, named, junk, equals, unquoted) }
    var most: Int { max(unclosed, single, double) }
  }

  private let isXML: Bool
  private var readings = Readings()
  private var nameLength = 0
  private var work = 0

  private init(isXML: Bool) { self.isXML = isXML }

  /// `text` is in UTF-8, as the parser will get it.
  static func check(_ text: [UInt8], isXML: Bool) throws(Failure) {
    guard work(of: text, isXML: isXML) <= limit else {
      throw Failure(.data, code: "select-limit", "The tags of the document have too many attributes.")
    }
  }

  /// Comparisons, at most; beyond the limit they are not counted on.
  static func work(of text: [UInt8], isXML: Bool) -> Int {
    var load = MarkupLoad(isXML: isXML)
    var (before, isOpen): (UInt8, Bool) = (0, false)
    for byte in text {
      let beginsTag = before == UInt8(ascii: "<") && Kind(byte).beginsTag
      before = byte
      guard isOpen || beginsTag else { continue }
      load.take(byte)
      if beginsTag { load.readings.tag = max(load.readings.tag, 0) }
      isOpen = load.readings.most > none
      if load.work > limit { break }
    }
    load.close(load.readings.most)
    return load.work
  }

  private enum Kind {
    case blank, greater, slash, equals, quote, letter, digit, beyondASCII, other

    init(_ byte: UInt8) {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0C, 0x0D: self = .blank
      case UInt8(ascii: ">"): self = .greater
      case UInt8(ascii: "/"): self = .slash
      case UInt8(ascii: "="): self = .equals
      case UInt8(ascii: "\""), UInt8(ascii: "'"): self = .quote
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
        UInt8(ascii: ":"), UInt8(ascii: "."):
        self = .letter
      // A name goes on with these, and none begins so.
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): self = .digit
      case 0x80...: self = .beyondASCII
      default: self = .other
      }
    }

    var beginsTag: Bool { self == .letter || self == .beyondASCII }
  }

  private mutating func take(_ byte: UInt8) {
    let old = readings
    readings = Readings()
    (readings.single, readings.double) = (old.single, old.double)
    switch Kind(byte) {
    case .blank:
      readings.fresh = max(old.tag, old.fresh, old.junk, old.unquoted)
      readings.named = max(old.name, old.named)
      readings.equals = old.equals
    case .greater: close(old.unclosed)
    case .slash:
      readings.fresh = max(old.tag, old.fresh, old.name, old.named, old.junk)
      readings.junk = readings.fresh
      readings.unquoted = max(old.unquoted, old.equals)
    case .equals:
      readings.equals = max(old.name, old.named, old.junk)
      readings.junk = max(old.junk, Self.more(max(old.tag, old.fresh)))
      readings.unquoted = max(old.unquoted, old.equals)
    case .quote: quote(byte, old)
    case .letter: name(old, canBegin: true, isPlain: true)
    case .digit: name(old, canBegin: false, isPlain: true)
    case .beyondASCII: name(old, canBegin: isXML, isPlain: isXML)
    case .other:
      readings.junk = max(old.junk, Self.more(max(old.tag, old.fresh, old.name, old.named)))
      readings.unquoted = max(old.unquoted, old.equals)
    }
    measureName()
  }

  private mutating func quote(_ byte: UInt8, _ old: Readings) {
    readings.junk = max(old.junk, Self.more(max(old.tag, old.fresh, old.name, old.named)))
    readings.unquoted = old.unquoted
    if byte == UInt8(ascii: "\"") {
      (readings.double, readings.fresh) = (old.equals, old.double)
    } else {
      (readings.single, readings.fresh) = (old.equals, old.single)
    }
  }

  /// `canBegin` and `isPlain`: whether it surely is a name that begins or goes on so. Parsers differ about
  /// the others, so both ways are followed.
  private mutating func name(_ old: Readings, canBegin: Bool, isPlain: Bool) {
    let new = Self.more(max(old.fresh, old.named))
    readings.tag = old.tag
    readings.name = max(old.name, new)
    readings.junk = old.junk
    if !canBegin { readings.junk = max(readings.junk, new) }
    if !isPlain { readings.junk = max(readings.junk, Self.more(max(old.tag, old.name))) }
    readings.unquoted = max(old.unquoted, old.equals)
  }

  private mutating func measureName() {
    nameLength = max(readings.tag, readings.name) > Self.none ? nameLength + 1 : 0
    guard nameLength == Self.nameLimit else { return }
    readings.name = Self.more(max(readings.tag, readings.name))
    nameLength = 0
  }

  private static func more(_ count: Int) -> Int { count > none ? count + 1 : none }

  private mutating func close(_ count: Int) { if count > 0 { work += count * count } }
}
