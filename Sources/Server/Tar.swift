import Model

/// As much of the tar format (POSIX ustar, pax for long names) as it takes to write files.
enum Tar {
  static let block = 512
  /// Two empty blocks.
  static let end = [UInt8](repeating: 0, count: 2 * block)

  /// What stands before a file's bytes.
  static func header(_ name: String, size: Int64, at time: Timestamp) -> [UInt8] {
    let bytes = Array(name.utf8)
    guard bytes.count > 100 || bytes.contains(where: { $0 >= 128 }) else {
      return header(bytes, size: size, at: time, kind: UInt8(ascii: "0"))
    }
    let record = paxRecord("path", bytes)
    return header(Array("pax".utf8), size: Int64(record.count), at: time, kind: UInt8(ascii: "x")) + record
      + padding(after: Int64(record.count))
      + header(Array(bytes.prefix(100)), size: size, at: time, kind: UInt8(ascii: "0"))
  }

  /// A file ends at a whole block.
  static func padding(after size: Int64) -> [UInt8] {
    [UInt8](repeating: 0, count: Int((Int64(block) - size % Int64(block)) % Int64(block)))
  }

  private static func header(_ name: [UInt8], size: Int64, at time: Timestamp, kind: UInt8) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: block)
    func put(_ text: some Sequence<UInt8>, at place: Int) {
      for (index, byte) in text.enumerated() { bytes[place + index] = byte }
    }
    put(name, at: 0)
    put(octal(0o600, digits: 7), at: 100)
    put(octal(0, digits: 7), at: 108)
    put(octal(0, digits: 7), at: 116)
    put(octal(size, digits: 11), at: 124)
    put(octal(max(0, time.microseconds / 1_000_000), digits: 11), at: 136)
    put([UInt8](repeating: UInt8(ascii: " "), count: 8), at: 148)
    bytes[156] = kind
    put(Array("ustar\u{0}00".utf8), at: 257)
    let sum = bytes.reduce(Int64(0)) { $0 + Int64($1) }
    put(octal(sum, digits: 6) + [0, UInt8(ascii: " ")], at: 148)
    return bytes
  }

  private static func octal(_ value: Int64, digits: Int) -> [UInt8] {
    let text = Array(String(value, radix: 8).utf8)
    return [UInt8](repeating: UInt8(ascii: "0"), count: max(0, digits - text.count)) + text
  }

  /// `length key=value`, where the length counts its own digits.
  private static func paxRecord(_ key: String, _ value: [UInt8]) -> [UInt8] {
    let rest = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
    var length = rest.count
    while "\(length)".utf8.count + rest.count != length { length = "\(length)".utf8.count + rest.count }
    return Array("\(length)".utf8) + rest
  }
}
