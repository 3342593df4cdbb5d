/// One value of a row or of a parameter, as database engines keep it.
public enum SQLValue: Sendable, Hashable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case bytes([UInt8])
  /// Of engines that tell it from a number.
  case boolean(Bool)
  /// The text of a JSON document.
  case document(String)
}

extension SQLValue {
  /// A decimal as an engine writes it. One that a double would round, and an infinite one, stay text.
  init(decimal text: String) {
    let digits = text.utf8.count { (0x30...0x39).contains($0) }
    if digits <= 15, let number = Double(text), number.isFinite {
      self = Int64(text).map { .integer($0) } ?? .real(number)
    } else {
      self = .text(text)
    }
  }
}
