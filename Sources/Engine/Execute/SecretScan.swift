/// Finds many byte strings in one pass over a text that may come in pieces (Aho and Corasick).
struct SecretScan: Sendable {
  /// What each byte leads to from the start, where most of a text is read; empty without a string.
  private var starts: [Int32] = []
  private var edges: [UInt64: Int32] = [:]
  private var fallbacks: [Int32] = [0]
  private var depths: [Int32] = [0]
  /// The length of the longest string that ends here; 0: none.
  private var found: [Int32] = [0]
  let isEmpty: Bool

  init(_ strings: Set<[UInt8]>) {
    isEmpty = strings.isEmpty
    if isEmpty { return }
    starts = [Int32](repeating: 0, count: 256)
    for string in strings { insert(string) }
    link()
  }

  private mutating func insert(_ string: [UInt8]) {
    var node: Int32 = 0
    for byte in string {
      if let next = edge(node, byte) {
        node = next
      } else {
        let next = Int32(depths.count)
        if node == 0 { starts[Int(byte)] = next } else { edges[Self.key(node, byte)] = next }
        depths.append(depths[Int(node)] + 1)
        fallbacks.append(0)
        found.append(0)
        node = next
      }
    }
    found[Int(node)] = depths[Int(node)]
  }

  /// Nodes by their depth: that of a fallback is smaller, so it is complete before it is needed.
  private mutating func link() {
    let inner = edges.sorted { (depths[Int($0.value)], $0.value) < (depths[Int($1.value)], $1.value) }
    for (key, node) in inner {
      let (parent, byte) = (Int32(truncatingIfNeeded: key >> 8), UInt8(truncatingIfNeeded: key))
      let fallback = step(fallbacks[Int(parent)], byte)
      fallbacks[Int(node)] = fallback
      if found[Int(node)] == 0 { found[Int(node)] = found[Int(fallback)] }
    }
  }

  private static func key(_ node: Int32, _ byte: UInt8) -> UInt64 { UInt64(UInt32(node)) << 8 | UInt64(byte) }

  private func edge(_ node: Int32, _ byte: UInt8) -> Int32? {
    if node == 0 { return starts[Int(byte)] == 0 ? nil : starts[Int(byte)] }
    return edges[Self.key(node, byte)]
  }

  /// Where this byte leads.
  func step(_ node: Int32, _ byte: UInt8) -> Int32 {
    var node = node
    while node != 0 {
      if let next = edges[Self.key(node, byte)] { return next }
      node = fallbacks[Int(node)]
    }
    return starts[Int(byte)]
  }

  /// How many of the last bytes may belong to a string that has not ended.
  func depth(_ node: Int32) -> Int { Int(depths[Int(node)]) }

  /// How many of the last bytes are a whole string; 0: none.
  func length(endingAt node: Int32) -> Int { Int(found[Int(node)]) }
}
