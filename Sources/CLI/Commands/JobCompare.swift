import API
import Model

/// `job compare A B`
enum JobCompare {
  static let spec = CommandSpec(
    "job compare",
    Bilingual(
      "inputs, outputs, durations and revisions of two jobs side by side",
      pt: "entradas, saídas, durações e revisões de dois jobs lado a lado"),
    arguments: [.job, ArgumentSpec("OTHER", Bilingual("another job's id", pt: "o id de outro job"))],
    flags: [
      FlagSpec("--exit-code", Bilingual("exit 1 where they differ", pt: "sai com 1 se forem diferentes"))
    ],
    examples: [
      .init(
        "esteira job compare 019a0c3e 019a0c3f",
        Bilingual("what differs is marked", pt: "o que difere é marcado"))
    ], run: run)

  /// As many steps of a job as are compared.
  static let stepLimit = 10_000

  static func run(_ call: Invocation) async throws -> ExitCode {
    try await call.withClient(.reading) { client in
      let comparison = JobComparison(
        try await side(call.arguments[0], client), try await side(call.arguments[1], client),
        words: Words(language: call.language))
      switch call.format {
      case .table: comparison.lines(call).forEach(call.console.out)
      case .json: call.console.out(comparison.json.prettyText)
      case .jsonl: call.console.out(comparison.json.text)
      case .id: for row in comparison.rows where row.differs { call.console.out(row.name) }
      }
      return call.has("--exit-code") && comparison.rows.contains(where: \.differs) ? .failure : .done
    }
  }

  private static func side(_ id: String, _ client: Client) async throws -> JobComparison.Side {
    let detail = try await client.call(JobCalls.get, JobPath(id: id))
    let steps = try await client.items(limit: stepLimit) { cursor, limit in
      try await client.call(
        JobCalls.steps, StepsQuery(id: detail.job.id, limit: limit, cursor: cursor))
    }
    return JobComparison.Side(job: detail, steps: steps)
  }
}

/// Two jobs, row by row. Times always differ, so they count as no difference.
struct JobComparison {
  struct Side {
    var job: JobDetail
    var steps: [StepItem]
  }

  struct Row {
    /// Such as `inputs.date` or `steps.load.status`.
    var name: String
    var left: String
    var right: String
    var differs: Bool
  }

  private(set) var rows: [Row] = []
  private let words: Words

  init(_ left: Side, _ right: Side, words: Words) {
    self.words = words
    let (a, b) = (left.job.job, right.job.job)
    add("job", Words.short(a.id), Words.short(b.id), counts: false)
    add("pipeline", a.pipeline, b.pipeline)
    add("revision", "\(a.revision)", "\(b.revision)")
    add("status", a.status, b.status)
    add("duration", time(a.createdAt, a.completedAt), time(b.createdAt, b.completedAt), counts: false)
    add(members: left.job.inputs.object, right.job.inputs.object, under: "inputs")
    add(members: left.job.outputs?.object, right.job.outputs?.object, under: "outputs")
    add(steps: left.steps, right.steps)
  }

  private func time(_ start: Timestamp, _ end: Timestamp?) -> String {
    end.map { words.duration($0 - start) } ?? "-"
  }

  private mutating func add(_ name: String, _ left: String, _ right: String, counts: Bool = true) {
    rows.append(
      Row(name: name, left: left, right: right, differs: counts && ScalarString(left) != ScalarString(right)))
  }

  private mutating func add(members left: JSONObject?, _ right: JSONObject?, under name: String) {
    let (left, right) = (left ?? JSONObject(), right ?? JSONObject())
    for key in left.keys + right.keys.filter({ left[$0] == nil }) {
      let (a, b) = (left[key], right[key])
      rows.append(
        Row(
          name: "\(name).\(key)", left: a.map { words.value($0) } ?? "-",
          right: b.map { words.value($0) } ?? "-",
          differs: a != b))
    }
  }

  private mutating func add(steps left: [StepItem], _ right: [StepItem]) {
    // Of a path that stands there twice the newer one counts.
    let a = Dictionary(left.map { (ScalarString($0.path), $0) }) { $1 }
    let b = Dictionary(right.map { (ScalarString($0.path), $0) }) { $1 }
    var seen: Set<ScalarString> = []
    for path in (left + right).map({ ScalarString($0.path) }) where seen.insert(path).inserted {
      let (one, other) = (a[path], b[path])
      add("steps.\(path.string).status", one?.status ?? "-", other?.status ?? "-")
      add("steps.\(path.string).duration", time(one), time(other), counts: false)
      guard one?.output != nil || other?.output != nil else { continue }
      rows.append(
        Row(
          name: "steps.\(path.string).output", left: one?.output.map { words.value($0) } ?? "-",
          right: other?.output.map { words.value($0) } ?? "-", differs: one?.output != other?.output))
    }
  }

  private func time(_ step: StepItem?) -> String {
    guard let start = step?.startedAt, let end = step?.endedAt else { return "-" }
    return words.duration(end - start)
  }

  func lines(_ call: Invocation) -> [String] {
    let header = ["", "", "A", "B"]
    return Table.lines(
      [header] + rows.map { [$0.differs ? "≠" : "", $0.name, $0.left.printable, $0.right.printable] })
  }

  var json: JSON {
    .array(
      rows.map {
        [
          "name": .string($0.name), "a": .string($0.left), "b": .string($0.right),
          "differs": .bool($0.differs),
        ]
      })
  }
}
