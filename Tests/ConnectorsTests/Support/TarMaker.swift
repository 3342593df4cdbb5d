import Foundation

/// Tars by hand, with entries that no packer of ours would make.
struct TarMaker {
  private var bytes: [UInt8] = []

  enum Kind: Character {
    case file = "0"
    case hardLink = "1"
    case link = "2"
    case device = "3"
    case folder = "5"
    case pipe = "6"
    case pax = "x"
  }

  mutating func add(
    _ name: String, _ content: String = "", _ kind: Kind = .file, link: String = "", size: Int? = nil
  ) {
    let body = Array(content.utf8)
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at place: Int) {
      for (offset, byte) in text.utf8.enumerated() { header[place + offset] = byte }
    }
    put(name, at: 0)
    put("0000644\0", at: 100)
    put("0000000\0", at: 108)
    put("0000000\0", at: 116)
    put(Self.octal(size ?? body.count, 11), at: 124)
    put(Self.octal(0, 11), at: 136)
    put("        ", at: 148)
    put(String(kind.rawValue), at: 156)
    put(link, at: 157)
    put("ustar\u{0}00", at: 257)
    let sum = header.reduce(0) { $0 + Int($1) }
    put(Self.octal(sum, 6) + "\0 ", at: 148)
    bytes += header + body
    bytes += [UInt8](repeating: 0, count: (512 - body.count % 512) % 512)
  }

  private static func octal(_ number: Int, _ digits: Int) -> String {
    let text = String(number, radix: 8)
    return String(repeating: "0", count: digits - text.utf8.count) + text
  }

  var data: Data { Data(bytes + [UInt8](repeating: 0, count: 1024)) }

  /// A tar of one entry.
  static func one(_ name: String, _ content: String = "x", _ kind: Kind = .file, link: String = "") -> Data {
    var tar = TarMaker()
    tar.add(name, content, kind, link: link)
    return tar.data
  }
}
