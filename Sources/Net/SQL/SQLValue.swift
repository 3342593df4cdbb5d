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
