/// What the bytes of a file's fields stand for, by its field 1.015.
enum NistCharacterSet: Sendable, Hashable {
  /// None is named, or 000. Beyond 7 bits such files are UTF-8 where they can be, else ISO 8859-1.
  case ascii
  /// 001.
  case latin1
  /// 003.
  case utf8
  /// 002 and 004 (UTF-16 and UTF-32) and those that users agree on; read as `ascii` is.
  case other(Int)

  init(of file: NistFile) {
    let number = file.transaction[15]?.subfields.first?.first.flatMap(NistField.integer) ?? 0
    switch number {
    case 0: self = .ascii
    case 1: self = .latin1
    case 3: self = .utf8
    case _: self = .other(number)
    }
  }

  /// Never fails: what is no text of the character set is read as the next best one.
  func text(_ bytes: ArraySlice<UInt8>) -> String {
    switch self {
    case .latin1: String(decoding: TextEncoding.latin1.toUTF8(bytes), as: UTF8.self)
    case .ascii, .utf8, .other:
      String(validating: bytes, as: UTF8.self)
        ?? String(decoding: TextEncoding.latin1.toUTF8(bytes), as: UTF8.self)
    }
  }
}
