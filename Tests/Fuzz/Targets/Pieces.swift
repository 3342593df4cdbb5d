/// The ways in which a stream may bring the same bytes.
enum Pieces {
  /// At once, one by one, and in two uneven sizes in turn.
  static let ways: [[Int]] = [[Int.max], [1], [2, 7]]

  static func cut(_ bytes: [UInt8], _ sizes: [Int]) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let size = sizes[pieces.count % sizes.count]
      pieces.append(rest.prefix(size))
      rest = rest.dropFirst(size)
    }
    return pieces
  }

  /// What every way of bringing the bytes must give, made by `read` of the pieces.
  static func same<Outcome: Equatable>(
    _ bytes: [UInt8], _ read: ([ArraySlice<UInt8>]) throws(Broken) -> Outcome
  ) throws(Broken) -> Outcome {
    let whole = try read(cut(bytes, ways[0]))
    for way in ways.dropFirst() {
      let other = try read(cut(bytes, way))
      try promise(other == whole, "Pieces of \(way) give \(other), the whole gives \(whole).")
    }
    return whole
  }
}

extension [UInt8] {
  /// The bytes as text; what is no UTF-8 becomes the replacement character.
  var decoded: String { String(decoding: self, as: UTF8.self) }
}
