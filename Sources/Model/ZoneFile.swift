extension Zone {
  /// Reads a TZif file of version 2 or later (RFC 9636). Nil for anything else, and for zones that count
  /// leap seconds, which our seconds do not.
  init?(name: String, file bytes: [UInt8]) {
    var file = ZoneFile(bytes: bytes[...])
    guard let old = file.header(), old.version >= UInt8(ascii: "2"), file.skip(old.size(timeBytes: 4)),
      let header = file.header(), header.leaps == 0
    else { return nil }
    guard let transitions = file.times(header.times), let indices = file.take(header.times),
      let types = file.offsets(header.types), let first = types.first,
      file.skip(header.names + header.standard + header.universal),
      let rule = ZoneRule(footer: file.footer())
    else { return nil }
    let inOrder = zip(transitions, transitions.dropFirst()).allSatisfy { $0 < $1 }
    guard inOrder, indices.allSatisfy({ $0 < types.count }) else { return nil }
    self.init(
      name: name, transitions: transitions, offsets: indices.map { types[Int($0)] }, first: first,
      rule: transitions.isEmpty && rule.isEmpty ? ZoneRule(constant: first) : rule)
  }
}

/// The parts of a TZif file, taken from the front.
private struct ZoneFile {
  struct Header {
    var version: UInt8
    var universal, standard, leaps, times, types, names: Int

    func size(timeBytes: Int) -> Int {
      times * (timeBytes + 1) + types * 6 + names + leaps * (timeBytes + 4) + standard + universal
    }
  }

  var bytes: ArraySlice<UInt8>

  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= bytes.count else { return nil }
    defer { bytes.removeFirst(count) }
    return bytes.prefix(count)
  }

  mutating func skip(_ count: Int) -> Bool { take(count) != nil }

  mutating func header() -> Header? {
    guard let head = take(20), head.starts(with: "TZif".utf8) else { return nil }
    guard let counts = take(24) else { return nil }
    let count = (0..<6).map { Int(Self.number(counts.dropFirst($0 * 4).prefix(4))) }
    return Header(
      version: head[head.startIndex + 4], universal: count[0], standard: count[1], leaps: count[2],
      times: count[3], types: count[4], names: count[5])
  }

  mutating func times(_ count: Int) -> [Int64]? {
    guard let part = take(count * 8) else { return nil }
    return (0..<count).map {
      Int64(bitPattern: Self.number(part.dropFirst($0 * 8).prefix(8)))
    }
  }

  mutating func offsets(_ count: Int) -> [Int]? {
    guard let part = take(count * 6) else { return nil }
    return (0..<count).map {
      Int(Int32(truncatingIfNeeded: Self.number(part.dropFirst($0 * 6).prefix(4))))
    }
  }

  /// The text between the two newlines at the end; empty where it is missing.
  func footer() -> String {
    guard bytes.first == 0x0A else { return "" }
    return String(decoding: bytes.dropFirst().prefix { $0 != 0x0A }, as: UTF8.self)
  }

  static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
