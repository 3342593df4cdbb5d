public import Model

/// A command as data: help, parsing and every other listing of commands come from it.
public struct CommandSpec: Sendable {
  /// Such as `["job", "start"]`.
  public let words: [String]
  public let summary: Bilingual
  public let arguments: [ArgumentSpec]
  public let flags: [FlagSpec]
  public let examples: [Example]
  let run: @Sendable (Invocation) async throws -> ExitCode

  public struct Example: Sendable {
    /// A whole command line, `esteira` included.
    public let line: String
    public let meaning: Bilingual
    init(_ line: String, _ meaning: Bilingual) { (self.line, self.meaning) = (line, meaning) }
  }

  init(
    _ words: String, _ summary: Bilingual, arguments: [ArgumentSpec] = [], flags: [FlagSpec] = [],
    examples: [Example], run: @escaping @Sendable (Invocation) async throws -> ExitCode
  ) {
    self.words = words.split(separator: " ").map(String.init)
    (self.summary, self.arguments, self.flags) = (summary, arguments, flags)
    (self.examples, self.run) = (examples, run)
  }

  public var name: String { words.joined(separator: " ") }

  /// Such as `esteira job start PIPELINE [flags]`.
  var usage: Bilingual {
    let shown = arguments.map { argument in
      let name = argument.isRepeated ? argument.name + "…" : argument.name
      return argument.isRequired ? name : "[\(name)]"
    }
    let line = (["esteira", name] + shown).joined(separator: " ")
    return Bilingual(line + " [flags]", pt: line + " [opções]")
  }
}

public struct ArgumentSpec: Sendable {
  /// In capitals, such as `PIPELINE`.
  public let name: String
  public let isRequired: Bool
  public let isRepeated: Bool
  public let help: Bilingual

  init(_ name: String, required: Bool = true, repeated: Bool = false, _ help: Bilingual) {
    (self.name, isRequired, isRepeated, self.help) = (name, required, repeated, help)
  }
}

public struct FlagSpec: Sendable {
  /// With its dashes, such as `--input`.
  public let name: String
  /// Such as `-w`.
  public let short: String?
  /// What the value looks like, such as `k=v`; nil: the flag has none.
  public let value: String?
  public let isRepeated: Bool
  public let help: Bilingual

  init(_ name: String, short: String? = nil, value: String? = nil, repeated: Bool = false, _ help: Bilingual)
  {
    (self.name, self.short, self.value) = (name, short, value)
    (isRepeated, self.help) = (repeated, help)
  }
}

extension FlagSpec {
  /// What every command takes.
  static let common: [FlagSpec] = [
    FlagSpec(
      "--data", value: "DIR",
      Bilingual("the data folder (else ESTEIRA_DATA)", pt: "a pasta de dados (ou ESTEIRA_DATA)")
    ),
    FlagSpec(
      "--server", value: "URL",
      Bilingual(
        "a server on the network (else ESTEIRA_URL)", pt: "um servidor na rede (ou ESTEIRA_URL)")),
    FlagSpec(
      "--token-file", value: "FILE",
      Bilingual(
        "a file with the token for it (else ESTEIRA_TOKEN_FILE, or the session of login)",
        pt: "um arquivo com o token dele (ou ESTEIRA_TOKEN_FILE, ou a sessão de login)")),
    FlagSpec(
      "-o", value: "FORMAT",
      Bilingual("table, json, jsonl or id", pt: "table, json, jsonl ou id")),
    FlagSpec(
      "--namespace", short: "-n", value: "NS", Bilingual("the usual namespace", pt: "o espaço de nomes usual")
    ),
    FlagSpec("--lang", value: "pt-BR|en", Bilingual("the language of sentences", pt: "o idioma das frases")),
    FlagSpec("--no-color", Bilingual("no colours", pt: "sem cores")),
    FlagSpec("--quiet", short: "-q", Bilingual("only what was asked for", pt: "só o que foi pedido")),
    FlagSpec("--help", short: "-h", Bilingual("this text", pt: "este texto")),
  ]

  static let watch = FlagSpec(
    "--watch", short: "-w", Bilingual("follow until the job ends", pt: "acompanha até o fim do job"))
  static let timeout = FlagSpec(
    "--timeout", value: "10m",
    Bilingual(
      "stop watching after this long (exit 5); the job goes on",
      pt: "para de acompanhar depois disso (saída 5); o job continua"))
  static let acceptPartial = FlagSpec(
    "--accept-partial", Bilingual("partial success exits 0", pt: "sucesso parcial sai com 0"))
}
