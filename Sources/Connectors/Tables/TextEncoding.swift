/// How bytes stand for text.
enum TextEncoding: String, CaseIterable, Sendable {
  case utf8 = "utf-8"
  case latin1 = "latin-1"
  case windows1252 = "windows-1252"

  /// Also by the names that servers write; nil for others.
  init?(named name: String) {
    switch name.lowercased() {
    case "utf-8", "utf8", "us-ascii", "ascii", "": self = .utf8
    case "latin-1", "latin1", "iso-8859-1", "iso8859-1": self = .latin1
    case "windows-1252", "cp1252": self = .windows1252
    default: return nil
    }
  }

  /// Nil where the bytes are no text of this encoding. A byte order mark of UTF-8 is left out.
  func decode(_ bytes: [UInt8]) -> String? {
    switch self {
    case .utf8:
      let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      return String(validating: bytes[start...], as: UTF8.self)
    case .latin1, .windows1252: return String(decoding: toUTF8(bytes[...]), as: UTF8.self)
    }
  }

  /// The bytes in UTF-8. Those of UTF-8 itself are returned as they are, well-formed or not.
  func toUTF8(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    if self == .utf8 || bytes.allSatisfy({ $0 < 0x80 }) { return Array(bytes) }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count + bytes.count / 8)
    for byte in bytes {
      if byte < 0x80 {
        text.append(byte)
      } else {
        text.append(contentsOf: String(scalar(of: byte)).utf8)
      }
    }
    return text
  }

  /// The five bytes that Windows leaves open stand for their own numbers, as browsers read them.
  private func scalar(of byte: UInt8) -> Unicode.Scalar {
    guard self == .windows1252, (0x80...0x9F).contains(byte) else { return Unicode.Scalar(byte) }
    return Unicode.Scalar(Self.windows[Int(byte) - 0x80]) ?? Unicode.Scalar(byte)
  }

  private static let windows: [UInt32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152,
    0x8D,
    0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161,
    0x203A,
    0x0153, 0x9D, 0x017E, 0x0178,
  ]
}
