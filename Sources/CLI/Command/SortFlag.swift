import API
import Model

extension FlagSpec {
  /// Of a list whose query can be sorted.
  static func sort(_ query: Schema) -> FlagSpec {
    let words = query.sortWords.filter { !$0.hasPrefix("-") }.joined(separator: ", ")
    return FlagSpec(
      "--sort", value: "WORD",
      Bilingual("\(words); a - turns it round", pt: "\(words); um - inverte"))
  }
}

extension Invocation {
  func sort(_ query: Schema) throws(UsageError) -> String? {
    guard let word = value("--sort") else { return nil }
    let words = query.sortWords
    guard words.contains(word) else {
      let all = words.joined(separator: ", ")
      throw UsageError(
        Bilingual("--sort does not take \"\(word)\".", pt: "--sort não aceita \"\(word)\"."),
        remedy: Bilingual("There are: \(all).", pt: "Existem: \(all)."))
    }
    return word
  }
}

extension Schema {
  /// As the endpoint takes them.
  fileprivate var sortWords: [String] {
    members.first { $0.name == "sort" }?.schema.json["enum"]?.array?.compactMap(\.string) ?? []
  }
}
