import API
public import Model

/// The whole command line: words in, text and an exit code out.
public struct Tool: Sendable {
  private let bench: Workbench
  private let parser = CommandParser(commands: CommandTable.all)

  public init(_ bench: Workbench) { self.bench = bench }

  public func run(_ words: [String]) async -> Int32 {
    let language = Self.language(words, bench.environment)
    do {
      return try await perform(words, language).rawValue
    } catch {
      return report(error, language).rawValue
    }
  }

  private func perform(_ words: [String], _ language: Language) async throws -> ExitCode {
    let (flags, rest) = CommandParser.leading(words)
    if rest.isEmpty || Array(rest) == ["help"] {
      bench.console.out(Help(language: language).overview(CommandTable.all))
      return rest.isEmpty && Set(flags).isDisjoint(with: ["--help", "-h"]) ? .usage : .done
    }
    if let commands = Self.group(flags, rest) {
      bench.console.out(Help(language: language).group(commands))
      return .done
    }
    let parsed =
      switch rest.first {
      case "--version": try parser.parse(flags + ["version"] + rest.dropFirst())
      case "help": try parser.parse(flags + rest.dropFirst() + ["--help"])
      case _: try parser.parse(words)
      }
    if parsed.flags["--help"] != nil {
      bench.console.out(Help(language: language).text(of: parsed.spec))
      return .done
    }
    let invocation = Invocation(
      spec: parsed.spec, arguments: parsed.arguments, flags: parsed.flags, bench: bench, language: language,
      format: try Self.format(parsed.flags["-o"]?.last))
    // Before the command has begun anything that would go on without it.
    _ = try invocation.duration("--timeout")
    return try await parsed.spec.run(invocation)
  }

  /// `esteira job --help`: the commands that begin with a word which is none itself.
  private static func group(_ flags: [String], _ rest: ArraySlice<String>) -> [CommandSpec]? {
    let asksFirst = rest.first == "help" || !Set(flags).isDisjoint(with: ["--help", "-h"])
    let words = Array((rest.first == "help" ? rest.dropFirst() : rest).prefix { !$0.hasPrefix("-") })
    guard asksFirst || !Set(rest).isDisjoint(with: ["--help", "-h"]), !words.isEmpty else { return nil }
    let found = CommandTable.all.filter { $0.words.starts(with: words) }
    return found.isEmpty || found.contains { $0.words == words } ? nil : found
  }

  private static func format(_ word: String?) throws(UsageError) -> OutputFormat {
    guard let word else { return .table }
    guard let format = OutputFormat(rawValue: word) else {
      throw UsageError(
        Bilingual("There is no output format \"\(word)\".", pt: "Não existe o formato \"\(word)\"."),
        remedy: Bilingual("There are: table, json, jsonl, id.", pt: "Existem: table, json, jsonl, id."))
    }
    return format
  }

  /// `--lang`, else `ESTEIRA_LANG`, else the locale.
  public static func language(_ words: [String], _ environment: (String) -> String?) -> Language {
    var flag: String?
    for (index, word) in words.enumerated() {
      if word == "--lang", words.indices.contains(index + 1) { flag = words[index + 1] }
      if word.hasPrefix("--lang=") { flag = String(word.dropFirst(7)) }
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap(environment).first { !$0.isEmpty }
    let wish = flag ?? environment("ESTEIRA_LANG") ?? locale ?? ""
    return wish.lowercased().hasPrefix("pt") ? .portuguese : .english
  }

  private func report(_ error: any Error, _ language: Language) -> ExitCode {
    switch error {
    case let error as UsageError:
      show(code: "usage", error.message[language], error.remedy?[language])
      return .usage
    case let document as ProblemDocument:
      for item in document.errors {
        bench.console.error(item.rendered ?? "\(item.pointer ?? ""): \(item.message)")
      }
      show(code: document.code, document.detail, document.remedy, request: document.requestID)
      return ExitCode(httpStatus: document.status)
    case let problem as Problem:
      show(code: problem.code, problem.message[language], problem.remedy?[language])
      return ExitCode(code: problem.code)
    case let silent as SilentExit:
      return silent.code
    case _:
      show(code: "internal", "\(error)", nil)
      return .unreachable
    }
  }

  private func show(code: String?, _ sentence: String, _ remedy: String?, request: String = "") {
    bench.console.error("esteira: " + sentence + (code.map { " [\($0)]" } ?? ""))
    if let remedy { bench.console.error("  " + remedy) }
    if !request.isEmpty { bench.console.error("  request_id \(request)") }
  }
}

/// Everything was said already.
struct SilentExit: Error {
  var code: ExitCode
}
