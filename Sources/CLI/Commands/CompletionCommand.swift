import Model

/// `completion SHELL`
enum CompletionCommand {
  static let spec = CommandSpec(
    "completion", Bilingual("prints a completion script for a shell", pt: "imprime o script de completar"),
    arguments: [ArgumentSpec("SHELL", Bilingual("bash, zsh or fish", pt: "bash, zsh ou fish"))],
    examples: [
      .init(
        "esteira completion bash > ~/.local/share/bash-completion/completions/esteira",
        Bilingual("for the next bash", pt: "para o próximo bash")),
      .init(
        "esteira completion zsh > ~/.zfunc/_esteira",
        Bilingual("where fpath has ~/.zfunc", pt: "onde fpath contém ~/.zfunc")),
      .init(
        "esteira completion fish > ~/.config/fish/completions/esteira.fish",
        Bilingual("for the next fish", pt: "para o próximo fish")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    guard let shell = CompletionScript.Shell(rawValue: call.arguments[0]) else {
      let known = CompletionScript.Shell.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError(
        Bilingual(
          "There is no completion for \"\(call.arguments[0])\".",
          pt: "Não há script para \"\(call.arguments[0])\"."),
        remedy: Bilingual("There are: \(known).", pt: "Existem: \(known)."))
    }
    call.console.out(CompletionScript(commands: CommandTable.all).text(for: shell))
    return .done
  }
}
