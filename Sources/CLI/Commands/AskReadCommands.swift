import API
import Model

extension ArgumentSpec {
  static let ask = ArgumentSpec(
    "ASK", Bilingual("the question's id, or its beginning", pt: "o id da pergunta, ou o começo dele"))
}

/// `ask ls`
enum AskList {
  static let spec = CommandSpec(
    "ask ls", Bilingual("lists the questions to people", pt: "lista as perguntas a pessoas"),
    flags: [
      FlagSpec("--mine", Bilingual("only those that ask me", pt: "só as que perguntam a mim")),
      FlagSpec(
        "--state", value: "WORD",
        Bilingual(
          "open (as is usual), decided, expired, closed or all",
          pt: "open (o usual), decided, expired, closed ou all")),
      .sort(AsksQuery.schema),
      FlagSpec("--limit", value: "N", Bilingual("at most so many (50)", pt: "no máximo tantas (50)")),
    ],
    examples: [
      .init("esteira ask ls --mine", Bilingual("what waits for me", pt: "o que espera por mim")),
      .init(
        "esteira ask ls --state expired", Bilingual("what nobody answered", pt: "o que ninguém respondeu")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let limit = try call.integer("--limit", in: 1...10_000) ?? 50
    let sort = try call.sort(AsksQuery.schema)
    return try await call.withClient(.reading) { client in
      let asks = try await client.items(limit: limit) { cursor, limit in
        var query = AsksQuery(
          namespace: call.namespace, state: call.value("--state"), mine: call.has("--mine"), limit: limit,
          cursor: cursor)
        query.sort = sort
        return try await client.call(AskCalls.list, query)
      }
      call.show(listing(asks, call))
      let state = call.value("--state") ?? "open"
      if ["open", "all"].contains(state) { try await call.tellUndecidedJobs(client) }
      return .done
    }
  }

  private static func listing(_ asks: [AskItem], _ call: Invocation) -> Listing {
    let words = AskWords(call)
    var listing = Listing(
      columns: [
        Bilingual("ID", pt: "ID"), Bilingual("PIPELINE", pt: "PIPELINE"),
        Bilingual("QUESTION", pt: "PERGUNTA"), Bilingual("TO", pt: "PARA"),
        Bilingual("EXPIRES", pt: "EXPIRA"),
      ], empty: Bilingual("There are no such questions.", pt: "Não há perguntas assim."))
    listing.rows = asks.map { ask in
      Listing.Row(
        cells: [
          Words.short(ask.id), ask.pipeline, words.words.value(.string(ask.title)).printable,
          words.people(ask.assignees), words.expiry(ask),
        ], json: ask.json, id: ask.id)
    }
    return listing
  }
}

/// `ask get ASK`
enum AskGet {
  static let spec = CommandSpec(
    "ask get", Bilingual("shows a question and its answers", pt: "mostra uma pergunta e as respostas"),
    arguments: [.ask],
    examples: [
      .init(
        "esteira ask get 019a0c40",
        Bilingual("what is shown, the choices, and the hash", pt: "o que é mostrado, as opções e o hash"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let ask = try await call.withClient(.reading) {
      try await $0.call(AskCalls.get, AskPath(id: call.arguments[0]))
    }
    call.show(lines(ask, call), json: ask.json, id: ask.ask.id)
    return .done
  }

  private static func lines(_ detail: AskDetail, _ call: Invocation) -> [String] {
    let (words, ask) = (AskWords(call), detail.ask)
    var lines = ["ASK \(ask.id)  \(ask.pipeline)  \(ask.state)", "  " + ask.title.printable]
    func add(_ name: Bilingual, _ value: String) {
      lines.append("  " + call.text(name).padded(to: 10) + value)
    }
    add(Bilingual("job", pt: "job"), "\(ask.job) \(ask.path.printable)")
    add(Bilingual("to", pt: "para"), words.people(ask.assignees))
    if !detail.requesterMayAnswer {
      add(Bilingual("but", pt: "exceto"), call.text(Bilingual("who started it", pt: "quem iniciou")))
    }
    if ask.quorum > 1 { add(Bilingual("quorum", pt: "quórum"), String(ask.quorum)) }
    add(Bilingual("expires", pt: "expira"), "\(words.expiry(ask)) -> \(detail.onExpiry)")
    if let choice = ask.choice { add(Bilingual("decided", pt: "decidida"), choice) }
    add(Bilingual("sha256", pt: "sha256"), detail.shown)
    lines += detail.choices.map { words.choice($0) }
    lines += detail.answers.map { words.answer($0) }
    if detail.show.object?.isEmpty == false {
      lines += detail.show.prettyText.split(separator: "\n").map { "  " + String($0).printable }
    }
    return lines
  }
}

/// How questions are worded for people.
struct AskWords {
  let words: Words
  private let now: Timestamp
  private let call: Invocation

  init(_ call: Invocation) {
    (words, now, self.call) = (Words(language: call.language), call.bench.now(), call)
  }

  /// `ana, compliance`; everybody where nobody is named.
  func people(_ assignees: [String]) -> String {
    if assignees.isEmpty { return call.text(Bilingual("everybody", pt: "todos")) }
    return assignees.map { $0.split(separator: ":", maxSplits: 1).last.map(String.init) ?? $0 }
      .joined(separator: ", ").printable
  }

  /// `in 3 h 58 min`, or how the question ended.
  func expiry(_ ask: AskItem) -> String {
    guard ask.state == "open" else { return "\(ask.state) \(words.time(ask.closedAt))" }
    guard let expires = ask.expiresAt else { return "-" }
    let left = words.duration(expires - now)
    return call.text(Bilingual("in \(left)", pt: "em \(left)"))
  }

  func choice(_ choice: JSON) -> String {
    let name = choice["name"]?.string ?? ""
    var line = "  - \(name)"
    if let label = choice["label"]?.string, label != name { line += "  \(label)" }
    if choice["approves"]?.bool == true { line += "  " + call.text(Bilingual("(approves)", pt: "(aprova)")) }
    if let form = choice["form"] { line += "  --form \(form.text)" }
    return line.printable
  }

  func answer(_ answer: JSON) -> String {
    let by = answer["by"]?.string ?? "?"
    var who = by
    if let person = answer["on_behalf_of"]?.string {
      who = call.text(Bilingual("\(by) for \(person)", pt: "\(by) por \(person)"))
    }
    var line = "  * \(answer["at"]?.string ?? "")  \(who): \(answer["choice"]?.string ?? "")"
    if let form = answer["form"] { line += "  \(form.text)" }
    if let comment = answer["comment"]?.string { line += "  \"\(comment)\"" }
    if answer["counts"]?.bool == false {
      line += "  " + call.text(Bilingual("(does not count)", pt: "(não conta)"))
    }
    return line.printable
  }
}
