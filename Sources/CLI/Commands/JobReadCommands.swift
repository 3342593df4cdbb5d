import API
import Model

/// `job ls`
enum JobList {
  static let spec = CommandSpec(
    "job ls", Bilingual("lists jobs, newest first", pt: "lista os jobs, os mais novos antes"),
    flags: [
      FlagSpec(
        "--status", value: "WORD", repeated: true,
        Bilingual("only these, such as running", pt: "só estes, como running")),
      FlagSpec("--pipeline", value: "NAME", Bilingual("of one pipeline", pt: "de um pipeline")),
      FlagSpec(
        "--correlation", value: "ID",
        Bilingual("of one correlation id", pt: "de um identificador de correlação")),
      FlagSpec(
        "--label", short: "-l", value: "k=v", repeated: true,
        Bilingual("with this label; k!=v: not with this value", pt: "com este rótulo; k!=v: sem este valor")),
      FlagSpec(
        "--error", value: "FINGERPRINT",
        Bilingual("that failed alike, such as 'CODE demo/daily load'", pt: "que falharam do mesmo modo")),
      .sort(JobsQuery.schema),
      FlagSpec("--parent", value: "JOB", Bilingual("called by this job", pt: "chamados por este job")),
      FlagSpec("--rerun-of", value: "JOB", Bilingual("that run this job again", pt: "que repetem este job")),
      FlagSpec(
        "--since", value: "TIME", Bilingual("created since, such as -2h", pt: "criados desde, como -2h")),
      FlagSpec(
        "--query", value: "SEARCH",
        Bilingual("such as 'status:failed error:timeout'", pt: "como 'status:failed error:timeout'")),
      FlagSpec("--limit", value: "N", Bilingual("at most so many (50)", pt: "no máximo tantos (50)")),
    ],
    examples: [
      .init(
        "esteira job ls --query 'status:failed pipeline:sales* duration:>5m -owner:me'",
        Bilingual(
          "terms that must all hold; a minus turns one round", pt: "termos que devem valer; menos inverte")),
      .init("esteira job ls", Bilingual("the newest 50", pt: "os 50 mais novos")),
      .init(
        "esteira job ls --status failed --since -24h", Bilingual("what failed today", pt: "o que falhou hoje")
      ),
      .init(
        "esteira job ls -l team=risk -l 'env!=dev'",
        Bilingual("by labels: all must hold", pt: "por rótulos: todos devem valer")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let limit = try call.integer("--limit", in: 1...10_000) ?? 50
    let query = try query(call)
    let jobs = try await call.withClient(.reading) { client in
      try await client.items(limit: limit) { cursor, limit in
        var page = query
        (page.limit, page.cursor) = (limit, cursor)
        return try await client.call(JobCalls.list, page)
      }
    }
    call.show(listing(jobs, Words(language: call.language)))
    return .done
  }

  private static func query(_ call: Invocation) throws(UsageError) -> JobsQuery {
    var labels: [LabelCondition] = []
    for text in call.values("--label") {
      guard let condition = LabelCondition(text) else {
        throw UsageError(
          Bilingual(
            "--label takes name=value or name!=value, not \"\(text)\".",
            pt: "--label aceita nome=valor ou nome!=valor, não \"\(text)\"."))
      }
      labels.append(condition)
    }
    var query = JobsQuery(
      namespace: call.namespace, pipeline: call.value("--pipeline"), statuses: call.values("--status"),
      since: try call.moment("--since"), correlation: call.value("--correlation"), labels: labels,
      parent: call.value("--parent"), rerunOf: call.value("--rerun-of"))
    (query.search, query.fingerprint) = (call.value("--query"), call.value("--error"))
    query.sort = try call.sort(JobsQuery.schema)
    return query
  }

  private static func listing(_ jobs: [JobItem], _ words: Words) -> Listing {
    var listing = Listing(
      columns: [
        Bilingual("JOB", pt: "JOB"), Bilingual("PIPELINE", pt: "PIPELINE"), Bilingual("STATUS", pt: "STATUS"),
        Bilingual("CREATED", pt: "CRIADO"), Bilingual("TOOK", pt: "DUROU"), Bilingual("BY", pt: "POR"),
      ], empty: Bilingual("There are no such jobs.", pt: "Não há jobs assim."))
    listing.rows = jobs.map { job in
      let took = job.completedAt.map { words.duration($0 - job.createdAt) } ?? "-"
      return Listing.Row(
        cells: [
          Words.short(job.id), "\(job.pipeline)@\(job.revision)", job.status, words.time(job.createdAt), took,
          job.actor,
        ], json: job.json, id: job.id)
    }
    return listing
  }
}

/// `job get JOB`
enum JobGet {
  static let spec = CommandSpec(
    "job get", Bilingual("shows a job", pt: "mostra um job"), arguments: [.job],
    flags: [
      FlagSpec("--inputs", Bilingual("only its inputs, as JSON", pt: "só as entradas, em JSON")),
      FlagSpec("--outputs", Bilingual("only its outputs, as JSON", pt: "só as saídas, em JSON")),
    ],
    examples: [
      .init(
        "esteira job get 019a0c3e",
        Bilingual("status, times, counts, outputs", pt: "status, horas, contagens, saídas")),
      .init(
        "esteira job get 019a0c3e --outputs", Bilingual("for another program", pt: "para outro programa")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let (job, decisions) = try await call.withClient(.reading) { client in
      let job = try await client.call(JobCalls.get, JobPath(id: call.arguments[0]))
      let isShown = call.format == .table && job.needsDecision
      return (job, isShown ? try await call.decisions(of: job.job.id, client) : [])
    }
    if call.has("--inputs") || call.has("--outputs") {
      call.console.out((call.has("--inputs") ? job.inputs : job.outputs ?? .null).prettyText)
      return .done
    }
    call.show(lines(job, call) + decisions, json: job.json, id: job.job.id)
    return .done
  }

  private static func lines(_ job: JobDetail, _ call: Invocation) -> [String] {
    let (words, item) = (Words(language: call.language), job.job)
    var lines = ["JOB \(item.id)  \(item.pipeline)@\(item.revision)  \(item.status)"]
    func add(_ name: Bilingual, _ value: String?) {
      if let value, !value.isEmpty { lines.append("  " + call.text(name).padded(to: 12) + value) }
    }
    add(Bilingual("key", pt: "chave"), item.key)
    let identity = item.identity
    add(Bilingual("correlation", pt: "correlação"), identity.correlation?.printable)
    add(
      Bilingual("labels", pt: "rótulos"),
      identity.labels.map { "\($0.name)=\($0.value)".printable }.joined(separator: ", "))
    add(Bilingual("owner", pt: "dono"), identity.owner?.printable)
    add(Bilingual("priority", pt: "prioridade"), identity.priority == 5 ? nil : String(identity.priority))
    add(Bilingual("parent", pt: "pai"), identity.parent)
    add(Bilingual("rerun of", pt: "repete"), identity.rerunOf)
    add(Bilingual("by", pt: "por"), "\(item.actor) (\(item.triggerType))")
    let own = item.id.replacing("-", with: "")
    add(Bilingual("trace", pt: "rastro"), job.traceID == own ? nil : job.traceID?.printable)
    add(Bilingual("created", pt: "criado"), words.time(item.createdAt))
    add(Bilingual("begins", pt: "começa"), item.startedAt == nil ? job.runAt.map(words.time) : nil)
    add(Bilingual("ended", pt: "terminou"), item.completedAt.map(words.time))
    add(Bilingual("took", pt: "durou"), item.completedAt.map { words.duration($0 - item.createdAt) })
    add(
      Bilingual("steps", pt: "passos"),
      job.counts.map { "\($0.value.text) \($0.key)" }.joined(separator: ", "))
    add(Bilingual("inputs", pt: "entradas"), words.value(job.inputs, limit: 200).printable)
    add(Bilingual("outputs", pt: "saídas"), job.outputs.map { words.value($0, limit: 200).printable })
    add(Bilingual("error", pt: "erro"), item.error.map(words.failure))
    for wait in job.needsDecision ? [] : job.waitingFor {
      add(Bilingual("waits", pt: "espera"), wait.text.printable)
    }
    for warning in job.warnings { add(Bilingual("warning", pt: "aviso"), words.failure(warning)) }
    return lines
  }
}

extension Words {
  /// Where it happened, what is known of it, and its code.
  func failure(_ error: ErrorItem) -> String {
    let place = error.step.isEmpty ? "" : "\(error.step): "
    let message = JobSentence.shown(error.message, in: language).printable
    return "\(place)\(message) [\(error.code.isEmpty ? error.errorClass : error.code)]"
  }
}

/// `job watch JOB`
enum JobWatchCommand {
  static let spec = CommandSpec(
    "job watch", Bilingual("follows a job to its end", pt: "acompanha um job até o fim"), arguments: [.job],
    flags: [.acceptPartial, .timeout],
    examples: [
      .init(
        "esteira job watch 019a0c3e",
        Bilingual("exits 0, 1, 8 or 9 as the job ends", pt: "sai com 0, 1, 8 ou 9 conforme o fim")),
      .init(
        "esteira job watch 019a0c3e -o jsonl",
        Bilingual("each decision as one line of JSON", pt: "cada decisão em uma linha JSON")),
    ],
    run: { call in
      try await call.withClient(.reading) { client in
        try await JobWatch(call: call, client: client).followOrAsk(call.arguments[0])
      }
    })
}

/// `job why JOB`
enum JobWhy {
  static let spec = CommandSpec(
    "job why", Bilingual("says why a job is not further", pt: "diz por que um job não avançou"),
    arguments: [.job],
    examples: [
      .init(
        "esteira job why 019a0c3e",
        Bilingual("what runs, what waits, and the remedy", pt: "o que roda, o que espera, e o remédio"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let blockers = try await call.withClient(.reading) {
      try await $0.call(JobCalls.why, JobPath(id: call.arguments[0]))
    }
    guard call.format == .table else {
      call.console.out(call.format == .json ? blockers.json.prettyText : blockers.json.text)
      return .done
    }
    if blockers.items.isEmpty {
      call.console.out(
        call.text(Bilingual("Nothing holds it: the job has ended.", pt: "Nada o segura: o job terminou.")))
    }
    for blocker in blockers.items {
      call.console.out("\(blocker.kind): \(blocker.text.printable)")
      if let remedy = blocker.remedy { call.console.out("  \(remedy.printable)") }
    }
    return .done
  }
}
