import Engine
import Model
import Net
import Testing

@testable import Connectors

@Suite("The conformance kit on what is built in", .timeLimit(.minutes(3)))
struct BuiltInKitTests {
  private static func failed(_ verdicts: [ConformanceVerdict]) -> [ConformanceRule] {
    verdicts.filter { if case .failed = $0.outcome { true } else { false } }.map(\.rule)
  }

  /// One call of each connector that needs no service outside; `ConformanceTests.coverage` says that none is
  /// missing.
  private static let offline: [ConnectorCase] = {
    var names: Set<String> = []
    return ConnectorCase.all.filter { names.insert($0.name).inserted }
  }()

  @Test("finds nothing wrong with a connector", arguments: offline)
  func good(example: ConnectorCase) async throws {
    let known = try #require(Catalog.descriptions.first { $0.name == example.name })
    let refused = Refused.all.filter {
      $0.connector == example.name && [.data, .configuration].contains($0.errorClass)
    }
    let kit = BuiltInKit(
      example: example,
      connector: { client in
        try #require(
          Catalog.all(curl: client, children: BuiltProgram.children)
            .first { $0.description.name == example.name })
      },
      known: known,
      // The schema's own refusals are the schema's; what the connector looks at itself tells more.
      bad: refused.first { $0.code != "invalid-with" } ?? refused.first)
    let verdicts = try await kit.verdicts()
    #expect(Self.failed(verdicts) == [], "\(verdicts)")
    #expect(verdicts.map(\.rule) == ConformanceRule.allCases)
  }

  /// A call has neither lines nor progress of a program.
  private static let ofPrograms: Set<ConformanceRule> = [.protocol, .progress]

  @Test("judges every rule that a call can break")
  func judged() async throws {
    let verdicts = try await Faulty.kit(nil).verdicts()
    for verdict in verdicts {
      #expect((verdict.outcome == .passed) == !Self.ofPrograms.contains(verdict.rule), "\(verdict)")
    }
  }

  @Test(
    "finds the one rule that a connector breaks",
    arguments: ConformanceRule.allCases.filter { !ofPrograms.contains($0) })
  func broken(rule: ConformanceRule) async throws {
    let verdicts = try await Faulty.kit(rule).verdicts()
    #expect(Self.failed(verdicts) == [rule], "\(verdicts)")
  }
}

/// Gives its text back and keeps a mark of its progress; breaks one rule.
private struct Faulty: Connector {
  var fault: ConformanceRule?

  static func kit(_ fault: ConformanceRule?) -> BuiltInKit {
    var kit = BuiltInKit(
      // Under a name whose world has a credential.
      example: ConnectorCase(name: "shell", with: ["text": fault == .manifest ? 1 : "a"]),
      connector: { _ in Faulty(fault: fault) }, known: Faulty().description,
      bad: Refused("test.faulty", "an empty text", ["text": ""]))
    // Less than the broken one takes.
    if fault == .cancel { kit.cancelling = .milliseconds(250) }
    return kit
  }

  var description: ConnectorDescription {
    let text: JSON = ["type": "string"]
    let schema: JSON = [
      "type": "object", "properties": ["text": text], "required": ["text"], "additionalProperties": false,
    ]
    return ConnectorDescription(
      name: "test.faulty", title: Bilingual("Faulty", pt: "Com defeito"),
      summary: Bilingual("Gives its text back.", pt: "Devolve o texto."), with: schema,
      output: fault == .schema ? ["type": "object"] : schema, effect: .always(.pure))
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let text = attempt.with["text"]?.string ?? "a"
    if text.isEmpty, fault != .input { throw Failure(.data, code: "empty", "The text is empty.") }
    if fault == .execute { throw Failure(.data, code: "no", "It does not want to.") }
    let mark = try attempt.services.checkpoints.load()
    try attempt.services.checkpoints.save(["text": .string(text)])
    if fault == .secrets {
      attempt.services.log(.info, attempt.credential?.values.first?.secret.reveal() ?? "")
    }
    if fault == .cancel { await Self.goOn() }
    if mark != nil, fault == .checkpoint { return AttemptOutput(["text": "anew"]) }
    if attempt.number > 1, mark == nil, fault == .crash { return AttemptOutput(["text": "again"]) }
    return AttemptOutput(fault == .output ? ["text": 1] : ["text": .string(text)])
  }

  /// Does not hear that it is cancelled.
  private static func goOn() async {
    let work = Task { try await Task.sleep(for: .milliseconds(500)) }
    // Nothing cancels the inner one.
    _ = try? await work.value
  }
}
