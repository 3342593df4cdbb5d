import Model

extension Fields {
  /// A list of texts; empty where it is absent or null.
  func texts(_ name: String) throws(WireError) -> [String] {
    guard case .array(let items)? = object[name] else {
      guard object[name] == nil || object[name] == .null else { throw Self.notTexts(name) }
      return []
    }
    let texts = items.compactMap(\.string)
    guard texts.count == items.count else { throw Self.notTexts(name) }
    return texts
  }

  /// One of these words; nil where it is absent or null.
  func word(_ name: String, of words: [String]) throws(WireError) -> String? {
    guard let word = try optionalText(name) else { return nil }
    guard words.contains(where: { $0.utf8.elementsEqual(word.utf8) }) else {
      let list = words.joined(separator: ", ")
      throw WireError(
        "/\(name)",
        Bilingual("\"\(name)\" must be one of: \(list).", pt: "\"\(name)\" deve ser um destes: \(list)."))
    }
    return word
  }

  private static func notTexts(_ name: String) -> WireError {
    WireError(
      "/\(name)",
      Bilingual("\"\(name)\" must be a list of texts.", pt: "\"\(name)\" deve ser uma lista de textos."))
  }
}
