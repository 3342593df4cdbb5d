import Model

/// Finds keys of a step that would stand without effect.
struct EffectChecker {
  let report: Report
  let map: MapReading
  let kind: Node.Entry
  let role: ScopeDraft.Role

  private static let ofItems = ["as", "key", "max_parallel", "allow_failed", "keep", "batch"]

  func check() {
    let (ofKind, ofPlace) = (withoutEffect, ofPlace)
    for entry in map.entries {
      if Self.ofItems.contains(entry.key), map["for_each"] == nil {
        tell(
          entry,
          Bilingual(
            "\"\(entry.key)\" goes with for_each, which is missing.",
            pt: "\"\(entry.key)\" acompanha for_each, que está faltando."))
      } else if let (message, remedy) = ofPlace[entry.key] {
        tell(entry, message, remedy)
      } else if ofKind.contains(entry.key) {
        tell(
          entry,
          Bilingual(
            "\"\(entry.key)\" has no effect on a step with \(word).",
            pt: "\"\(entry.key)\" não tem efeito num passo com \(word)."), remedy(entry.key))
      }
    }
  }

  private var isApproval: Bool {
    kind.key == "uses" && kind.value.string.map { StepReader.name(ofUse: $0).name } == StepReader.approval
  }
  private var word: String { isApproval ? StepReader.approval : kind.key }

  /// The keys that are nothing to a step of this kind.
  private var withoutEffect: Set<String> {
    var keys: Set<String> = []
    let ofAttempts: Set<String> = [
      "with", "connection", "credential", "retry", "queue_timeout", "idempotent",
    ]
    if kind.key != "uses" || isApproval { keys.formUnion(ofAttempts.union(KeyTable.ofAttempts)) }
    if isApproval { keys.remove("with") }
    if ["value", "call", "ask", "wait", "end"].contains(kind.key) || isApproval { keys.insert("timeout") }
    if ["value", "end"].contains(kind.key) { keys.insert("deadline") }
    if kind.key == "end" { keys.formUnion(["rescue", "repeat", "for_each"]) }
    if kind.key != "steps" { keys.formUnion(KeyTable.handlers + ["output"]) }
    return keys
  }

  private func remedy(_ key: String) -> Bilingual? {
    if KeyTable.handlers.contains(key) {
      return Bilingual(
        "Handlers stand at the top of the file, or on a group: put the step into steps:.",
        pt: "Tratadores ficam no topo do arquivo ou num grupo: ponha o passo dentro de steps:.")
    }
    guard key == "timeout", kind.key != "value", kind.key != "end" else { return nil }
    let own = kind.key == "ask" || isApproval ? "expires" : "deadline"
    return Bilingual("Use \(own).", pt: "Use \(own).")
  }

  /// The keys that have no place on a branch or a rescue, whatever they do.
  private var ofPlace: [String: (Bilingual, Bilingual?)] {
    switch role {
    case .steps, .handler: [:]
    case .branches:
      [
        "needs": (
          Bilingual("a branch waits for nothing by itself.", pt: "um ramo não espera por nada sozinho."), nil
        )
      ]
    case .rescue:
      [
        "needs": (
          Bilingual("a rescue waits for nothing by itself.", pt: "um rescue não espera por nada sozinho."),
          nil
        ),
        "if": (
          Bilingual("a rescue has no if.", pt: "um rescue não tem if."),
          Bilingual(
            "Say with classes which failures it is for.", pt: "Diga com classes para quais falhas ele serve.")
        ),
        "for_each": (
          Bilingual("a rescue gives one output.", pt: "um rescue dá uma só saída."),
          Bilingual(
            "Put the step with for_each into a group (steps:).",
            pt: "Ponha o passo com for_each dentro de um grupo (steps:).")
        ),
      ]
    }
  }

  private func tell(_ entry: Node.Entry, _ message: Bilingual, _ remedy: Bilingual? = nil) {
    report.error("key-without-effect", at: entry.keySpan, path: map.place(entry.key), message, remedy: remedy)
  }
}
