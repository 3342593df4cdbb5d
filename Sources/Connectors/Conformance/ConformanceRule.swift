public import Model

/// What every connector in a folder has to keep; `esteira connector test` judges each.
public enum ConformanceRule: String, Sendable, Hashable, CaseIterable {
  case manifest, `protocol`, schema, execute, output, progress, checkpoint, cancel, input, crash, secrets

  public var title: Bilingual {
    switch self {
    case .manifest: Bilingual("its manifest can be used", pt: "o manifesto pode ser usado")
    case .protocol:
      Bilingual("it speaks the protocol of its level", pt: "fala o protocolo do seu nível")
    case .schema:
      Bilingual("its program has the schemas of its manifest", pt: "o programa tem os schemas do manifesto")
    case .execute: Bilingual("`test.with` ends well", pt: "`test.with` termina bem")
    case .output: Bilingual("its output agrees with its schema", pt: "a saída está de acordo com o schema")
    case .progress:
      Bilingual(
        "it says that it lives, and its progress never falls",
        pt: "diz que está vivo, e o progresso nunca cai")
    case .checkpoint:
      Bilingual(
        "killed at a checkpoint, it goes on from there to the same output",
        pt: "morto em um ponto de retomada, continua dali até a mesma saída")
    case .cancel: Bilingual("it stops within 5 s of a cancel", pt: "para em até 5 s após um cancelamento")
    case .input:
      Bilingual(
        "it refuses bad input as data or configuration", pt: "recusa entrada ruim como data ou configuration")
    case .crash:
      Bilingual("killed in the middle, it can run again", pt: "morto no meio, pode executar de novo")
    case .secrets: Bilingual("it shows no secret", pt: "não mostra segredos")
    }
  }
}

/// How a connector kept a rule.
public struct ConformanceVerdict: Sendable, Hashable {
  public enum Outcome: Sendable, Hashable {
    case passed
    case failed(Bilingual)
    /// It does not apply, or could not be judged.
    case passedOver(Bilingual)
  }
  public var rule: ConformanceRule
  public var outcome: Outcome

  public init(_ rule: ConformanceRule, _ outcome: Outcome) { (self.rule, self.outcome) = (rule, outcome) }
}
