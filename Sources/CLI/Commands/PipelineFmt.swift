import Glibc
import Model
import Pipelines

/// `pipeline fmt FILE…`
enum PipelineFmt {
  static let spec = CommandSpec(
    "pipeline fmt",
    Bilingual(
      "writes files in the canonical layout; comments and order stay",
      pt: "grava arquivos no leiaute canônico; comentários e ordem ficam"),
    arguments: [
      ArgumentSpec(
        "FILE", repeated: true, Bilingual("pipeline files, or -", pt: "arquivos de pipeline, ou -"))
    ],
    flags: [
      FlagSpec(
        "--check",
        Bilingual(
          "change nothing; exit 1 and name the files that would change",
          pt: "não muda nada; sai com 1 e cita os arquivos que mudariam"))
    ],
    examples: [
      .init(
        "esteira pipeline fmt hello.yaml", Bilingual("rewrites the file", pt: "reescreve o arquivo")),
      .init(
        "esteira pipeline fmt --check hello.yaml",
        Bilingual("for a commit hook", pt: "para um gancho de commit")),
      .init(
        "esteira pipeline fmt -",
        Bilingual("from standard input to standard output", pt: "da entrada para a saída padrão")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    var (isWrong, wouldChange) = (false, false)
    for name in call.arguments {
      let source = try call.readInput(name)
      switch PipelineFormat.canonical(source) {
      case .refused(let finding):
        isWrong = true
        call.console.error(finding.rendered(file: name, language: call.language))
      case .formatted(let text):
        let isChanged = Array(text.utf8) != source
        if call.has("--check") {
          if isChanged { call.console.out(name) }
          wouldChange = wouldChange || isChanged
        } else if name == "-" {
          call.console.out(String(text.dropLast()))
        } else if isChanged {
          try LocalFile.replace(name, with: Array(text.utf8))
          if !call.isQuiet { call.console.out(name) }
        }
      }
    }
    return isWrong ? .usage : wouldChange ? .failure : .done
  }
}

extension LocalFile {
  /// Puts new bytes in place of a file, whole or not at all; its mode stays, and a link leads on to it.
  fileprivate static func replace(_ path: String, with bytes: [UInt8]) throws(Problem) {
    let real = realPath(path) ?? path
    let draft = real + ".fmt"
    var status = stat()
    let mode = stat(real, &status) == 0 ? status.st_mode & 0o7777 : 0o644
    let file = try FileWriter(draft)
    try file.write(bytes)
    try file.close()
    guard chmod(draft, mode) == 0, rename(draft, real) == 0 else {
      let reason = Bilingual.systemReason(errno)
      unlink(draft)
      throw Problem(
        "cannot-write",
        Bilingual(
          "\(path) cannot be written: \(reason[.english]).",
          pt: "Não foi possível escrever \(path): \(reason[.portuguese])."),
        remedy: Bilingual("Check the folder's permissions.", pt: "Confira as permissões da pasta."))
    }
  }
}
