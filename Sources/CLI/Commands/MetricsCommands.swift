import API
import Model

extension FlagSpec {
  fileprivate static let since = FlagSpec(
    "--since", value: "TIME",
    Bilingual(
      "from this moment, at most 31 days ago; a day ago if missing",
      pt: "desde este momento, há no máximo 31 dias; sem ela, há um dia"))
}

/// `metrics summary`
enum MetricsSummaryCommand {
  static let spec = CommandSpec(
    "metrics summary",
    Bilingual("sums up how jobs go", pt: "resume como vão os jobs"), flags: [.since],
    examples: [
      .init(
        "esteira metrics summary -n atlasreg",
        Bilingual("how many, how long, and why they fail", pt: "quantos, quanto tempo, e por que falham"))
    ],
    run: { call in
      let query = MetricsQuery(since: try call.moment("--since"), namespace: call.namespace)
      let summary = try await call.withClient(.reading) { try await $0.call(MetricsCalls.summary, query) }
      let words = MetricsWords(call: call)
      let lines =
        [
          words.line(Bilingual("queued", pt: "na fila"), String(summary.queueDepth)),
          words.line(Bilingual("running", pt: "em execução"), String(summary.active)),
          words.line(Bilingual("waiting", pt: "esperando"), String(summary.waiting)),
        ] + words.lines(of: summary.figures)
      call.show(lines, json: summary.json, id: summary.namespace ?? "*")
      return .done
    })
}

/// `metrics pipeline PIPELINE`
enum MetricsPipelineCommand {
  static let spec = CommandSpec(
    "metrics pipeline",
    Bilingual("sums up how a pipeline's jobs go", pt: "resume como vão os jobs do pipeline"),
    arguments: [ArgumentSpec("PIPELINE", Bilingual("namespace/name", pt: "espaço/nome"))], flags: [.since],
    examples: [
      .init(
        "esteira metrics pipeline demo/hello", Bilingual("of the last day", pt: "do último dia"))
    ],
    run: { call in
      let id = try call.identifier(call.arguments[0])
      let query = PipelineMetricsQuery(id: id, since: try call.moment("--since"))
      let metrics = try await call.withClient(.reading) { try await $0.call(MetricsCalls.pipeline, query) }
      call.show(MetricsWords(call: call).lines(of: metrics.figures), json: metrics.json, id: metrics.id)
      return .done
    })
}

/// `metrics connector NAME`
enum MetricsConnectorCommand {
  static let spec = CommandSpec(
    "metrics connector",
    Bilingual(
      "sums up how the newest steps of a connector went",
      pt: "resume como foram os passos novos de um conector"),
    arguments: [ArgumentSpec("NAME", Bilingual("such as http.request", pt: "como http.request"))],
    flags: [.since],
    examples: [
      .init(
        "esteira metrics connector http.request",
        Bilingual("how long they took, and why they failed", pt: "quanto duraram, e por que falharam"))
    ],
    run: { call in
      let query = ConnectorMetricsQuery(
        name: call.arguments[0], since: try call.moment("--since"), namespace: call.namespace)
      let metrics = try await call.withClient(.reading) { try await $0.call(MetricsCalls.connector, query) }
      let words = MetricsWords(call: call)
      var lines = [
        words.line(Bilingual("steps", pt: "passos"), "\(metrics.steps)"),
        words.line(Bilingual("attempts", pt: "tentativas"), "\(metrics.attempts)"),
        words.line(Bilingual("of jobs", pt: "de jobs"), "\(metrics.jobs)" + (metrics.isTruncated ? "+" : "")),
      ]
      lines += words.lines(of: metrics.duration) + words.lines(ofErrors: metrics.errors)
      call.show(lines, json: metrics.json, id: metrics.name)
      return .done
    })
}

/// How figures are shown to people.
struct MetricsWords {
  var call: Invocation
  private var words: Words { Words(language: call.language) }

  init(call: Invocation) { self.call = call }

  func line(_ name: Bilingual, _ value: String) -> String {
    "\(call.text(name).padded(to: 14))\(value.printable)"
  }

  func lines(of figures: JobFigures) -> [String] {
    let more = figures.isTruncated ? "+" : ""
    let rate = figures.successRate.map { percent($0) } ?? "-"
    return [
      line(Bilingual("since", pt: "desde"), words.time(figures.since)),
      line(Bilingual("jobs", pt: "jobs"), "\(figures.jobs)\(more)"),
      line(Bilingual("an hour", pt: "por hora"), tenths(figures.perHour)),
      line(Bilingual("success", pt: "sucesso"), rate),
    ] + lines(of: figures.duration) + lines(ofErrors: figures.errors)
  }

  func lines(of duration: DurationSummary) -> [String] {
    guard let mean = duration.mean, let p95 = duration.p95 else { return [] }
    return [
      line(Bilingual("mean", pt: "média"), words.duration(.milliseconds(mean))),
      line(Bilingual("95 of 100 in", pt: "95 de 100 em"), words.duration(.milliseconds(p95))),
    ]
  }

  func lines(ofErrors errors: JSONObject) -> [String] {
    let told = errors.filter { $0.value.int != 0 }.map { "\($0.key) \($0.value.text)" }
    return told.isEmpty ? [] : [line(Bilingual("errors", pt: "erros"), told.joined(separator: ", "))]
  }

  private func percent(_ share: Double) -> String { "\(tenths(share * 100)) %" }

  private func tenths(_ number: Double) -> String {
    let tenths = Int64((number * 10).rounded())
    return "\(tenths / 10)\(call.language == .portuguese ? "," : ".")\(abs(tenths) % 10)"
  }
}
