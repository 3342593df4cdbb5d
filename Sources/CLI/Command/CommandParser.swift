import Model

/// Turns words into a command with its arguments and flags. Knows nothing but the table.
struct CommandParser: Sendable {
  var commands: [CommandSpec]

  struct Parsed: Sendable {
    var spec: CommandSpec
    var arguments: [String] = []
    var flags: [String: [String]] = [:]
  }

  /// The command that the first words name, and how many words that are.
  func command(of words: [String]) throws(UsageError) -> (spec: CommandSpec, words: Int) {
    let found = commands.filter { words.starts(with: $0.words) }.max { $0.words.count < $1.words.count }
    if let found { return (found, found.words.count) }
    throw unknownCommand(words)
  }

  /// The flags of every command may also stand before the command's own words.
  func parse(_ given: [String]) throws(UsageError) -> Parsed {
    let words = Self.commandFirst(given)
    let (spec, count) = try command(of: words)
    var parsed = Parsed(spec: spec)
    var (rest, takesFlags) = (words.dropFirst(count), true)
    while let word = rest.popFirst() {
      if takesFlags, word == "--" {
        takesFlags = false
      } else if takesFlags, word.hasPrefix("-"), word != "-" {
        try take(flag: word, &rest, into: &parsed)
      } else {
        parsed.arguments.append(word)
      }
    }
    if parsed.flags["--help"] == nil { try check(parsed) }
    return parsed
  }

  /// The common flags that lead, with their values, and the words from the command on.
  static func leading(_ words: [String]) -> (flags: [String], rest: ArraySlice<String>) {
    var (rest, flags) = (words[...], [String]())
    while let word = rest.first {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let flag = FlagSpec.common.first(where: { $0.name == parts[0] || $0.short == parts[0] })
      else { break }
      flags.append(rest.removeFirst())
      if flag.value != nil, parts.count == 1, let value = rest.popFirst() { flags.append(value) }
    }
    return (flags, rest)
  }

  /// Behind the command the flags mean the same; after a `--` they would be arguments.
  private static func commandFirst(_ words: [String]) -> [String] {
    let (flags, rest) = leading(words)
    let end = rest.firstIndex(of: "--") ?? rest.endIndex
    return rest[..<end] + flags + rest[end...]
  }

  private func take(
    flag word: String, _ rest: inout ArraySlice<String>, into parsed: inout Parsed
  ) throws(UsageError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let known = parsed.spec.flags + FlagSpec.common
    guard let flag = known.first(where: { $0.name == parts[0] || $0.short == parts[0] }) else {
      throw unknownFlag(parts[0], known, parsed.spec)
    }
    if flag.value == nil {
      guard parts.count == 1 else { throw Self.noValue(flag) }
      parsed.flags[flag.name] = [""]
      return
    }
    guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else { throw Self.missingValue(flag) }
    if parsed.flags[flag.name] != nil, !flag.isRepeated { throw Self.twice(flag) }
    parsed.flags[flag.name, default: []].append(value)
  }

  private func check(_ parsed: Parsed) throws(UsageError) {
    let (spec, given) = (parsed.spec, parsed.arguments.count)
    if let missing = spec.arguments.filter(\.isRequired).dropFirst(given).first {
      throw UsageError(
        Bilingual("\(missing.name) is missing.", pt: "Falta \(missing.name)."), remedy: Self.usage(of: spec))
    }
    if given > spec.arguments.count, spec.arguments.last?.isRepeated != true {
      let extra = parsed.arguments[spec.arguments.count]
      throw UsageError(
        Bilingual("\"\(extra)\" is one argument too many.", pt: "\"\(extra)\" é um argumento a mais."),
        remedy: Self.usage(of: spec))
    }
  }
}

extension CommandParser {
  private func unknownCommand(_ words: [String]) -> UsageError {
    let nouns = commands.map { $0.words[0] }
    let said = words.prefix { !$0.hasPrefix("-") }
    let isNoun = said.first.map(nouns.contains) ?? false
    let shown = said.prefix(2).joined(separator: " ")
    let candidates = commands.map(\.name)
    let message =
      said.isEmpty
      ? Bilingual("No command was given.", pt: "Nenhum comando foi dado.")
      : said.count == 1 && isNoun
        ? Bilingual("\"\(shown)\" needs a verb.", pt: "\"\(shown)\" precisa de um verbo.")
        : Bilingual("There is no command \"\(shown)\".", pt: "Não existe o comando \"\(shown)\".")
    if isNoun, let noun = said.first, said.count == 1 {
      let verbs = commands.filter { $0.words[0] == noun }.map(\.name).joined(separator: ", ")
      return UsageError(message, remedy: Bilingual("There are: \(verbs).", pt: "Existem: \(verbs)."))
    }
    // The verb alone is how other tools write it.
    let verb = commands.first { $0.words.count == 2 && $0.words[1] == said.first }?.name
    let near =
      verb ?? Suggestion.nearest(to: shown, in: candidates)
      ?? said.first.flatMap { Suggestion.nearest(to: $0, in: candidates) }
    return UsageError(message, remedy: near.map(Self.didYouMean) ?? Self.seeHelp)
  }

  private func unknownFlag(_ word: String, _ known: [FlagSpec], _ spec: CommandSpec) -> UsageError {
    let near = Suggestion.nearest(to: word, in: known.map(\.name))
    return UsageError(
      Bilingual("\(spec.name) has no flag \(word).", pt: "\(spec.name) não tem a opção \(word)."),
      remedy: near.map(Self.didYouMean)
        ?? Bilingual("See `esteira \(spec.name) --help`.", pt: "Veja `esteira \(spec.name) --help`."))
  }

  private static func didYouMean(_ word: String) -> Bilingual {
    Bilingual("Did you mean \"\(word)\"?", pt: "Você quis dizer \"\(word)\"?")
  }

  private static let seeHelp = Bilingual("See `esteira --help`.", pt: "Veja `esteira --help`.")

  private static func usage(of spec: CommandSpec) -> Bilingual {
    Bilingual("Usage: \(spec.usage[.english])", pt: "Uso: \(spec.usage[.portuguese])")
  }

  private static func noValue(_ flag: FlagSpec) -> UsageError {
    UsageError(
      Bilingual("\(flag.name) takes no value.", pt: "\(flag.name) não aceita valor."),
      remedy: Bilingual("Write only \(flag.name).", pt: "Escreva só \(flag.name)."))
  }

  private static func missingValue(_ flag: FlagSpec) -> UsageError {
    let value = flag.value ?? ""
    return UsageError(
      Bilingual(
        "\(flag.name) needs a value: \(flag.name) \(value).",
        pt: "\(flag.name) precisa de um valor: \(flag.name) \(value)."))
  }

  private static func twice(_ flag: FlagSpec) -> UsageError {
    UsageError(
      Bilingual("\(flag.name) was given twice.", pt: "\(flag.name) foi dado duas vezes."),
      remedy: Bilingual("Give it once.", pt: "Dê-o uma vez só."))
  }
}

enum Suggestion {
  /// The nearest of the words, if it is near enough to be meant.
  static func nearest(to word: String, in words: [String]) -> String? {
    let limit = max(1, min(3, word.unicodeScalars.count / 3))
    let ranked = words.map { (word: $0, distance: distance(word, $0)) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= limit else { return nil }
    return best.word
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
  static func distance(_ left: String, _ right: String) -> Int {
    let (a, b) = (Array(left.unicodeScalars.prefix(64)), Array(right.unicodeScalars.prefix(64)))
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var rows = [[Int](), Array(0...b.count)]
    for i in 1...a.count {
      var row = [i]
      for j in 1...b.count {
        let change = a[i - 1] == b[j - 1] ? 0 : 1
        var cost = min(rows[1][j] + 1, row[j - 1] + 1, rows[1][j - 1] + change)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { cost = min(cost, rows[0][j - 2] + 1) }
        row.append(cost)
      }
      rows = [rows[1], row]
    }
    return rows[1][b.count]
  }
}
