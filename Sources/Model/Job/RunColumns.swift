/// Writes columns of numbers as runs: how much a number differs from the one before it, and how often that
/// difference follows. What is alike in many rows, or rises by one, takes a few bytes for all of them.
struct RunWriter {
  private(set) var bytes: [UInt8] = []

  mutating func number(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func append(_ text: [UInt8]) {
    number(UInt64(text.count))
    bytes.append(contentsOf: text)
  }

  mutating func column<Rows: Collection>(_ rows: Rows, _ value: (Rows.Element) -> Int64) {
    var (last, run): (Int64, (difference: Int64, count: UInt64)) = (0, (0, 0))
    for row in rows {
      let next = value(row)
      let difference = next &- last
      last = next
      if run.count > 0, difference == run.difference {
        run.count += 1
      } else {
        write(run)
        run = (difference, 1)
      }
    }
    write(run)
  }

  private mutating func write(_ run: (difference: Int64, count: UInt64)) {
    guard run.count > 0 else { return }
    // Small differences of either sign take few bytes.
    number(UInt64(bitPattern: run.difference << 1 ^ run.difference >> 63))
    number(run.count)
  }
}

/// Reads what `RunWriter` wrote, with the same calls in the same order.
struct RunReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func number() throws(FactError) -> UInt64 {
    var (value, shift): (UInt64, UInt64) = (0, 0)
    while position < bytes.count, shift < 64 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw FactError("A column of a snapshot is cut.")
  }

  /// A count of things of which each takes memory, held to a bound.
  mutating func count(atMost limit: Int) throws(FactError) -> Int {
    guard let count = Int(exactly: try number()), count <= limit else {
      throw FactError("A snapshot counts more than it may.")
    }
    return count
  }

  mutating func text() throws(FactError) -> [UInt8] {
    let count = try count(atMost: bytes.count - position)
    guard count <= bytes.count - position else { throw FactError("A snapshot is cut.") }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  mutating func column(_ count: Int, _ take: (Int, Int64) throws(FactError) -> Void) throws(FactError) {
    var (row, value): (Int, Int64) = (0, 0)
    while row < count {
      let coded = try number()
      let difference = Int64(bitPattern: coded >> 1) ^ -Int64(coded & 1)
      let run = try number()
      guard run > 0, run <= UInt64(count - row) else {
        throw FactError("A column of a snapshot is too long.")
      }
      for _ in 0..<run {
        value &+= difference
        try take(row, value)
        row += 1
      }
    }
  }
}
