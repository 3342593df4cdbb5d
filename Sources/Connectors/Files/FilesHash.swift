import Engine
import Model

/// `files.hash`: the SHA-256 of a file.
struct FilesHash: Connector {
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "files.hash",
    title: Bilingual("Hash a file", pt: "Calcular o hash de um arquivo"),
    summary: Bilingual(
      "Reads a file of any size once and gives its SHA-256 and its size; nothing is stored.",
      pt: "Lê uma vez um arquivo de qualquer tamanho e devolve o SHA-256 e o tamanho; nada é guardado."),
    with: WebSchema.object([("path", FileSchema.path("The file."))], required: ["path"]),
    output: FileSchema.output([
      ("path", ["type": "string"]), ("sha256", FileSchema.sha256), ("size", FileSchema.size),
      ("modified", FileSchema.modified),
    ]),
    effect: .always(.pure),
    examples: [
      .init(
        Bilingual("Compare with what was announced", pt: "Comparar com o que foi anunciado"),
        yaml: """
          sum:
            uses: files.hash
            with: {path: inbox/delivery.zip}
          """)
    ], failures: FileSchema.reading + [FileSchema.changing])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let path = try RootedPath(attempt.with["path"]?.string ?? "", in: attempt.services.roots)
    let facts = try await OwnThread.cancellable { flag throws(Failure) in try FileDigest.read(path, flag) }
    return AttemptOutput([
      "path": .string(path.shown), "sha256": .string(facts.digest.sha256), "size": .int(facts.digest.size),
      "modified": facts.status.modifiedText,
    ])
  }
}
