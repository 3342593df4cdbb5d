import Model

/// Help from the table: what the command is for, then how it is used, then the details.
struct Help: Sendable {
  var language: Language

  func text(of spec: CommandSpec) -> String {
    var lines = [spec.summary[language], ""]
    lines.append(Bilingual("Examples", pt: "Exemplos")[language])
    for example in spec.examples {
      lines.append("  \(example.line)")
      lines.append("      \(example.meaning[language])")
    }
    lines += ["", Bilingual("Usage", pt: "Uso")[language], "  \(spec.usage[language])"]
    if !spec.arguments.isEmpty {
      lines += ["", Bilingual("Arguments", pt: "Argumentos")[language]]
      lines += aligned(spec.arguments.map { ($0.name, $0.help[language]) })
    }
    if !spec.flags.isEmpty {
      lines += ["", Bilingual("Flags", pt: "Opções")[language]] + aligned(spec.flags.map(row))
    }
    // A command's own flag of the same name stands in its place.
    let common = FlagSpec.common.filter { flag in !spec.flags.contains { $0.name == flag.name } }
    lines += ["", Bilingual("Common flags", pt: "Opções comuns")[language]] + aligned(common.map(row))
    let longer = CommandTable.all.filter {
      $0.words.count > spec.words.count && $0.words.starts(with: spec.words)
    }
    if !longer.isEmpty {
      lines += ["", Bilingual("See also", pt: "Veja também")[language]]
      lines += aligned(longer.map { ($0.name, $0.summary[language]) })
    }
    return lines.joined(separator: "\n")
  }

  private static let exitCodes = Bilingual(
    """
    Exit codes: 0 done; 1 a job failed, or a check found something; 2 not understood; 3 not found;
      4 not allowed; 5 --timeout passed; 6 conflict; 7 no server, or not now; 8 partial; 9 needs attention.
    """,
    pt: """
      Códigos de saída: 0 feito; 1 um job falhou, ou uma verificação achou algo; 2 não entendido;
        3 não existe; 4 não permitido; 5 --timeout passou; 6 conflito; 7 sem servidor, ou não agora;
        8 partial; 9 pede atenção.
      """)

  /// Of a word that only begins commands, such as `job`.
  func group(_ commands: [CommandSpec]) -> String {
    let example = "`esteira \(commands[0].name) --help`"
    let each = Bilingual("Each explains itself: \(example).", pt: "Cada um se explica: \(example).")
    let rows = aligned(commands.map { ($0.name, $0.summary[language]) })
    return (rows + ["", each[language]]).joined(separator: "\n")
  }

  func overview(_ commands: [CommandSpec]) -> String {
    let intro = Bilingual(
      "Esteira runs data pipelines durably: a crash loses nothing.",
      pt: "Esteira executa pipelines de dados de forma durável: uma queda não perde nada.")
    let start = Bilingual(
      "Begin with `esteira run FILE`. Each command explains itself: `esteira job start --help`.",
      pt: "Comece com `esteira run ARQUIVO`. Cada comando se explica: `esteira job start --help`.")
    var lines = [intro[language], start[language]]
    var noun = ""
    let nouns = Set(commands.filter { $0.words.count > 1 }.map { $0.words[0] })
    let widest = commands.map { $0.name.unicodeScalars.count }.max() ?? 0
    for spec in commands {
      let own = nouns.contains(spec.words[0]) ? spec.words[0] : ""
      if own != noun || lines.count == 2 { lines.append("") }
      noun = own
      lines += aligned([(spec.name, spec.summary[language])], width: widest)
    }
    return (lines + ["", Self.exitCodes[language]]).joined(separator: "\n")
  }

  private func row(_ flag: FlagSpec) -> (String, String) {
    let names = (flag.short.map { "\($0), " } ?? "") + flag.name
    return (flag.value.map { "\(names) \($0)" } ?? names, flag.help[language])
  }

  private func aligned(_ rows: [(String, String)], width: Int = 0) -> [String] {
    let widest = max(width, rows.map { $0.0.unicodeScalars.count }.max() ?? 0)
    return rows.map { "  " + $0.0.padded(to: widest) + "  " + $0.1 }
  }
}

extension String {
  /// Filled up with spaces, counted in Unicode scalars.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - unicodeScalars.count))
  }
}
