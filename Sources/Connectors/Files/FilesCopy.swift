import Engine
import Glibc
import Model

/// `files.copy`: one file to another place.
struct FilesCopy: Connector {
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "files.copy",
    title: Bilingual("Copy a file", pt: "Copiar um arquivo"),
    summary: Bilingual(
      """
      Copies a plain file of any size to another name, root or folder; folders on the way are made. Written \
      beside, synced and renamed. A `to` that ends with `/` keeps the name.
      """,
      pt: """
        Copia um arquivo comum de qualquer tamanho para outro nome, raiz ou pasta; as pastas no caminho são \
        criadas. Gravado ao lado, sincronizado e renomeado. Um `to` que termina com `/` mantém o nome.
        """),
    with: WebSchema.object(
      [
        ("from", FileSchema.path("The file.")),
        ("to", FileSchema.path("Its copy; with `/` at the end the folder for it.")),
        OnConflict.member(default: .fail),
      ], required: ["from", "to"]),
    output: FileSchema.output([
      ("from", ["type": "string"]), ("to", ["type": "string", "description": "Where the copy is."]),
      ("sha256", FileSchema.sha256), ("size", FileSchema.size),
    ]),
    effect: .always(.keyed),
    examples: [
      .init(
        Bilingual("Keep what came", pt: "Guardar o que chegou"),
        yaml: """
          keep:
            uses: files.copy
            with: {from: inbox/today.csv, to: archive/}
          """)
    ], failures: FileSchema.writing + [FileSchema.changing])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let roots = attempt.services.roots
    let from = try RootedPath(attempt.with["from"]?.string ?? "", in: roots)
    let asked = try RootedPath(attempt.with["to"]?.string ?? "", in: roots, writing: true)
    let target = asked.isFolder ? asked.child(try from.fileName()) : asked
    guard !from.isSame(as: target) else { throw .file(SystemError.Number(EEXIST), target.shown) }
    let conflict = OnConflict(attempt.with, default: .fail)
    let record = PlaceRecord(attempt, "copy \(from.shown) \(target.root.path) \(target.parts)")
    let (placed, digest) = try await OwnThread.cancellable { flag throws(Failure) in
      let copy = FileCopy(to: target, conflict, record)
      if let done = try copy.earlier(flag) { return done }
      let source = try from.file()
      // What lies in the own folder is closed to others, a copy of it for them is not.
      let permissions = from.isOwn ? nil : try source.status(of: from.shown).permissions
      return try copy.run(source, from.shown, flag, permissions: permissions)
    }
    return AttemptOutput([
      "from": .string(from.shown), "to": .string(placed.shown), "sha256": .string(digest.sha256),
      "size": .int(digest.size),
    ])
  }
}
