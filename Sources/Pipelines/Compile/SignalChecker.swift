import Model

/// Finds waits of one file that would take each other's signals (`semantics.md`, S14).
struct SignalChecker {
  private struct Address: Hashable {
    var name: ScalarString
    var key: ScalarString
  }

  let draft: Draft

  func check() {
    var first: [Address: String] = [:]
    for step in draft.steps {
      guard case .wait(.signal(let signal)) = step.kind, !signal.broadcast, let address = address(signal)
      else {
        continue
      }
      guard let other = first[address] else {
        first[address] = step.path
        continue
      }
      let (name, key) = (address.name.string, address.key.string)
      draft.report.warning(
        "same-signal", at: signal.span, path: signal.path,
        Bilingual(
          "\(other) waits for the same signal \"\(name)\" with the key \"\(key)\": each reaches one of them.",
          pt:
            "\(other) espera o mesmo sinal \"\(name)\" com a chave \"\(key)\": cada um chega a um só."
        ),
        remedy: Bilingual(
          "Give each its own key, or say broadcast: true.",
          pt: "Dê a cada um a sua chave, ou escreva broadcast: true."))
    }
  }

  /// Nil where the name or key is known only at run time.
  private func address(_ signal: SignalDraft) -> Address? {
    guard let name = signal.name.json?.string else { return nil }
    guard let key = signal.key else { return Address(name: ScalarString(name), key: ScalarString("")) }
    return key.json.map { Address(name: ScalarString(name), key: ScalarString($0.string ?? $0.text)) }
  }
}
