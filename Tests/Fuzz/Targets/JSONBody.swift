import Model

/// What is read can be written, and reads as the same again.
enum JSONBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let value: JSON
    do throws(JSONError) {
      value = try JSON(parsing: bytes)
    } catch {
      try promise((0...bytes.count).contains(error.offset), "A fault lies at \(error.offset).")
      return try promise(error.line > 0 && error.column > 0, "A fault has no place.")
    }
    try same(value, value.serialized())
    try same(value, Array(value.prettyText.utf8))
    try promise(value.nonFinitePath == nil, "A number without end was read.")
    try promise(!value.isDeeper(than: JSON.depthLimit), "The value is deeper than the limit.")
  }

  private static func same(_ value: JSON, _ bytes: [UInt8]) throws(Broken) {
    // What was written and cannot be read is as wrong as what reads as something else.
    let again = try? JSON(parsing: bytes)
    try promise(
      again == value && again?.serialized() == value.serialized(),
      "\(bytes.decoded) was written, and reads as \(again?.text ?? "nothing").")
  }
}
