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
    return lines.joined(separator: "\n")
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
    for spec in commands {
      let own = spec.words.count == 1 ? "" : spec.words[0]
      if own != noun || lines.count == 2 { lines.append("") }
      noun = own
      lines += aligned([(spec.name, spec.summary[language])], width: 20)
    }
    return lines.joined(separator: "\n")
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
