internal import Model

// What a wait waits for, in words.
extension JobState {
  /// A wait for a signal or a time; nil for the pause of a loop and for a question.
  func waitBlocker(_ node: NodeNumber, _ path: String, _ id: ID<Job>) -> Blocker? {
    let current = self[node]
    if let wait = wait(of: node) { return signalBlocker(wait, path, id, since: current.readyAt.orNil) }
    guard current.firstChild == StepState.none, let due = current.due.orNil else { return nil }
    return Blocker(
      kind: "wait", path: path,
      text: Bilingual("\(path) waits until \(due.rfc3339)", pt: "\(path) espera até \(due.rfc3339)"),
      since: current.readyAt.orNil, until: due, remedy: nil)
  }

  private func signalBlocker(_ wait: JSON, _ path: String, _ id: ID<Job>, since: Timestamp?) -> Blocker {
    let (name, key) = (wait["name"]?.string ?? "", wait["key"]?.string ?? "")
    let (with, com) =
      key.isEmpty ? ("", "") : (" with the key \"\(key)\"", " com a chave \"\(key)\"")
    let option = key.isEmpty ? "" : " --key '\(key)'"
    return Blocker(
      kind: "signal", path: path,
      text: Bilingual(
        "\(path) waits for the signal \"\(name)\"\(with)", pt: "\(path) espera o sinal \"\(name)\"\(com)"),
      since: since, until: nil,
      remedy: Bilingual(
        "Send it with: esteira job signal \(id) \(name)\(option) --payload FILE",
        pt: "Envie com: esteira job signal \(id) \(name)\(option) --payload ARQUIVO"))
  }

  /// Two jobs wait for one signal: allowed, and rarely meant (S14).
  func rivalry(_ path: String, _ others: [ID<Job>]) -> Blocker {
    let shown = others.prefix(3).map(\.description).joined(separator: ", ") + (others.count > 3 ? " …" : "")
    return Blocker(
      kind: "same_signal", path: path,
      text: Bilingual(
        "another job waits for the same signal: \(shown); each goes to the one that has waited longest",
        pt: "outro job espera o mesmo sinal: \(shown); cada sinal vai para o que espera há mais tempo"),
      since: nil, until: nil,
      remedy: Bilingual(
        "Give each its own key, or let the waits say broadcast: true.",
        pt: "Dê a cada um a sua chave, ou escreva broadcast: true nas esperas."))
  }
}
