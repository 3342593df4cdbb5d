import Crypto
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

/// The hash of a whole file that did not change meanwhile. Blocks.
enum FileDigest {
  /// `look` sees the bytes on their way, piece by piece.
  static func read(
    _ path: RootedPath, _ flag: CancelFlag,
    _ look: (ArraySlice<UInt8>) -> Void = { _ in }
  ) throws(Failure) -> WorkCopy.Facts {
    let file = try path.file()
    let before = try Failure.of(path.shown) { () throws(SystemError.Number) in try file.status() }
    var buffer = [UInt8](repeating: 0, count: OpenFile.chunk)
    var hash = SHA256()
    var size: Int64 = 0
    while true {
      try flag.check()
      let count: Int
      do throws(SystemError.Number) { count = try file.read(into: &buffer) } catch {
        throw .file(error, path.shown)
      }
      if count == 0 { break }
      hash.update(buffer, 0..<count)
      look(buffer[..<count])
      size += Int64(count)
    }
    let after = try Failure.of(path.shown) { () throws(SystemError.Number) in try file.status() }
    guard before == after, after.size == size else { throw .changed(path.shown) }
    return WorkCopy.Facts(digest: Digest(sha256: Hex.encode(hash.finish()), size: size), status: after)
  }
}
