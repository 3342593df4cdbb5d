internal import Model

extension OpenAsk {
  /// What the question holds up, who may answer, until when, and with which command.
  func blocker(_ path: String, since: Timestamp?) -> Blocker {
    let names = people.users + people.groups
    let who = Bilingual(
      names.isEmpty ? "everybody" : names.joined(separator: ", "),
      pt: names.isEmpty ? "todos" : names.joined(separator: ", "))
    let count = Set(answers.map { ScalarString($0.person) }).count
    let need = Bilingual(
      quorum > 1 ? "; \(count) answered, \(quorum) of one mind are needed" : "",
      pt: quorum > 1 ? "; \(count) responderam, são precisas \(quorum) respostas iguais" : "")
    let expiry = expiresAt.rfc3339
    let command = "esteira ask answer \(id) \(choices.joined(separator: "|"))"
    return Blocker(
      kind: "ask", path: path,
      text: Bilingual(
        "\(path) asks \(who.english): \"\(title)\" (expires at \(expiry)\(need.english))",
        pt: "\(path) pergunta a \(who.portuguese): \"\(title)\" (expira em \(expiry)\(need.portuguese))"),
      since: since ?? openedAt, until: expiresAt,
      remedy: Bilingual("Answer with: \(command)", pt: "Responda com: \(command)"))
  }
}
