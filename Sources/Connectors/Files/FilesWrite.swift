import Engine
import Glibc
import Model

/// `files.write`: one file below a root.
struct FilesWrite: Connector {
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "files.write",
    title: Bilingual("Write a file", pt: "Gravar um arquivo"),
    summary: Bilingual(
      """
      Writes a text, an artifact or any value (as JSON) into a file of the namespace's own folder or a \
      granted root; folders on the way are made. Written beside, synced and renamed, so that nobody reads a \
      half, and a repeated attempt knows its own file again.
      """,
      pt: """
        Grava um texto, um artefato ou um valor qualquer (como JSON) em um arquivo da pasta do namespace ou \
        de uma raiz concedida; as pastas no caminho são criadas. Gravado ao lado, sincronizado e renomeado, \
        de modo que ninguém lê uma metade, e uma tentativa repetida reconhece o próprio arquivo.
        """),
    with: WebSchema.object(
      [
        ("path", FileSchema.path("The file.")),
        ("content", ["description": "Text, an artifact, or a value that is written as compact JSON."]),
        OnConflict.member(default: .overwrite),
      ], required: ["path", "content"]),
    output: FileSchema.output([
      ("path", ["type": "string", "description": "Another than asked for with `on_conflict: rename`."]),
      ("sha256", FileSchema.sha256), ("size", FileSchema.size),
    ]),
    effect: .always(.keyed),
    examples: [
      .init(
        Bilingual("Leave a report for others", pt: "Deixar um relatório para outros"),
        yaml: """
          report:
            uses: files.write
            with: {path: "reports/${{ job.key }}.json", content: {total: 3}}
          """)
    ], failures: FileSchema.writing)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let with = attempt.with
    let path = try RootedPath(with["path"]?.string ?? "", in: attempt.services.roots, writing: true)
    guard !path.isFolder else {
      throw .unsafeFile(path.shown + "/", "ends with a slash, and so names a folder")
    }
    let content = with["content"] ?? .null
    let fetched = attempt.services.workFolder + "/content"
    let handle = ArtifactHandle(content)
    if let handle { try await attempt.services.fetchArtifact(handle.sha256, fetched) }
    let conflict = OnConflict(with, default: .overwrite)
    let record = PlaceRecord(attempt, "write \(path.root.path) \(path.parts)")
    let (placed, digest) = try await OwnThread.cancellable { flag throws(Failure) in
      if handle != nil {
        let source: OpenFile
        do throws(SystemError.Number) { source = try .own(fetched) } catch { throw .workFolder(error.value) }
        return try FileCopy(to: path, conflict, record).run(source, "the artifact", flag)
      }
      let bytes = content.string.map { Array($0.utf8) } ?? content.serialized()
      return try FileCopy(to: path, conflict, record).run(bytes)
    }
    return AttemptOutput([
      "path": .string(placed.shown), "sha256": .string(digest.sha256), "size": .int(digest.size),
    ])
  }
}

/// Brings bytes under a new name, once for all attempts of a step. Blocks.
struct FileCopy {
  let target: RootedPath
  let conflict: OnConflict
  let record: PlaceRecord

  init(to target: RootedPath, _ conflict: OnConflict, _ record: PlaceRecord) {
    (self.target, self.conflict, self.record) = (target, conflict, record)
  }

  func run(_ bytes: [UInt8]) throws(Failure) -> (RootedPath, Digest) {
    if let done = try earlier(CancelFlag()) { return done }
    var incoming = try begin(try replaced())
    do throws(SystemError.Number) { try incoming.write(bytes) } catch { throw .file(error, target.shown) }
    return (try incoming.place(as: target, conflict, record), incoming.digest())
  }

  /// `permissions` are for a new name below a granted root; without them the process's mask decides.
  func run(
    _ source: borrowing OpenFile, _ shown: String, _ flag: CancelFlag, permissions: mode_t? = nil
  ) throws(Failure) -> (RootedPath, Digest) {
    if let done = try earlier(flag) { return done }
    var incoming = try begin(try replaced() ?? permissions)
    try incoming.copy(source, shown, flag) { .file($0, target.shown) }
    return (try incoming.place(as: target, conflict, record), incoming.digest())
  }

  /// What an attempt before this one brought there.
  func earlier(_ flag: CancelFlag) throws(Failure) -> (RootedPath, Digest)? {
    guard record.exists else { return nil }
    let parent = try target.parent(making: true)
    guard let found = record.placed(in: parent) else { return nil }
    let placed = target.sibling(found.name)
    return (placed, try FileDigest.read(placed, flag).digest)
  }

  func begin(_ permissions: mode_t?) throws(Failure) -> IncomingFile {
    _ = try target.fileName()
    let parent = try target.parent(making: true)
    do throws(SystemError.Number) {
      return try IncomingFile(in: parent, key: record.key, permissions: permissions)
    } catch {
      throw .file(error, target.shown)
    }
  }

  /// The rights of the file that is written over: whoever may use it may go on using it.
  private func replaced() throws(Failure) -> mode_t? {
    guard conflict == .overwrite else { return nil }
    let name = try target.fileName()
    let parent = try target.parent(making: true)
    let found = try Failure.of(target.shown) { () throws(SystemError.Number) in try parent.status(of: name) }
    return found.flatMap { $0.kind == .file ? $0.permissions : nil }
  }
}
