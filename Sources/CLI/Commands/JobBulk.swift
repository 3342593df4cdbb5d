import API
import Model

/// What `job cancel`, `job kill` and `job retry` do to all jobs of a search: first counted, then done with
/// `--yes`.
enum JobBulk {
  static let flags = [
    FlagSpec(
      "--query", value: "SEARCH",
      Bilingual("in place of JOB: all that this search finds", pt: "no lugar de JOB: todos que a busca achar")
    ),
    FlagSpec("--dry-run", Bilingual("with --query: only count", pt: "com --query: só conta")),
    FlagSpec("--yes", Bilingual("with --query: do it", pt: "com --query: faz mesmo")),
    FlagSpec(
      "--most", value: "N",
      Bilingual("with --query: refuse more jobs (1000)", pt: "com --query: recusa mais jobs (1000)")),
  ]

  /// How long to wait before the next look.
  private static let pause = Duration.milliseconds(200)

  /// Nil where the command is about single jobs.
  static func run(_ verb: BulkVerb, _ call: Invocation) async throws -> ExitCode? {
    guard let query = call.value("--query") else {
      if call.arguments.isEmpty { throw nothingNamed }
      return nil
    }
    guard call.arguments.isEmpty else { throw both }
    var request = BulkRequest(
      verb: verb, filter: query, namespace: call.namespace,
      limit: try call.integer("--most", in: 1...BulkRequest.mostJobs) ?? BulkRequest.usualLimit,
      reason: call.value("--reason") ?? "", isDryRun: true)
    let wish = request
    let found = try await call.withClient(.reading) { try await $0.call(JobCalls.bulk, wish) }
    guard call.has("--yes"), !call.has("--dry-run"), found.count > 0 else {
      show(found, call)
      return .done
    }
    (request.isDryRun, request.expected) = (false, found.count)
    let order = request
    return try await call.withClient(.writing) { client in
      let begun = try await client.call(JobCalls.bulk, order)
      return try await follow(begun.operation ?? "", client, call)
    }
  }

  private static func show(_ found: BulkAnswer, _ call: Invocation) {
    switch call.format {
    case .json: call.console.out(found.json.prettyText)
    case .jsonl: call.console.out(found.json.text)
    case .id: for id in found.ids { call.console.out(id) }
    case .table:
      let more = found.count > found.ids.count ? " …" : ""
      let named = found.ids.map { Words.short($0) }.joined(separator: " ")
      call.console.out(
        call.text(Bilingual("\(found.count) jobs: ", pt: "\(found.count) jobs: ")) + named + more)
      if found.count > 0, !call.has("--dry-run"), !call.isQuiet {
        call.console.error(
          call.text(
            Bilingual("Nothing was done. Say --yes to do it.", pt: "Nada foi feito. Diga --yes para fazer.")))
      }
    }
  }

  private static func follow(_ id: String, _ client: Client, _ call: Invocation) async throws -> ExitCode {
    var (cursor, refused) = (0, 0)
    while true {
      let page = try await client.call(
        OperationCalls.get, OperationPath(id: id, cursor: String(cursor), limit: 200))
      for outcome in page.items { show(outcome, call) }
      refused = page.refused
      cursor += page.items.count
      if page.state == "done", page.nextCursor == nil { break }
      if page.items.isEmpty { try await call.bench.sleep(pause) }
    }
    return refused == 0 ? .done : .failure
  }

  private static func show(_ outcome: OperationItem.Outcome, _ call: Invocation) {
    switch call.format {
    case .json, .jsonl: call.console.out(outcome.json.text)
    case .id: call.console.out(outcome.newJob ?? outcome.job)
    case .table:
      let word =
        outcome.outcome == "done" ? Bilingual("done", pt: "feito") : Bilingual("refused", pt: "recusado")
      let reason = outcome.message.map { "  \($0.printable)" } ?? ""
      call.console.out("\(Words.short(outcome.job)): \(call.text(word))\(reason)")
    }
  }

  private static let nothingNamed = UsageError(
    Bilingual("Name a job, or give --query.", pt: "Indique um job, ou dê --query."),
    remedy: Bilingual("`esteira job ls` shows their ids.", pt: "`esteira job ls` mostra os ids."))

  private static let both = UsageError(
    Bilingual("Give either jobs or --query.", pt: "Dê jobs ou --query, não os dois."))
}
