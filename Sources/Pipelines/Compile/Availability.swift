public import Model

/// What this build lacks of the format, in one list: `validate` warns by it, `apply` refuses and notes by it.
enum Availability {
  static let foreignPlaces: Set<String> = ["container", "kubernetes"]

  /// Keys of the head that are checked and stored, and which nothing looks at yet.
  static let idleHead: [(key: String, inner: String?, why: Bilingual)] = [
    (
      "log_file", nil,
      Bilingual(
        "it is stored, but this version writes no such file",
        pt: "fica guardado, mas esta versão não escreve esse arquivo")
    ),
    (
      "privacy", "retention",
      Bilingual(
        "it is stored, but this version removes nothing by it",
        pt: "fica guardado, mas esta versão não apaga nada por causa disso")
    ),
  ]
}

extension Report {
  /// A warning about a thing that is stored and does nothing yet.
  func idle(_ item: String, at span: Range<Int>, path: String, _ why: Bilingual) {
    warning(
      "no-effect-yet", at: span, path: path,
      Bilingual("\(item): \(why.english).", pt: "\(item): \(why.portuguese)."),
      missing: Missing(item, .idle))
  }

  /// Warns of the parts of the head that do nothing yet.
  func tellIdle(of top: MapReading) {
    for part in Availability.idleHead {
      guard let entry = top[part.key] else { continue }
      guard let inner = part.inner else {
        idle(part.key, at: entry.keySpan, path: part.key, part.why)
        continue
      }
      guard let found = entry.value.entries?.first(where: { $0.key == inner }) else { continue }
      idle("\(part.key) \(inner)", at: found.keySpan, path: "\(part.key).\(inner)", part.why)
    }
  }

  func tellForeign(place: String, at span: Range<Int>, path: String) {
    guard Availability.foreignPlaces.contains(place) else { return }
    warning(
      "not-available", at: span, path: path,
      Bilingual(
        "isolation \(place): this version runs steps only on the node and in processes of it.",
        pt: "isolation \(place): esta versão só executa passos no nó e em processos dele."),
      remedy: Bilingual(
        "The file is valid, but apply and run refuse it here.",
        pt: "O arquivo é válido, mas apply e run o recusam aqui."),
      missing: Missing("isolation \(place)", .refused))
  }

  /// Members of a connector's `with` that it takes and does nothing with, and values that this build lacks.
  func tellIdle(_ members: [TemplateDraft.Member], of connector: ConnectorDescription, path: String) {
    tellAbsent(members, of: connector, path: path)
    for member in members where connector.idleKeys.contains(member.key) {
      idle(
        "\(connector.name) \(member.key)", at: member.keySpan, path: "\(path).\(member.key)",
        Bilingual(
          "it is taken, but has no effect in this version", pt: "é aceito, mas não tem efeito nesta versão"))
    }
  }

  private func tellAbsent(
    _ members: [TemplateDraft.Member], of connector: ConnectorDescription, path: String
  ) {
    for member in members {
      guard case .literal(.string(let text), let span) = member.value,
        let absent = connector.absentValues.first(where: { $0.key == member.key && $0.value == text })
      else { continue }
      let item = "\(connector.name) \(absent.key) \(absent.value)"
      warning(
        "not-available", at: span, path: "\(path).\(member.key)",
        Bilingual("\(item): \(absent.instead.english).", pt: "\(item): \(absent.instead.portuguese)."),
        remedy: Bilingual(
          "The file is valid, but apply and run refuse it here.",
          pt: "O arquivo é válido, mas apply e run o recusam aqui."),
        missing: Missing(item, .refused))
    }
  }
}

extension Compilation {
  /// What alone stands between the file and this build: items such as `isolation container`, each once, in
  /// the order of the file. Empty where something is wrong with the file itself.
  public var unavailable: [String] {
    let errors = findings.filter { $0.severity == .error }
    guard errors.allSatisfy({ $0.missing != nil }) else { return [] }
    var seen = Set<ScalarString>()
    return findings.compactMap(\.missing).filter { $0.consequence == .refused }.map(\.item)
      .filter { seen.insert(ScalarString($0)).inserted }
  }

  /// Why `apply` and `run` refuse a valid file here; nil where they need not.
  public var refusal: Problem? {
    let items = unavailable
    guard !items.isEmpty else { return nil }
    let list = items.joined(separator: ", ")
    return Problem(
      "not-available",
      Bilingual(
        "The file is valid, but this version does not have all of it: \(list).",
        pt: "O arquivo é válido, mas esta versão não tem tudo o que ele usa: \(list)."),
      remedy: Bilingual(
        "Apply it where that exists, or replace these steps.",
        pt: "Aplique onde isso existir, ou troque esses passos."))
  }
}
