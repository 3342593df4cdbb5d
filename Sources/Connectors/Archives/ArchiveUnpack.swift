import Engine
import Glibc
import Model

/// `archive.unpack`: the files of an archive.
struct ArchiveUnpack: Connector {
  var description: ConnectorDescription { Self.description }

  /// So many entries an output shows, and so many become artifacts.
  static let shownEntries = 10_000
  static let artifacts = 1_000

  static let description = ConnectorDescription(
    name: "archive.unpack",
    title: Bilingual("Unpack an archive", pt: "Desempacotar um arquivo compactado"),
    summary: Bilingual(
      """
      Takes a zip, tar, tar.gz or tar.zst apart: into a folder below a root, which appears whole or not at \
      all, or into artifacts. An entry that leads out of the folder, a link, a device, an encrypted entry or \
      a name that comes twice refuses the whole archive, and so does one that grows beyond its limits.
      """,
      pt: """
        Abre um zip, tar, tar.gz ou tar.zst: em uma pasta abaixo de uma raiz, que aparece inteira ou não \
        aparece, ou em artefatos. Uma entrada que leva para fora da pasta, uma ligação, um dispositivo, uma \
        entrada cifrada ou um nome repetido recusa o arquivo inteiro, e também um que cresce além dos limites.
        """),
    with: WebSchema.object([
      ("artifact", ["type": "artifact", "description": "The archive; this or `path`."]),
      ("path", FileSchema.path("The archive; this or `artifact`.")),
      ("to", FileSchema.path("The folder to make; it must not be there or be empty. Missing: artifacts.")),
      ("match", ["type": "string", "minLength": 1, "description": "Only these, as in `files.list`."]),
      ("max_entries", ["type": "integer", "minimum": 1, "maximum": 100_000, "default": 10_000]),
      (
        "max_size",
        [
          "type": "integer", "minimum": 1, "maximum": 1_099_511_627_776, "default": 5_368_709_120,
          "description": "Of all entries, in bytes. Beyond 10 MiB also at most 100 times the archive's size.",
        ]
      ),
    ]),
    output: FileSchema.output(
      [
        (
          "entries",
          [
            "type": "array",
            "items": FileSchema.output(
              [("path", ["type": "string"]), ("size", FileSchema.size)],
              optional: [("file", ["type": "artifact", "description": "Where `to` is missing."])]),
          ]
        ),
        ("count", ["type": "integer"]), ("size", FileSchema.size),
        ("truncated", ["type": "boolean", "description": "True where more than 10,000 were unpacked."]),
      ], optional: [("to", ["type": "string"])]),
    effect: .always(.keyed),
    examples: [
      .init(
        Bilingual("Open a delivery", pt: "Abrir uma entrega"),
        yaml: """
          open:
            uses: archive.unpack
            with: {path: inbox/delivery.zip, to: "work/${{ job.key }}", match: "*.csv"}
          """)
    ], failures: FileSchema.writing + [FileSchema.changing] + ArchiveNotes.all,
    check: problems(in:))

  static func problems(in with: JSON) -> [Problem] {
    let problems = FilesList.problems(in: with)
    if (with["artifact"] == nil) != (with["path"] == nil) { return problems }
    return problems + [Self.needsOneSource]
  }

  private static let needsOneSource = Problem(
    "invalid-with",
    Bilingual(
      "`with` has not exactly one of `artifact` and `path`.",
      pt: "`with` não tem exatamente um de `artifact` e `path`."),
    remedy: Bilingual("Keep the one that is the archive.", pt: "Mantenha o que é o arquivo compactado."))

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let (with, services) = (attempt.with, attempt.services)
    if (with["artifact"] == nil) == (with["path"] == nil) {
      throw Failure(.configuration, code: "invalid-with", Self.needsOneSource.message.english)
    }
    let source = try with["path"]?.string.map { path throws(Failure) in
      try RootedPath(path, in: services.roots)
    }
    let target = try with["to"]?.string.map { path throws(Failure) in
      try RootedPath(path, in: services.roots, writing: true)
    }
    let fetched = services.workFolder + "/archive"
    if let handle = with["artifact"].flatMap(ArtifactHandle.init) {
      try await services.fetchArtifact(handle.sha256, fetched)
    }
    var limits = UnpackLimits()
    if let most = with["max_entries"]?.int { limits.entries = Int(most) }
    if let most = with["max_size"]?.int { limits.bytes = most }
    let (chosen, glob) = (limits, try FilesList.glob(with))
    let open: @Sendable () throws(Failure) -> OpenFile = { () throws(Failure) in
      if let source { return try source.file() }
      do throws(SystemError.Number) { return try .own(fetched) } catch { throw .workFolder(error.value) }
    }
    if let target {
      let record = PlaceRecord(attempt, "unpack \(target.root.path) \(target.parts)")
      let items = try await OwnThread.cancellable { flag throws(Failure) in
        try target.refuseInnerRoots(of: services.roots)
        return try UnpackedFolder(target: target, record: record).make(
          Unpacking(limits: chosen, glob: glob, flag: flag), open)
      }
      return AttemptOutput(Self.value(items, to: target.shown))
    }
    let folder = services.workFolder + "/entries"
    let items = try await OwnThread.cancellable { flag throws(Failure) in
      guard Folders.make(folder) else { throw .workFolder(errno) }
      let inside: OpenFolder
      do throws(SystemError.Number) { inside = try .open(folder) } catch { throw .workFolder(error.value) }
      return try Unpacking(limits: chosen, glob: glob, flag: flag).run(try open(), into: inside)
    }
    return try await Self.store(items, in: folder, services)
  }

  private static func store(
    _ items: [Unpacking.Item], in folder: String, _ services: AttemptServices
  ) async throws(Failure) -> AttemptOutput {
    guard items.count <= artifacts else {
      throw Failure(
        .outputTooLarge, code: "too-many-artifacts",
        "The archive has \(items.count) files, more than \(artifacts) artifacts; give a folder in `to`.")
    }
    var handles: [ArtifactHandle] = []
    for item in items {
      handles.append(
        try await services.storeArtifact(item.path, "\(folder)/\(item.path)", MediaType.of(item.path)))
    }
    return AttemptOutput(value(items, handles), artifacts: handles)
  }

  private static func value(
    _ items: [Unpacking.Item], _ handles: [ArtifactHandle] = [], to folder: String? = nil
  ) -> JSON {
    let entries = items.prefix(shownEntries).enumerated().map { place, item -> JSON in
      var entry = JSONObject([("path", .string(item.path)), ("size", .int(item.size))])
      if handles.indices.contains(place) { entry["file"] = handles[place].json }
      return .object(entry)
    }
    var value = JSONObject([
      ("entries", .array(entries)), ("count", .int(Int64(items.count))),
      ("size", .int(items.reduce(0) { $0 + $1.size })), ("truncated", .bool(items.count > shownEntries)),
    ])
    if let folder { value["to"] = .string(folder) }
    return .object(value)
  }
}

/// A folder that appears with all in it or not at all. Blocks.
private struct UnpackedFolder {
  let target: RootedPath
  let record: PlaceRecord

  func make(
    _ unpacking: Unpacking, _ open: () throws(Failure) -> OpenFile
  ) throws(Failure) -> [Unpacking.Item] {
    let name = try target.fileName()
    let parent = try target.parent(making: true)
    if record.exists, record.placed(in: parent) != nil { return try listed(unpacking.flag) }
    let there: FileStatus?
    do throws(SystemError.Number) { there = try parent.status(of: name) } catch {
      throw .file(error, target.shown)
    }
    if let there, there.kind != .folder { throw .file(SystemError.Number(EEXIST), target.shown) }
    let temporary = target.sibling(IncomingFile.temporary(record.key))
    var removal = FileRemoval(temporary, unpacking.flag, isRecursive: true)
    try removal.run(nil)
    do throws(Failure) {
      let items = try fill(temporary, in: parent, unpacking, open)
      try place(temporary, as: name, in: parent)
      return items
    } catch {
      // The first failure is the one that tells; what stays behind goes with the next attempt.
      var removal = FileRemoval(temporary, CancelFlag(), isRecursive: true)
      try? removal.run(nil)
      throw error
    }
  }

  private func fill(
    _ temporary: RootedPath, in parent: borrowing OpenFolder, _ unpacking: Unpacking,
    _ open: () throws(Failure) -> OpenFile
  ) throws(Failure) -> [Unpacking.Item] {
    let folder: OpenFolder
    do throws(SystemError.Number) {
      try parent.makeFolder(temporary.name ?? "")
      folder = try parent.folder(temporary.name ?? "")
    } catch { throw .file(error, target.shown) }
    let items = try unpacking.run(try open(), into: folder)
    do throws(SystemError.Number) { try folder.syncAll() } catch { throw .file(error, target.shown) }
    return items
  }

  /// Takes the place of an empty folder too.
  private func place(
    _ temporary: RootedPath, as name: String, in parent: borrowing OpenFolder
  ) throws(Failure) {
    let (own, shown) = (try temporary.fileName(), target.shown)
    let status = try Failure.of(shown) { () throws(SystemError.Number) in try parent.status(of: own) }
    guard let status else { throw .file(SystemError.Number(ENOENT), shown) }
    try record.write(name: name, status)
    do throws(SystemError.Number) {
      try parent.rename(own, into: parent, as: name, replacing: true)
      try parent.sync()
    } catch {
      throw .file(error.value == ENOTEMPTY ? SystemError.Number(EEXIST) : error, target.shown)
    }
  }

  /// What an attempt before this one unpacked.
  private func listed(_ flag: CancelFlag) throws(Failure) -> [Unpacking.Item] {
    var listing = FileListing(target, glob: nil, isRecursive: true, after: nil, limit: 100_000, flag)
    try listing.run()
    let start = target.shown.utf8.count + 1
    return listing.found.map { entry in
      Unpacking.Item(
        path: String(decoding: entry.path.string.utf8.dropFirst(start), as: UTF8.self),
        size: entry.status.size)
    }
  }
}

/// What archives are refused for.
enum ArchiveNotes {
  private typealias Note = ConnectorDescription.FailureNote

  static let all: [ConnectorDescription.FailureNote] = [
    Note(
      .data, code: "invalid-archive",
      Bilingual(
        "it is no zip or tar, it is damaged or cut off", pt: "não é zip nem tar, está danificado ou cortado"),
      remedy: Bilingual("Ask for it again; compare its hash.", pt: "Peça de novo; compare o hash.")),
    Note(
      .data, code: "unsafe-archive",
      Bilingual(
        "an entry leads out, comes twice, is encrypted, a link or a device, or begins with `.#`",
        pt:
          "uma entrada leva para fora, repete-se, está cifrada, é ligação ou dispositivo, ou começa com `.#`"
      ),
      remedy: Bilingual("Have it packed with plain files only.", pt: "Peça um pacote só com arquivos comuns.")
    ),
    Note(
      .data, code: "archive-limit",
      Bilingual(
        "it has too many entries or grows too large", pt: "tem entradas demais ou cresce demais"),
      remedy: Bilingual(
        "Raise `max_entries` or `max_size` if you trust it.",
        pt: "Aumente `max_entries` ou `max_size` se confia nele.")),
    Note(
      .outputTooLarge, code: "too-many-artifacts",
      Bilingual(
        "more than 1,000 files would become artifacts", pt: "mais de 1.000 arquivos virariam artefatos"),
      remedy: Bilingual("Give a folder in `to`.", pt: "Indique uma pasta em `to`.")),
    Note(
      .configuration, code: "bad-pattern",
      Bilingual("`match` is no pattern", pt: "`match` não é um padrão"),
      remedy: Bilingual("Close each bracket and brace.", pt: "Feche cada colchete e chave.")),
  ]
}
