import API
import Model

/// What only the person knows: read from the terminal without an echo, or line by line from standard input.
struct Answers {
  private let call: Invocation
  private var lines: [Substring]?

  static let flag = FlagSpec(
    "--password-stdin",
    Bilingual(
      "the password comes from standard input, and each further answer on a line of its own",
      pt: "a senha vem da entrada padrão, e cada resposta seguinte em uma linha própria"))

  init(_ call: Invocation) throws(UsageError) {
    self.call = call
    guard call.has(Self.flag.name) else { return }
    guard let text = String(validating: call.console.input(), as: UTF8.self) else { throw Self.noText }
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.utf8.last == 0x0D ? $0.dropLast() : $0 }
  }

  mutating func next(_ prompt: Bilingual) throws(UsageError) -> String {
    if lines == nil { return try fromTerminal(prompt) }
    guard let line = lines?.first, !line.isEmpty else { throw Self.missing(prompt) }
    lines?.removeFirst()
    return String(line)
  }

  /// At a terminal it is asked for twice, since nobody sees what they type.
  mutating func newPassword() throws(UsageError) -> String {
    let new = try next(Bilingual("New password", pt: "Senha nova"))
    if lines != nil { return new }
    guard new.utf8.elementsEqual(try fromTerminal(Bilingual("Once more", pt: "Mais uma vez")).utf8) else {
      throw UsageError(
        Bilingual("The two passwords differ.", pt: "As duas senhas são diferentes."),
        remedy: Bilingual("Nothing was changed. Try again.", pt: "Nada foi trocado. Tente de novo."))
    }
    return new
  }

  private func fromTerminal(_ prompt: Bilingual) throws(UsageError) -> String {
    guard let bytes = call.console.secret(call.text(prompt) + ": ") else { throw Self.missing(prompt) }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw Self.noText }
    return text
  }

  private static func missing(_ prompt: Bilingual) -> UsageError {
    UsageError(
      Bilingual("No answer to: \(prompt.english).", pt: "Sem resposta para: \(prompt.portuguese)."),
      remedy: Bilingual(
        "Answer at a terminal; login also reads --password-stdin. A password is never an argument.",
        pt: "Responda em um terminal; login também lê --password-stdin. Uma senha nunca é um argumento."))
  }

  private static let noText = UsageError(
    Bilingual("The answer is not UTF-8.", pt: "A resposta não é UTF-8."))
}
