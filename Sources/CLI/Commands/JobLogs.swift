import API
import Model

/// `job logs JOB [PATH]`
enum JobLogs {
  static let spec = CommandSpec(
    "job logs", Bilingual("prints what steps wrote", pt: "imprime o que os passos escreveram"),
    arguments: [
      .job, ArgumentSpec("PATH", required: false, Bilingual("one step", pt: "um passo")),
    ],
    flags: [
      FlagSpec("--attempt", value: "N", Bilingual("of one attempt", pt: "de uma tentativa")),
      FlagSpec(
        "--level", value: "WORD",
        Bilingual(
          "from this level on: debug, info, warn, error",
          pt: "deste nível em diante: debug, info, warn, error")),
      FlagSpec(
        "--follow", short: "-f", Bilingual("go on until the job ends", pt: "continua até o fim do job")),
    ],
    examples: [
      .init("esteira job logs 019a0c3e", Bilingual("of all steps", pt: "de todos os passos")),
      .init(
        "esteira job logs 019a0c3e greet --level warn",
        Bilingual("warnings of one step", pt: "avisos de um passo")),
      .init(
        "esteira job logs 019a0c3e -f", Bilingual("as they are written", pt: "à medida que são escritos")),
    ], run: run)

  /// How long a follower waits before it asks for more lines.
  private static let pause = Duration.milliseconds(500)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let path = call.arguments.count > 1 ? call.arguments[1] : nil
    let attempt = try call.integer("--attempt", in: 1...1_000)
    var query = LogsQuery(
      id: call.arguments[0], path: path, attempt: attempt, level: call.value("--level")?.lowercased(),
      limit: 200)
    if call.has("--follow") {
      return try await call.withClient(.reading) { try await follow(query, $0, call) }
    }
    return try await call.withClient(.reading) { client in
      repeat {
        let page = try await client.call(JobCalls.logs, query)
        for item in page.items { show(item, call) }
        query.cursor = page.nextCursor
      } while query.cursor != nil
      return .done
    }
  }

  /// A line's place among all lines is the cursor, so levels are chosen on this side.
  private static func follow(
    _ wish: LogsQuery, _ client: Client, _ call: Invocation
  ) async throws -> ExitCode {
    let least = try level(wish.level)
    var (query, position) = (wish, 0)
    query.level = nil
    while true {
      // Asked before the lines: what an ended job wrote is then all there.
      let job = try await client.call(JobCalls.get, JobPath(id: wish.id)).job
      var count = 0
      repeat {
        query.cursor = String(position)
        let page = try await client.call(JobCalls.logs, query)
        for line in page.items where (try level(line.level)) >= least { show(line, call) }
        count = page.items.count
        position += count
      } while count > 0
      if JobStatus(word: job.status)?.hasEnded ?? true { return .done }
      try await call.bench.sleep(pause)
    }
  }

  private static func level(_ word: String?) throws -> Int {
    let levels = ["debug", "info", "warn", "error"]
    guard let word else { return 0 }
    guard let level = levels.firstIndex(of: word.lowercased()) else {
      throw UsageError(
        Bilingual("There is no level \"\(word)\".", pt: "Não existe o nível \"\(word)\"."),
        remedy: Bilingual("There are: debug, info, warn, error.", pt: "Existem: debug, info, warn, error."))
    }
    return level
  }

  private static func show(_ line: LogLine, _ call: Invocation) {
    guard call.format == .table else { return call.console.out(line.json.text) }
    call.console.out(
      "\(Words.instant(line.at))  \(line.level.padded(to: 5))  \(line.path.printable)  "
        + line.message.printable
    )
  }
}
