internal import Crypto

/// How one secret may turn up in a text: as it is, and in the spellings that programs give it.
enum SecretForms {
  /// A shorter secret would mask half of every sentence.
  static let shortest = 4
  /// Longer secrets are looked for in blocks of so many bytes: whoever prints one prints whole blocks.
  static let block = 512
  /// So many bytes of a credential are looked for in other spellings too; what is beyond only as it is.
  static let spelledLimit = 16 * 1_024

  static func all(of secrets: [String]) -> Set<[UInt8]> {
    var (forms, room): (Set<[UInt8]>, Int) = ([], spelledLimit)
    for piece in Set(secrets.flatMap(pieces)).sorted(by: { $0.count < $1.count }) {
      forms.insert(piece)
      room -= piece.count
      if room < 0 { continue }
      forms.formUnion(spellings(of: piece).filter { $0.count >= shortest })
    }
    for secret in secrets {
      // Of the whole: where a line ends depends on all that stands before it.
      let lines = wrapped(Array(secret.utf8.prefix(spelledLimit)))
      forms.formUnion(lines.filter { $0.count >= shortest })
    }
    return forms
  }

  /// The secret, and its lines: those of a private key are printed one by one.
  private static func pieces(_ secret: String) -> [[UInt8]] {
    let bytes = Array(secret.utf8)
    let lines = bytes.split { $0 == 0x0A || $0 == 0x0D }.map(Array.init)
    return ([bytes] + lines).flatMap(blocks).filter { $0.count >= shortest }
  }

  /// The last one is as long as the others, over the end of the one before: half a secret is one too.
  private static func blocks(_ bytes: [UInt8]) -> [[UInt8]] {
    if bytes.count <= block { return [bytes] }
    let starts = stride(from: 0, to: bytes.count - block, by: block) + [bytes.count - block]
    return starts.map { Array(bytes[$0..<$0 + block]) }
  }

  private static func spellings(of bytes: [UInt8]) -> [[UInt8]] {
    let hex = Hex.encode(bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    let escaped = [false, true].flatMap { ascii in
      [false, true].map { slash in json(text, ascii: ascii, slash: slash) }
    }
    let texts =
      [hex, hex.uppercased()] + urls(bytes) + escaped
      + escaped.map { json($0, ascii: true) }  // JSON within JSON.
    return base64(bytes) + texts.map { Array($0.utf8) }
  }

  /// In lines as `base64` and PEM cut them, in both alphabets.
  private static func wrapped(_ bytes: [UInt8]) -> [[UInt8]] {
    let whole = Array(Base64.encode(bytes).utf8).filter { $0 != 0x3D }
    let lines = [64, 76].filter { whole.count > $0 }.flatMap { width in
      stride(from: 0, to: whole.count, by: width).map { Array(whole[$0..<min($0 + width, whole.count)]) }
    }
    return lines + lines.map(urlAlphabet)
  }

  private static func urlAlphabet(_ text: [UInt8]) -> [UInt8] {
    text.map { $0 == 0x2B ? 0x2D : $0 == 0x2F ? 0x5F : $0 }
  }

  /// Wherever the secret begins within what was encoded, in both alphabets.
  private static func base64(_ bytes: [UInt8]) -> [[UInt8]] {
    var found: [[UInt8]] = []
    for before in 0..<3 {
      let whole = Array(Base64.encode([UInt8](repeating: 0, count: before) + bytes).utf8).filter {
        $0 != 0x3D
      }
      // Only the characters that no neighbour has a part in; of one that stands alone, all.
      let own = whole[(before * 8 + 5) / 6..<(before + bytes.count) * 8 / 6]
      found.append(Array(own))
      if before == 0 { found.append(whole) }
    }
    return found + found.map(urlAlphabet)
  }

  /// What the usual encoders leave as it is besides letters and digits, and whether they write + for a space:
  /// RFC 3986, the same for paths, `encodeURIComponent`, `encodeURI`, and two ways of forms.
  private static let urlStyles: [(kept: [UInt8], plus: Bool)] = [
    (Array("-._~".utf8), false), (Array("-._~/".utf8), false), (Array("-._~!'()*".utf8), false),
    (Array("-._~!'()*;,/?:@&=+$#".utf8), false), (Array("-._~".utf8), true), (Array("-._*".utf8), true),
  ]

  /// Digits in both cases.
  private static func urls(_ bytes: [UInt8]) -> [String] {
    urlStyles.flatMap { style in
      [true, false].map { isUpper in
        bytes.map { byte in
          if isAlphanumeric(byte) || style.kept.contains(byte) { return String(UnicodeScalar(byte)) }
          if byte == 0x20, style.plus { return "+" }
          let digits = Hex.encode([byte])
          return "%" + (isUpper ? digits.uppercased() : digits)
        }.joined()
      }
    }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  private static func json(_ text: String, ascii: Bool, slash: Bool = false) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": escaped += "\\\""
      case "\\": escaped += "\\\\"
      case "/" where slash: escaped += "\\/"
      case "\n": escaped += "\\n"
      case "\r": escaped += "\\r"
      case "\t": escaped += "\\t"
      case "\u{8}": escaped += "\\b"
      case "\u{C}": escaped += "\\f"
      case _ where scalar.value < 0x20 || (ascii && scalar.value > 0x7E):
        for unit in String(scalar).utf16 {
          escaped += "\\u" + Hex.encode([UInt8(unit >> 8), UInt8(unit & 0xFF)])
        }
      case _: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
