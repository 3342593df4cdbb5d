public import Model

/// What the command `connector test` asks of this machine.
public struct ConnectorWork: Sendable {
  /// Runs the connector of a folder through the conformance kit.
  public var test: @Sendable (_ folder: String) async throws(Problem) -> ConnectorReport

  public init(test: @escaping @Sendable (_ folder: String) async throws(Problem) -> ConnectorReport) {
    self.test = test
  }

  /// For a bench without files.
  public static let none = ConnectorWork(
    test: { (_) throws(Problem) in
      throw Problem(
        "no-store",
        Bilingual("There are no connectors to test here.", pt: "Não há conectores para testar aqui."))
    })
}

/// How a connector kept the rules.
public struct ConnectorReport: Sendable {
  public enum Outcome: Sendable, Hashable {
    case passed
    case failed(Bilingual)
    case passedOver(Bilingual)
  }

  public struct Verdict: Sendable {
    /// Such as `cancel`.
    public var rule: String
    public var title: Bilingual
    public var outcome: Outcome
    public init(rule: String, title: Bilingual, outcome: Outcome) {
      (self.rule, self.title, self.outcome) = (rule, title, outcome)
    }
  }

  public var name: String
  public var verdicts: [Verdict]
  public init(name: String, verdicts: [Verdict]) { (self.name, self.verdicts) = (name, verdicts) }
}
