import Model

/// `connector test PATH`
enum ConnectorTest {
  static let spec = CommandSpec(
    "connector test",
    Bilingual(
      "runs a connector of your own through all that the protocol asks",
      pt: "submete um conector seu a tudo o que o protocolo pede"),
    arguments: [
      ArgumentSpec("PATH", Bilingual("the folder with connector.yaml", pt: "a pasta com connector.yaml"))
    ],
    examples: [
      .init(
        "esteira connector test ./orders",
        Bilingual("exits 1 when a rule is broken", pt: "sai com 1 se uma regra é quebrada"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let report = try await call.bench.connectorWork.test(call.arguments[0])
    let lines = report.verdicts.map { verdict in
      let (word, reason) = words(verdict.outcome)
      let detail = reason.map { ": \($0[call.language])" } ?? ""
      let head = call.text(word).padded(to: 8) + verdict.rule.padded(to: 12)
      return head + verdict.title[call.language] + detail
    }
    let verdicts = report.verdicts.map { verdict -> JSON in
      let (_, reason) = words(verdict.outcome)
      return [
        "rule": .string(verdict.rule), "outcome": .string(code(verdict.outcome)),
        "reason": reason.map { .string($0[call.language]) } ?? .null,
      ]
    }
    call.show(
      [report.name] + lines, json: ["name": .string(report.name), "verdicts": .array(verdicts)],
      id: report.name)
    return report.verdicts.contains { code($0.outcome) == "failed" } ? .failure : .done
  }

  private static func code(_ outcome: ConnectorReport.Outcome) -> String {
    switch outcome {
    case .passed: "passed"
    case .failed: "failed"
    case .passedOver: "passed_over"
    }
  }

  private static func words(_ outcome: ConnectorReport.Outcome) -> (Bilingual, Bilingual?) {
    switch outcome {
    case .passed: (Bilingual("ok", pt: "ok"), nil)
    case .failed(let reason): (Bilingual("FAILED", pt: "FALHOU"), reason)
    case .passedOver(let reason): (Bilingual("-", pt: "-"), reason)
    }
  }
}
