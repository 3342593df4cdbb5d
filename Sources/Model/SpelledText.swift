extension String {
  /// The text with each scalar that `words` names written as its word, all in one pass.
  ///
  /// `replacing` looks for whole characters and so passes over a quote or a backslash that an accent or
  /// another combining mark follows: whoever reads the result byte by byte would find it unescaped.
  public func spelling(_ words: [Unicode.Scalar: String]) -> String {
    var spelled = UnicodeScalarView()
    for scalar in unicodeScalars {
      if let word = words[scalar] {
        spelled.append(contentsOf: word.unicodeScalars)
      } else {
        spelled.append(scalar)
      }
    }
    return String(spelled)
  }
}
