/// RFC 4648, section 5, without padding: as tokens are written.
public enum Base64URL {
  public static func encode(_ bytes: [UInt8]) -> String {
    let text = Base64.encode(bytes).utf8.filter { $0 != UInt8(ascii: "=") }.map { byte in
      switch byte {
      case UInt8(ascii: "+"): UInt8(ascii: "-")
      case UInt8(ascii: "/"): UInt8(ascii: "_")
      default: byte
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Strict: nil for padding, white space, the other alphabet, or bits that encoding leaves zero. So two
  /// texts never mean the same bytes, and nobody gets a second spelling of a token.
  public static func decode(_ text: some StringProtocol) -> [UInt8]? {
    var standard: [UInt8] = []
    standard.reserveCapacity(text.utf8.count + 3)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
      case UInt8(ascii: "-"): standard.append(UInt8(ascii: "+"))
      case UInt8(ascii: "_"): standard.append(UInt8(ascii: "/"))
      default: standard.append(byte)
      }
    }
    if standard.count % 4 == 1 { return nil }
    while !standard.count.isMultiple(of: 4) { standard.append(UInt8(ascii: "=")) }
    return Base64.decode(String(decoding: standard, as: UTF8.self))
  }
}

/// RFC 4648, section 6: as second-factor seeds are shown. Without padding.
public enum Base32 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

  public static func encode(_ bytes: [UInt8]) -> String {
    var (text, held, bits): ([UInt8], Int, Int) = ([], 0, 0)
    for byte in bytes {
      (held, bits) = (held << 8 | Int(byte), bits + 8)
      while bits >= 5 {
        bits -= 5
        text.append(alphabet[held >> bits & 31])
      }
      held &= 1 << bits - 1
    }
    if bits > 0 { text.append(alphabet[held << (5 - bits) & 31]) }
    return String(decoding: text, as: UTF8.self)
  }

  /// Takes both cases; nil for anything else than its letters, or bits that encoding leaves zero.
  public static func decode(_ text: String) -> [UInt8]? {
    var (bytes, held, bits): ([UInt8], Int, Int) = ([], 0, 0)
    for character in text.utf8 {
      let upper = (97...122).contains(character) ? character - 32 : character
      guard let value = alphabet.firstIndex(of: upper) else { return nil }
      (held, bits) = (held << 5 | value, bits + 5)
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: held >> bits))
        held &= 1 << bits - 1
      }
    }
    return held == 0 && bits < 5 ? bytes : nil
  }
}
