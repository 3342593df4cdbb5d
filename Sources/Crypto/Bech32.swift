/// Bytes as text with a name and a check against typing mistakes (BIP 173), without its limit of 90
/// characters, as age writes its keys.
public enum Bech32 {
  private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
  private static let checkSize = 6
  private static let longest = 1_000

  /// Lower case. `name` is of printable ASCII.
  public static func encode(name: String, _ bytes: [UInt8]) -> String {
    let name = name.lowercased()
    let groups = regroup(bytes, from: 8, to: 5, pads: true) ?? []
    let check = polynomial(expand(name) + groups + [UInt8](repeating: 0, count: checkSize)) ^ 1
    let last = (0..<checkSize).map { UInt8(check >> UInt32(5 * (checkSize - 1 - $0)) & 31) }
    return name + "1" + String(decoding: (groups + last).map { alphabet[Int($0)] }, as: UTF8.self)
  }

  /// Nil for mixed case, a wrong check, and bits left over. The name comes in lower case.
  public static func decode(_ text: String) -> (name: String, bytes: [UInt8])? {
    let isUpper = text.utf8.contains { (0x41...0x5A).contains($0) }
    let isLower = text.utf8.contains { (0x61...0x7A).contains($0) }
    guard !(isUpper && isLower), text.utf8.count <= longest,
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    let lower = Array(text.lowercased().utf8)
    guard let mark = lower.lastIndex(of: UInt8(ascii: "1")), mark > 0, lower.count - mark - 1 >= checkSize
    else { return nil }
    let name = String(decoding: lower[..<mark], as: UTF8.self)
    var groups: [UInt8] = []
    for character in lower[(mark + 1)...] {
      guard let place = alphabet.firstIndex(of: character) else { return nil }
      groups.append(UInt8(place))
    }
    guard polynomial(expand(name) + groups) == 1,
      let bytes = regroup(groups.dropLast(checkSize), from: 5, to: 8, pads: false)
    else { return nil }
    return (name, bytes)
  }

  private static func expand(_ name: String) -> [UInt8] {
    name.utf8.map { $0 >> 5 } + [0] + name.utf8.map { $0 & 31 }
  }

  private static func polynomial(_ values: [UInt8]) -> UInt32 {
    let generator: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
    var check: UInt32 = 1
    for value in values {
      let top = check >> 25
      check = (check & 0x1ff_ffff) << 5 ^ UInt32(value)
      for bit in 0..<5 where top >> UInt32(bit) & 1 == 1 { check ^= generator[bit] }
    }
    return check
  }

  private static func regroup(
    _ values: some Sequence<UInt8>, from: Int, to: Int, pads: Bool
  ) -> [UInt8]? {
    var (held, bits, groups): (UInt32, Int, [UInt8]) = (0, 0, [])
    for value in values {
      held = (held << UInt32(from) | UInt32(value)) & 0xfff
      bits += from
      while bits >= to {
        bits -= to
        groups.append(UInt8(held >> UInt32(bits) & (1 << UInt32(to) - 1)))
      }
    }
    let rest = UInt8(held << UInt32(to - bits) & (1 << UInt32(to) - 1))
    if pads {
      if bits > 0 { groups.append(rest) }
    } else if bits >= from || rest != 0 {
      return nil
    }
    return groups
  }
}
