/// Cuts what comes in pieces into lines.
struct MessageLines {
  private var rest: [UInt8] = []
  private var total = 0

  enum Fault: Error, Hashable { case longLine, tooMuch }

  /// The lines that are whole now; empty ones are left out.
  mutating func take(_ bytes: ArraySlice<UInt8>) throws(Fault) -> [ArraySlice<UInt8>] {
    total += bytes.count
    guard total <= ProtocolLimits.bytes else { throw .tooMuch }
    guard let last = bytes.lastIndex(of: UInt8(ascii: "\n")) else {
      rest += bytes
      if rest.count > ProtocolLimits.line { throw .longLine }
      return []
    }
    let whole = rest + bytes[..<last]
    rest = Array(bytes[(last + 1)...])
    let lines = whole.split(separator: UInt8(ascii: "\n"))
    guard lines.allSatisfy({ $0.count <= ProtocolLimits.line }) else { throw .longLine }
    return lines
  }

  /// What stands behind the last newline.
  var isEmpty: Bool { rest.isEmpty }
}
