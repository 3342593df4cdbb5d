public import Model

/// A command with what the user gave it, and what it works with.
struct Invocation: Sendable {
  var spec: CommandSpec
  var arguments: [String]
  /// By the flag's full name; a flag without a value has one empty text.
  var flags: [String: [String]]
  var bench: Workbench
  var language: Language
  var format: OutputFormat

  func has(_ flag: String) -> Bool { flags[flag] != nil }
  func value(_ flag: String) -> String? { flags[flag]?.last }
  func values(_ flag: String) -> [String] { flags[flag] ?? [] }

  var console: Console { bench.console }
  var data: String? { value("--data") }
  var namespace: String? { value("--namespace") }
  var isQuiet: Bool { has("--quiet") }

  func text(_ bilingual: Bilingual) -> String { bilingual[language] }

  func integer(_ flag: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
    guard let text = value(flag) else { return nil }
    guard let integer = Int(text), range.contains(integer) else {
      throw UsageError(
        Bilingual(
          "\(flag) takes a whole number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\".",
          pt: "\(flag) aceita um inteiro de \(range.lowerBound) a \(range.upperBound), não \"\(text)\"."))
    }
    return integer
  }

  func duration(_ flag: String) throws(UsageError) -> Duration? {
    guard let text = value(flag) else { return nil }
    guard let duration = Duration(text: text), duration >= .zero else {
      throw UsageError(
        Bilingual(
          "\(flag) takes a duration such as 90s or 5m, not \"\(text)\".",
          pt: "\(flag) aceita uma duração como 90s ou 5m, não \"\(text)\"."))
    }
    return duration
  }

  /// A moment, or a duration before now such as `-2h`.
  func moment(_ flag: String) throws(UsageError) -> Timestamp? {
    guard let text = value(flag) else { return nil }
    if let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z") { return time }
    if text.hasPrefix("-"), let back = Duration(text: String(text.dropFirst())) {
      return bench.now() + (.zero - back)
    }
    throw UsageError(
      Bilingual(
        "\(flag) takes a time such as 2026-11-20, 2026-11-20T09:00:00Z or -2h, not \"\(text)\".",
        pt: "\(flag) aceita uma hora como 2026-11-20, 2026-11-20T09:00:00Z ou -2h, não \"\(text)\"."))
  }

  /// `namespace~name` of what is written `namespace/name`, or `name` with `-n`.
  func identifier(_ text: String) throws(UsageError) -> String {
    let parts = text.cut(at: "/")
    if parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) { return parts.joined(separator: "~") }
    if parts.count == 1, let namespace { return "\(namespace)~\(text)" }
    throw UsageError(
      Bilingual("\"\(text)\" has no namespace.", pt: "\"\(text)\" não tem espaço de nomes."),
      remedy: Bilingual("Write namespace/name, or give -n.", pt: "Escreva espaço/nome, ou use -n."))
  }
}

/// The user's words cannot be understood: exit 2.
public struct UsageError: Error, Sendable, Hashable {
  public var message: Bilingual
  public var remedy: Bilingual?

  init(_ message: Bilingual, remedy: Bilingual? = nil) { (self.message, self.remedy) = (message, remedy) }
}

enum OutputFormat: String, Sendable, CaseIterable {
  case table, json, jsonl, id
}
