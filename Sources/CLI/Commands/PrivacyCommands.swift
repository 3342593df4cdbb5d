import API
import Model

/// Whom a command is about. It is asked for at the terminal without an echo, or comes from standard input,
/// and is never an argument: others see those in the list of processes.
enum PrivacySubject {
  static let flags = [
    FlagSpec(
      "--subject-stdin",
      Bilingual(
        "the identifier comes from standard input, not from the terminal",
        pt: "o identificador vem da entrada padrão, não do terminal"))
  ]

  static func read(_ call: Invocation) throws(UsageError) -> String {
    let prompt = call.text(Bilingual("Identifier of the person: ", pt: "Identificador da pessoa: "))
    let bytes = call.has("--subject-stdin") ? call.console.input() : call.console.secret(prompt)
    guard let bytes, let text = String(validating: bytes, as: UTF8.self) else { throw missing }
    let line = text.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? ""
    guard line.contains(where: { !$0.isWhitespace }) else { throw missing }
    return line
  }

  static func namespace(_ call: Invocation) throws(UsageError) -> String {
    if let namespace = call.namespace { return namespace }
    throw UsageError(
      Bilingual(
        "Say where to look: --namespace NAME.", pt: "Diga onde procurar: --namespace NOME."))
  }

  private static let missing = UsageError(
    Bilingual("Nobody was named.", pt: "Ninguém foi indicado."),
    remedy: Bilingual(
      "Answer at a terminal, or give --subject-stdin. It is never an argument.",
      pt: "Responda em um terminal, ou use --subject-stdin. Nunca é um argumento."))

  /// Such as `3 jobs (1 live, 1 held), 2 asks`.
  static func words(_ counts: SubjectCountsItem) -> Bilingual {
    let besides: [(String, Bilingual)] = [
      ("asks", Bilingual("asks", pt: "perguntas")),
      ("dead_letters", Bilingual("dead letters", pt: "cartas mortas")),
      ("messages", Bilingual("messages", pt: "mensagens")), ("events", Bilingual("events", pt: "eventos")),
      ("signals", Bilingual("signals", pt: "sinais")), ("artifacts", Bilingual("artifacts", pt: "artefatos")),
    ]
    func text(_ language: Language) -> String {
      let state = Bilingual(
        "\(counts["live"]) live, \(counts["held"]) held",
        pt: "\(counts["live"]) vivos, \(counts["held"]) retidos")
      let more = besides.filter { counts[$0.0] > 0 }.map { ", \(counts[$0.0]) \($0.1[language])" }
      return "\(counts["jobs"]) jobs (\(state[language]))" + more.joined()
    }
    return Bilingual(text(.english), pt: text(.portuguese))
  }
}

/// `privacy find`
enum PrivacyFind {
  static let spec = CommandSpec(
    "privacy find",
    Bilingual(
      "the jobs that are about a person, by what their marked inputs hold",
      pt: "os jobs sobre uma pessoa, pelo que as entradas marcadas contêm"),
    flags: PrivacySubject.flags + [
      FlagSpec("--limit", value: "N", Bilingual("at most so many jobs (1000)", pt: "no máximo N jobs (1000)"))
    ],
    examples: [
      .init(
        "esteira privacy find --namespace demo",
        Bilingual("asks for the identifier without an echo", pt: "pede o identificador sem mostrá-lo")),
      .init(
        "printf %s \"$CPF\" | esteira privacy find --namespace demo --subject-stdin",
        Bilingual("in a script", pt: "em um script")),
    ], run: run)

  private static let most = 100_000
  private static let usual = 1_000

  static func run(_ call: Invocation) async throws -> ExitCode {
    let limit = try call.integer("--limit", in: 1...most) ?? SubjectExport.usualJobs
    let namespace = try PrivacySubject.namespace(call)
    let subject = try PrivacySubject.read(call)
    let (items, counts) = try await call.withClient(.writing) { client in
      var counts = SubjectCountsItem([:])
      let items = try await client.items(limit: limit) { cursor, limit in
        let page = try await client.call(
          PrivacyCalls.search,
          SubjectQuery(namespace: namespace, subject: subject, limit: limit, cursor: cursor))
        counts = page.counts
        return Page(page.items, nextCursor: page.nextCursor)
      }
      return (items, counts)
    }
    show(items, call)
    if call.format == .table, !call.isQuiet { call.console.error(call.text(PrivacySubject.words(counts))) }
    return .done
  }

  private static func show(_ items: [SubjectJobItem], _ call: Invocation) {
    let words = Words(language: call.language)
    var listing = Listing(
      columns: [
        Bilingual("JOB", pt: "JOB"), Bilingual("PIPELINE", pt: "PIPELINE"), Bilingual("STATUS", pt: "STATUS"),
        Bilingual("CREATED", pt: "CRIADO"), Bilingual("INPUTS", pt: "ENTRADAS"),
        Bilingual("HELD", pt: "RETIDO"),
      ],
      empty: Bilingual(
        "No job with a marked input is about this person.",
        pt: "Nenhum job com entrada marcada é sobre esta pessoa."))
    let yes = call.text(Bilingual("yes", pt: "sim"))
    listing.rows = items.map { item in
      Listing.Row(
        cells: [
          Words.short(item.id), item.pipeline.printable, item.status, words.time(item.createdAt),
          item.inputs.joined(separator: ", ").printable, item.isHeld ? yes : "",
        ], json: item.json, id: item.id)
    }
    call.show(listing)
  }
}

/// `privacy export`
enum PrivacyExport {
  static let spec = CommandSpec(
    "privacy export",
    Bilingual(
      "writes all that is held of a person's jobs into signed tar files, with checksums",
      pt: "grava tudo o que há dos jobs de uma pessoa em arquivos tar assinados, com somas"),
    flags: PrivacySubject.flags + [
      FlagSpec(
        "--out", value: "FILE",
        Bilingual(
          "the first file; further ones get a number (subject.tar)",
          pt: "o primeiro arquivo; os seguintes ganham número (subject.tar)")),
      FlagSpec(
        "--jobs-per-file", value: "N",
        Bilingual("1 to \(SubjectExport.mostJobs) (20)", pt: "1 a \(SubjectExport.mostJobs) (20)")),
    ],
    examples: [
      .init(
        "esteira privacy export --namespace demo --out request-17.tar",
        Bilingual("then check it with `job verify`", pt: "depois confira com `job verify`"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let limit = try call.integer("--jobs-per-file", in: 1...SubjectExport.mostJobs) ?? SubjectExport.usualJobs
    let namespace = try PrivacySubject.namespace(call)
    let subject = try PrivacySubject.read(call)
    let name = call.value("--out") ?? "subject.tar"
    try await call.withClient(.writing) { client in
      var (cursor, number): (String?, Int) = (nil, 1)
      repeat {
        let query = SubjectQuery(namespace: namespace, subject: subject, limit: limit, cursor: cursor)
        // Its pages end where those of the export end.
        let page = try await client.call(PrivacyCalls.search, query)
        if page.items.isEmpty, number == 1 { throw nothing }
        let file = number == 1 ? name : numbered(name, number)
        let size = try await client.save(PrivacyCalls.export, SubjectExport(query), to: file)
        show(file, size, page.items.count, call)
        (cursor, number) = (page.nextCursor, number + 1)
      } while cursor != nil
    }
    return .done
  }

  /// `a.tar` becomes `a-2.tar`.
  private static func numbered(_ name: String, _ number: Int) -> String {
    name.hasSuffix(".tar") ? "\(name.dropLast(4))-\(number).tar" : "\(name)-\(number)"
  }

  private static func show(_ file: String, _ size: Int64, _ jobs: Int, _ call: Invocation) {
    if call.isQuiet { return }
    let text = "\(file)  \(jobs) jobs  \(Words(language: call.language).size(size))"
    call.show(
      [text.printable],
      json: ["file": .string(file), "jobs": .int(Int64(jobs)), "size": .int(size)], id: file)
  }

  private static let nothing = UsageError(
    Bilingual(
      "No job with a marked input is about this person, so nothing was written.",
      pt: "Nenhum job com entrada marcada é sobre esta pessoa, então nada foi gravado."))
}

/// `privacy erase`
enum PrivacyErase {
  static let spec = CommandSpec(
    "privacy erase",
    Bilingual(
      "counts what is held about a person, and with --yes erases it for good",
      pt: "conta o que há sobre uma pessoa, e com --yes apaga para sempre"),
    flags: PrivacySubject.flags + [
      FlagSpec(
        "--basis", value: "TEXT",
        Bilingual(
          "required: what allows or demands it; it is kept",
          pt: "obrigatório: o que permite ou exige; fica guardado")),
      FlagSpec(
        "--reason", value: "TEXT",
        Bilingual(
          "required: the case, never the person; it is kept",
          pt: "obrigatório: o caso, nunca a pessoa; fica guardado")),
      FlagSpec("--dry-run", Bilingual("only count", pt: "só conta")),
      FlagSpec("--yes", Bilingual("do it", pt: "faz mesmo")),
    ],
    examples: [
      .init(
        "esteira privacy erase --namespace demo --basis 'LGPD art. 18, VI' --reason 'request 17'",
        Bilingual("counts alone", pt: "só conta")),
      .init(
        "esteira privacy erase --namespace demo --basis 'LGPD art. 18, VI' --reason 'request 17' --yes",
        Bilingual("erases; legal holds keep theirs", pt: "apaga; retenções legais mantêm o delas")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let (basis, reason) = (try call.needed("--basis"), try call.needed("--reason"))
    let namespace = try PrivacySubject.namespace(call)
    let subject = try PrivacySubject.read(call)
    return try await call.withClient(.writing) { client in
      var request = ErasureRequest(
        namespace: namespace, subject: subject, basis: basis, reason: reason, isDryRun: true)
      let found = try await client.call(PrivacyCalls.erase, request)
      guard call.has("--yes"), !call.has("--dry-run"), found.counts["jobs"] > 0 else {
        show(found, call)
        return .done
      }
      (request.isDryRun, request.expected) = (false, found.counts["jobs"])
      show(try await client.call(PrivacyCalls.erase, request), call)
      return .done
    }
  }

  private static func show(_ answer: ErasureAnswer, _ call: Invocation) {
    let counts = PrivacySubject.words(answer.erasure?.counts ?? answer.counts)
    var text = Bilingual(
      "Would erase \(counts.english).", pt: "Apagaria \(counts.portuguese).")
    if let erasure = answer.erasure {
      text = Bilingual(
        "Erased \(counts.english). Proof: \(erasure.id)",
        pt: "Apagado: \(counts.portuguese). Prova: \(erasure.id)")
    }
    call.show([call.text(text)], json: answer.json, id: answer.erasure?.id ?? "")
    guard call.format == .table, !call.isQuiet else { return }
    if answer.erasure == nil, !call.has("--dry-run"), answer.counts["jobs"] > 0 {
      call.console.error(
        call.text(
          Bilingual("Nothing was done. Say --yes to do it.", pt: "Nada foi feito. Diga --yes para fazer.")))
    }
    if answer.isCut {
      call.console.error(
        call.text(
          Bilingual(
            "There are more: run it again for the rest.", pt: "Há mais: execute de novo para o resto.")))
    }
  }
}
