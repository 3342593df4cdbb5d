import Engine
import Glibc
import Model

/// `files.move`: one file to another place.
struct FilesMove: Connector {
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "files.move",
    title: Bilingual("Move a file", pt: "Mover um arquivo"),
    summary: Bilingual(
      """
      Moves a plain file to another name, root or folder; folders on the way are made. One rename on one \
      file system; between two a copy that is synced and renamed before the source goes. A `to` that ends \
      with `/` keeps the name. An attempt that is repeated after it took effect finds its own file again and \
      succeeds.
      """,
      pt: """
        Move um arquivo comum para outro nome, raiz ou pasta; as pastas no caminho são criadas. Uma \
        renomeação no mesmo sistema de arquivos; entre dois, uma cópia sincronizada e renomeada antes de a \
        origem sair. Um `to` que termina com `/` mantém o nome. Uma tentativa repetida depois de ter tido \
        efeito reconhece o próprio arquivo e dá certo.
        """),
    with: WebSchema.object(
      [
        ("from", FileSchema.path("The file.")),
        ("to", FileSchema.path("Its new name; with `/` at the end the folder for it.")),
        OnConflict.member(default: .fail),
      ], required: ["from", "to"]),
    output: FileSchema.output([
      ("from", ["type": "string"]), ("to", ["type": "string", "description": "Where it is now."]),
      ("size", FileSchema.size),
    ]),
    effect: .always(.keyed),
    examples: [
      .init(
        Bilingual("Put aside what is done", pt: "Separar o que está pronto"),
        yaml: """
          archive:
            uses: files.move
            with: {from: inbox/today.csv, to: done/}
          """)
    ], failures: FileSchema.writing + [FileSchema.changing])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let roots = attempt.services.roots
    let from = try RootedPath(attempt.with["from"]?.string ?? "", in: roots, writing: true)
    let asked = try RootedPath(attempt.with["to"]?.string ?? "", in: roots, writing: true)
    let target = asked.isFolder ? asked.child(try from.fileName()) : asked
    guard !from.isSame(as: target) else { throw .file(.init(EEXIST), target.shown) }
    let move = FileMove(
      from: from, target: target, conflict: OnConflict(attempt.with, default: .fail),
      record: PlaceRecord(attempt, "move \(from.shown) \(target.root.path) \(target.parts)"))
    let (placed, size) = try await OwnThread.cancellable { flag throws(Failure) in try move.run(flag) }
    return AttemptOutput(["from": .string(from.shown), "to": .string(placed.shown), "size": .int(size)])
  }
}

/// One move. Blocks.
private struct FileMove {
  let from: RootedPath
  let target: RootedPath
  let conflict: OnConflict
  let record: PlaceRecord

  func run(_ flag: CancelFlag) throws(Failure) -> (RootedPath, Int64) {
    if record.exists, let done = try earlier() { return done }
    let name = try from.fileName()
    let source = try from.parent()
    let status = try self.status(of: name, in: source)
    let folder = try target.parent(making: true)
    var isElsewhere = false
    let placed = try IncomingFile.place(target, conflict, in: folder) {
      newName, isReplacing throws(Failure) in
      try record.write(name: newName, status)
      do throws(SystemError.Number) {
        try source.rename(name, into: folder, as: newName, replacing: isReplacing)
        return true
      } catch {
        isElsewhere = error.value == EXDEV
        if isElsewhere { return true }
        if error.value == EEXIST { return false }
        throw .file(error, from.shown)
      }
    }
    if isElsewhere { return try copy(name, in: source, status, flag) }
    try sync(folder, source)
    let moved = try Failure.of(placed.shown) { () throws(SystemError.Number) in
      try folder.status(of: placed.name ?? "")
    }
    guard moved == status else { throw .changed(from.shown) }
    return (placed, status.size)
  }

  /// What an attempt before this one has moved. A copy may still have its source.
  private func earlier() throws(Failure) -> (RootedPath, Int64)? {
    let folder = try target.parent(making: true)
    guard let found = record.placed(in: folder) else { return nil }
    if let expected = found.source {
      let name = try from.fileName()
      let source = try from.parent()
      if let there = try? source.status(of: name), PlaceRecord.json(there) == expected {
        try remove(name, in: source)
      }
    }
    return (target.sibling(found.name), found.status.size)
  }

  private func copy(
    _ name: String, in source: borrowing OpenFolder, _ status: FileStatus, _ flag: CancelFlag
  ) throws(Failure) -> (RootedPath, Int64) {
    let file: OpenFile
    do throws(SystemError.Number) { file = try source.file(name) } catch { throw .file(error, from.shown) }
    var incoming = try FileCopy(to: target, conflict, record).begin()
    try incoming.copy(file, from.shown, flag)
    let placed = try incoming.place(as: target, conflict, record, source: status)
    // Somebody may have put another file under the name meanwhile: that one is not ours to remove.
    guard try self.status(of: name, in: source) == status else { throw .changed(from.shown) }
    try remove(name, in: source)
    return (placed, status.size)
  }

  private func status(of name: String, in folder: borrowing OpenFolder) throws(Failure) -> FileStatus {
    let found: FileStatus?
    do throws(SystemError.Number) { found = try folder.status(of: name) } catch {
      throw .file(error, from.shown)
    }
    guard let found else { throw .file(SystemError.Number(ENOENT), from.shown) }
    guard found.kind == .file else { throw .file(.init(found.kind == .folder ? EISDIR : ELOOP), from.shown) }
    return found
  }

  private func remove(_ name: String, in folder: borrowing OpenFolder) throws(Failure) {
    do throws(SystemError.Number) {
      try folder.remove(name)
      try folder.sync()
    } catch { throw .file(error, from.shown) }
  }

  private func sync(_ one: borrowing OpenFolder, _ other: borrowing OpenFolder) throws(Failure) {
    do throws(SystemError.Number) {
      try one.sync()
      try other.sync()
    } catch { throw .file(error, target.shown) }
  }
}
