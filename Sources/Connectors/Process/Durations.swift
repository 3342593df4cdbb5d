extension Duration {
  /// Whole milliseconds, towards zero; a day at most, which is more than any wait here.
  var milliseconds: Int64 {
    if self >= .seconds(86_400) { return 86_400_000 }
    return components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
  }
}
