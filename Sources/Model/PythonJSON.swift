extension JSON {
  /// Exactly the bytes of Python's `json.dumps(value, sort_keys=True)`, which receivers of our webhooks
  /// make again to check a signature: `", "` and `": "` between things, ASCII only, keys by code point.
  ///
  /// NaN and the infinities are refused by precondition, as in `serialized()`.
  public func pythonSorted() -> [UInt8] {
    var bytes: [UInt8] = []
    writePython(to: &bytes)
    return bytes
  }

  private func writePython(to bytes: inout [UInt8]) {
    switch self {
    case .double(let value):
      precondition(value.isFinite, "NaN and infinities are refused before a value is written as JSON.")
      bytes.append(contentsOf: PythonFloat(value).description.utf8)
    case .string(let value): Self.writePython(value, to: &bytes)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(contentsOf: ", ".utf8) }
        element.writePython(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let object):
      bytes.append(UInt8(ascii: "{"))
      let members = object.members.sorted { ScalarString($0.key) < ScalarString($1.key) }
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(contentsOf: ", ".utf8) }
        Self.writePython(member.key, to: &bytes)
        bytes.append(contentsOf: ": ".utf8)
        member.value.writePython(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    case .null, .bool, .int: write(to: &bytes)
    }
  }

  private static func writePython(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for unit in text.utf16 {
      if unit < 0x7F { JSONText.write(UInt8(unit), to: &bytes) } else { JSONText.escape(unit, to: &bytes) }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

/// A number as Python's `repr` writes it: the shortest digits that read back, with an exponent below 1e-4
/// and from 1e16 on, of two digits at least.
struct PythonFloat: CustomStringConvertible {
  private let isNegative: Bool
  /// Without zeros at either end; empty for zero.
  private let digits: [UInt8]
  /// Where the point stands, counted from the first digit.
  private let point: Int

  init(_ value: Double) {
    isNegative = value.sign == .minus
    let parts = value.magnitude.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let whole = Array(mantissa[0].utf8)
    let all = whole + (mantissa.count > 1 ? Array(mantissa[1].utf8) : [])
    let zero = UInt8(ascii: "0")
    let significant = all.drop { $0 == zero }
    digits = Array(significant.reversed().drop { $0 == zero }.reversed())
    point = whole.count + exponent - significant.startIndex
  }

  var description: String {
    let text = String(decoding: digits, as: UTF8.self)
    let sign = isNegative ? "-" : ""
    if digits.isEmpty { return sign + "0.0" }
    let exponent = point - 1
    if exponent < -4 || exponent >= 16 {
      let size = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
      return sign + text.prefix(1) + (digits.count > 1 ? "." + text.dropFirst() : "")
        + (exponent < 0 ? "e-" : "e+") + size
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + text }
    if point >= digits.count {
      return sign + text + String(repeating: "0", count: point - digits.count) + ".0"
    }
    return sign + text.prefix(point) + "." + text.dropFirst(point)
  }
}
