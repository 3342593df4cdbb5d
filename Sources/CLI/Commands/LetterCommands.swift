import API
import Model

extension ArgumentSpec {
  fileprivate static let letter = ArgumentSpec(
    "LETTER", Bilingual("the letter's number", pt: "o número da carta"))
  static let letters = ArgumentSpec(
    "LETTER", required: false, repeated: true, Bilingual("numbers of letters", pt: "números de cartas"))
}

extension FlagSpec {
  static let fingerprint = FlagSpec(
    "--fingerprint", value: "TEXT",
    Bilingual("those that failed in this way", pt: "as que falharam desta forma"))
  static let letterKind = FlagSpec(
    "--kind", value: "WORD",
    Bilingual("message, signal, job, step or delivery", pt: "message, signal, job, step ou delivery"))
  static let letterPipeline = FlagSpec(
    "--pipeline", value: "PIPELINE", Bilingual("those of a pipeline", pt: "as de um pipeline"))
}

/// `dlq ls`
enum LetterList {
  static let spec = CommandSpec(
    "dlq ls",
    Bilingual(
      "lists what ran out, grouped by how it failed", pt: "lista o que se esgotou, por tipo de falha"),
    flags: [
      .fingerprint, .letterKind, .letterPipeline,
      FlagSpec(
        "--state", value: "WORD",
        Bilingual(
          "open (as is usual), replayed, discarded or all", pt: "open (o usual), replayed, discarded ou all")
      ),
      FlagSpec(
        "--each",
        Bilingual(
          "each letter; so it is with --fingerprint", pt: "cada carta; com --fingerprint já é assim")),
      .sort(LettersQuery.schema),
      FlagSpec("--limit", value: "N", Bilingual("at most so many (50)", pt: "no máximo tantas (50)")),
    ],
    examples: [
      .init("esteira dlq ls", Bilingual("how many failed in which way", pt: "quantas falharam, e como")),
      .init(
        "esteira dlq ls --fingerprint 'invalid-input demo/daily inbox'",
        Bilingual("each letter of one group", pt: "cada carta de um grupo")),
      .init(
        "esteira dlq ls --each --state discarded",
        Bilingual("what was put away", pt: "o que foi descartado")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let selection = try call.letterSelection()
    if call.has("--each") || call.has("--sort") || selection.fingerprint != nil {
      return try await each(selection, call)
    }
    let query = LetterGroupsQuery(
      selection, state: call.value("--state"), limit: try call.integer("--limit", in: 1...200))
    let page = try await call.withClient(.reading) { try await $0.call(DeadLetterCalls.groups, query) }
    var listing = Listing(
      columns: [
        Bilingual("COUNT", pt: "QUANTAS"), Bilingual("KIND", pt: "TIPO"), Bilingual("FIRST", pt: "PRIMEIRA"),
        Bilingual("LAST", pt: "ÚLTIMA"), Bilingual("EXAMPLE", pt: "EXEMPLO"),
        Bilingual("FINGERPRINT", pt: "FALHA"),
      ], empty: empty)
    let words = Words(language: call.language)
    listing.rows = page.items.map { group in
      Listing.Row(
        cells: [
          String(group.count), group.kind, words.time(group.firstAt), words.time(group.lastAt),
          String(group.example), group.fingerprint.printable,
        ], json: group.json, id: group.fingerprint)
    }
    call.show(listing)
    return .done
  }

  private static func each(_ selection: LetterSelection, _ call: Invocation) async throws -> ExitCode {
    let limit = try call.integer("--limit", in: 1...10_000) ?? 50
    let sort = try call.sort(LettersQuery.schema)
    let letters = try await call.withClient(.reading) { client in
      try await client.items(limit: limit) { cursor, limit in
        var query = LettersQuery(selection, state: call.value("--state"), limit: limit, cursor: cursor)
        query.sort = sort
        return try await client.call(DeadLetterCalls.list, query)
      }
    }
    var listing = Listing(
      columns: [
        Bilingual("ID", pt: "ID"), Bilingual("KIND", pt: "TIPO"), Bilingual("STATE", pt: "ESTADO"),
        Bilingual("TRIES", pt: "VEZES"), Bilingual("LAST", pt: "ÚLTIMA"), Bilingual("OF", pt: "DE"),
        Bilingual("ERROR", pt: "ERRO"),
      ], empty: empty)
    let words = Words(language: call.language)
    listing.rows = letters.map { letter in
      Listing.Row(
        cells: [
          String(letter.id), letter.kind, letter.state, String(letter.tries), words.time(letter.lastAt),
          LetterGet.origin(letter).printable, words.value(letter.error["message"] ?? .null).printable,
        ], json: letter.json, id: String(letter.id))
    }
    call.show(listing)
    return .done
  }

  private static let empty = Bilingual("There are no such letters.", pt: "Não há cartas assim.")
}

/// `dlq get LETTER`
enum LetterGet {
  static let spec = CommandSpec(
    "dlq get",
    Bilingual("shows a dead letter and what it holds", pt: "mostra uma carta morta e o que ela traz"),
    arguments: [.letter],
    examples: [
      .init(
        "esteira dlq get 12",
        Bilingual(
          "the error, the content, and who did what", pt: "o erro, o conteúdo, e quem fez o quê"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let path = LetterPath(id: try call.letterIDs()[0])
    let detail = try await call.withClient(.reading) { try await $0.call(DeadLetterCalls.get, path) }
    call.show(lines(detail, call), json: detail.json, id: String(detail.letter.id))
    return .done
  }

  /// Where it comes from, in a word or two.
  static func origin(_ letter: LetterItem) -> String {
    if letter.kind == "delivery" {
      let (type, destination) = (letter.source["type"]?.string, letter.source["destination"]?.string)
      return "\(letter.pipeline ?? letter.namespace) \(type ?? "") -> \(destination ?? "")"
    }
    let name =
      letter.kind == "signal"
      ? "\(letter.namespace)/\(letter.source["name"]?.string ?? "")" : letter.pipeline ?? letter.namespace
    let part =
      letter.source["trigger"]?.string ?? letter.source["path"]?.string ?? letter.source["key"]?.string
    return part.map { "\(name) \($0)" } ?? name
  }

  private static func lines(_ detail: LetterDetail, _ call: Invocation) -> [String] {
    let (letter, words) = (detail.letter, Words(language: call.language))
    var lines = ["LETTER \(letter.id)  \(letter.kind)  \(letter.state)  \(origin(letter).printable)"]
    func add(_ name: Bilingual, _ value: String) {
      lines.append("  " + call.text(name).padded(to: 10) + value.printable)
    }
    let code = letter.error["code"]?.string ?? ""
    add(Bilingual("error", pt: "erro"), "\(code): \(letter.error["message"]?.string ?? "")")
    if let job = letter.job { add(Bilingual("job", pt: "job"), job) }
    if let key = letter.source["key"]?.string { add(Bilingual("key", pt: "chave"), key) }
    if let actor = (letter.source["actor"] ?? letter.source["source"])?.string {
      add(Bilingual("from", pt: "de"), actor)
    }
    add(Bilingual("first", pt: "primeira"), words.time(letter.firstAt))
    add(Bilingual("last", pt: "última"), "\(words.time(letter.lastAt)) × \(letter.tries)")
    add(Bilingual("alike", pt: "iguais"), letter.fingerprint)
    if let became = letter.became { add(Bilingual("became", pt: "virou"), became.text) }
    lines += detail.acts.map { act in
      let note = act.note.map { ": \($0)" } ?? ""
      return "  * \(words.time(act.at))  \(act.by): \(act.act)\(note)".printable
    }
    if let original = detail.original {
      lines += show(original, Bilingual("content", pt: "conteúdo"), call)
    }
    if let edited = detail.edited { lines += show(edited, Bilingual("edited", pt: "editado"), call) }
    return lines
  }

  private static func show(_ content: JSON, _ name: Bilingual, _ call: Invocation) -> [String] {
    ["  " + call.text(name)]
      + content.prettyText.split(separator: "\n").map { "    " + String($0).printable }
  }
}

extension Invocation {
  func letterSelection() throws -> LetterSelection {
    LetterSelection(
      namespace: namespace, kind: value("--kind"),
      pipeline: try value("--pipeline").map { try identifier($0) }, fingerprint: value("--fingerprint"))
  }

  func letterIDs() throws(UsageError) -> [Int64] {
    var ids: [Int64] = []
    for text in arguments {
      guard let id = Int64(text), id > 0 else {
        throw UsageError(
          Bilingual(
            "\"\(text)\" is not the number of a letter.", pt: "\"\(text)\" não é o número de uma carta."),
          remedy: Bilingual("List them with: esteira dlq ls --each", pt: "Liste com: esteira dlq ls --each"))
      }
      ids.append(id)
    }
    return ids
  }
}
