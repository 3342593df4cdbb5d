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
struct FileMove: Sendable {
  let from: RootedPath
  let target: RootedPath
  let conflict: OnConflict
  let record: PlaceRecord

  /// The file that is to be moved, as it was found.
  struct Source: ~Copyable {
    let folder: OpenFolder
    let name: String
    let status: FileStatus
  }

  func run(_ flag: CancelFlag) throws(Failure) -> (RootedPath, Int64) {
    if record.exists, let done = try earlier() { return done }
    return try move(try source(), flag)
  }

  func source() throws(Failure) -> Source {
    let name = try from.fileName()
    let folder = try from.parent()
    let status = try status(of: name, in: folder)
    return Source(folder: folder, name: name, status: status)
  }

  func move(_ source: borrowing Source, _ flag: CancelFlag) throws(Failure) -> (RootedPath, Int64) {
    let folder = try target.parent(making: true)
    try refuseSame(source, folder)
    var isElsewhere = false
    let placed = try IncomingFile.place(target, conflict, in: folder) {
      newName, isReplacing throws(Failure) in
      // Some file systems rename by way of a second name; a death between leaves the first to the repeat.
      try record.write(name: newName, source.status, source: PlaceRecord.mark(source.status))
      do throws(SystemError.Number) {
        try source.folder.rename(source.name, into: folder, as: newName, replacing: isReplacing)
        return true
      } catch {
        isElsewhere = error.value == EXDEV
        if isElsewhere { return true }
        if error.value == EEXIST { return false }
        throw .file(error, from.shown)
      }
    }
    if isElsewhere { return try copy(source, flag) }
    try sync(folder, source.folder)
    return (placed, try size(of: placed, in: folder, source))
  }

  /// Two roots may lead to one folder; there a file would be its own hindrance, or its own rest.
  private func refuseSame(_ source: borrowing Source, _ folder: borrowing OpenFolder) throws(Failure) {
    let isSame = try Failure.of(target.shown) { () throws(SystemError.Number) in
      try folder.status().isSameFile(as: try source.folder.status())
    }
    if isSame, ScalarString(try target.fileName()) == ScalarString(source.name) {
      throw .file(SystemError.Number(EEXIST), target.shown)
    }
  }

  /// The rename took effect, so whoever wrote to the file or exchanged it just before has had that moved.
  private func size(
    of placed: RootedPath, in folder: borrowing OpenFolder, _ source: borrowing Source
  ) throws(Failure) -> Int64 {
    let name = try placed.fileName()
    let found = try Failure.of(placed.shown) { () throws(SystemError.Number) in try folder.status(of: name) }
    // Who waited for it may have taken it already.
    guard let found else { return source.status.size }
    guard found.kind == .file else {
      // What came in its place is not for us to move; where its old name is taken by now, it stays.
      try? folder.rename(name, into: source.folder, as: source.name, replacing: false)
      throw .file(SystemError.Number(found.kind == .folder ? EISDIR : ELOOP), from.shown)
    }
    if PlaceRecord.mark(found) != PlaceRecord.mark(source.status) { try record.write(name: name, found) }
    return found.size
  }

  /// What an attempt before this one has moved. A copy, or a second name, may still have its source.
  private func earlier() throws(Failure) -> (RootedPath, Int64)? {
    let folder = try target.parent(making: true)
    guard let found = record.placed(in: folder) else { return nil }
    if let expected = found.source { try removeSource(expected) }
    return (target.sibling(found.name), found.status.size)
  }

  private func removeSource(_ expected: JSON) throws(Failure) {
    guard let folder = try sourceFolder() else { return }
    let name = try from.fileName()
    let there: FileStatus?
    do throws(SystemError.Number) { there = try folder.status(of: name) } catch {
      throw .file(error, from.shown)
    }
    guard let there, [PlaceRecord.mark(there), PlaceRecord.exactMark(there)].contains(expected) else {
      return
    }
    try remove(name, in: folder)
  }

  /// Nil where it is gone since, and the source with it.
  private func sourceFolder() throws(Failure) -> OpenFolder? {
    do throws(Failure) { return try from.parent() } catch {
      if ["file-not-found", "not-a-folder"].contains(error.code) { return nil }
      throw error
    }
  }

  private func copy(_ source: borrowing Source, _ flag: CancelFlag) throws(Failure) -> (RootedPath, Int64) {
    let (name, status) = (source.name, source.status)
    let file = try open(name, in: source.folder)
    var incoming = try FileCopy(to: target, conflict, record).begin(status.permissions)
    try incoming.copy(file, from.shown, flag) { .file($0, target.shown) }
    let placed = try incoming.place(as: target, conflict, record, source: status)
    // Somebody may have put another file under the name meanwhile: that one is not ours to remove.
    guard try self.status(of: name, in: source.folder) == status else { throw .changed(from.shown) }
    try remove(name, in: source.folder)
    return (placed, status.size)
  }

  private func open(_ name: String, in folder: borrowing OpenFolder) throws(Failure) -> OpenFile {
    do throws(SystemError.Number) { return try folder.file(name) } catch { throw .file(error, from.shown) }
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
