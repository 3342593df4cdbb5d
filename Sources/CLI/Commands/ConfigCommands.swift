import Model

/// `config check`
enum ConfigCheck {
  static let spec = CommandSpec(
    "config check",
    Bilingual(
      "checks esteira.yaml and what surrounds it, without a start",
      pt: "confere o esteira.yaml e o que o cerca, sem iniciar nada"),
    flags: [ConfigFlags.listen],
    examples: [
      .init(
        "esteira config check --data ./data",
        Bilingual(
          "exits 2 when a server would not start so", pt: "sai com 2 se um servidor não iniciaria assim"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let report = try await call.bench.config.check(ConfigFlags.wish(call))
    switch call.format {
    case .table, .id:
      for finding in report.findings { finding.lines(call.language).forEach(call.console.error) }
    case .json: call.console.out(report.json(call.language).prettyText)
    case .jsonl: for finding in report.findings { call.console.out(finding.json(call.language).text) }
    }
    if report.findings.isEmpty, call.format == .table, !call.isQuiet {
      call.console.out(call.text(verdict(report)))
    }
    return report.findings.isEmpty ? .done : .usage
  }

  private static func verdict(_ report: ConfigReport) -> Bilingual {
    report.isThere
      ? Bilingual("\(report.file): valid", pt: "\(report.file): válido")
      : Bilingual(
        "\(report.file) is not there: everything is as usual",
        pt: "\(report.file) não existe: tudo segue o usual")
  }
}

/// `config show`
enum ConfigShow {
  static let spec = CommandSpec(
    "config show",
    Bilingual(
      "the configuration that counts, and where each value comes from; secrets are masked",
      pt: "a configuração que vale, e de onde vem cada valor; segredos ficam ocultos"),
    flags: [ConfigFlags.listen],
    examples: [
      .init(
        "esteira config show --data ./data",
        Bilingual("as a server there has it", pt: "como um servidor ali a tem")),
      .init("esteira config show -o json", Bilingual("for a script", pt: "para um script")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let entries = try await call.bench.config.show(ConfigFlags.wish(call))
    var listing = Listing(
      columns: [Bilingual("KEY", pt: "CHAVE"), Bilingual("VALUE", pt: "VALOR"), Bilingual("FROM", pt: "DE")],
      empty: Bilingual("Nothing is set.", pt: "Nada está definido."))
    listing.rows = entries.map { entry in
      Listing.Row(
        cells: [entry.key.printable, entry.shown.printable, call.text(entry.source.words)], json: entry.json,
        id: entry.key)
    }
    call.show(listing)
    return .done
  }
}

private enum ConfigFlags {
  static let listen = FlagSpec(
    "--listen", value: "ADDRESS",
    Bilingual("as `server` would be given it", pt: "como seria dado a `server`"))

  static func wish(_ call: Invocation) -> ConfigWish {
    ConfigWish(data: call.data, listen: call.values("--listen"))
  }
}

extension ConfigReport {
  fileprivate func json(_ language: Language) -> JSON {
    [
      "file": .string(file), "exists": .bool(isThere), "valid": .bool(findings.isEmpty),
      "findings": .array(findings.map { $0.json(language) }),
    ]
  }
}

extension ConfigReport.Finding {
  fileprivate func lines(_ language: Language) -> [String] {
    let numbers = [line, column].compactMap { $0 }.map { ":\($0)" }.joined()
    let remedy = problem.remedy.map { ["  " + $0[language]] } ?? []
    return ["\(place)\(numbers): error[\(problem.code)] \(problem.message[language])".printable] + remedy
  }

  fileprivate func json(_ language: Language) -> JSON {
    var json: JSONObject = [
      "code": .string(problem.code), "message": .string(problem.message[language]), "place": .string(place),
    ]
    json["line"] = line.map { .int(Int64($0)) }
    json["column"] = column.map { .int(Int64($0)) }
    json["remedy"] = problem.remedy.map { .string($0[language]) }
    return .object(json)
  }
}

extension ConfigEntry {
  fileprivate var shown: String {
    switch value {
    case .null: "-"
    case .string(let text): text
    case .bool, .int, .double, .array, .object: value.text
    }
  }

  fileprivate var json: JSON {
    var json: JSONObject = ["key": .string(key), "value": value]
    switch source {
    case .usual: json["source"] = "default"
    case .file(let path, let line):
      (json["source"], json["file"], json["line"]) = ("file", .string(path), .int(Int64(line)))
    case .environment(let name): (json["source"], json["name"]) = ("environment", .string(name))
    case .flag(let name): (json["source"], json["name"]) = ("flag", .string(name))
    }
    return .object(json)
  }
}

extension ConfigEntry.Source {
  fileprivate var words: Bilingual {
    switch self {
    case .usual: Bilingual("default", pt: "padrão")
    case .file(let path, let line): Bilingual("\(path):\(line)", pt: "\(path):\(line)")
    case .environment(let name): Bilingual("environment \(name)", pt: "ambiente \(name)")
    case .flag(let name): Bilingual("flag \(name)", pt: "opção \(name)")
    }
  }
}
