import Engine
import Glibc
import Model

/// `files.remove`: a file, or a folder with all in it.
struct FilesRemove: Connector {
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "files.remove",
    title: Bilingual("Remove files", pt: "Remover arquivos"),
    summary: Bilingual(
      """
      Removes a plain file or an empty folder; with `recursive` a folder with all in it. Links below it are \
      removed themselves and never followed. What is not there is no error unless `must_exist`.
      """,
      pt: """
        Remove um arquivo comum ou uma pasta vazia; com `recursive`, uma pasta com tudo dentro. Ligações \
        abaixo dela são removidas, nunca seguidas. O que não existe só é erro com `must_exist`.
        """),
    with: WebSchema.object(
      [
        ("path", FileSchema.path("The file or folder.")),
        ("recursive", ["type": "boolean", "default": false, "description": "A folder with all in it."]),
        (
          "must_exist",
          ["type": "boolean", "default": false, "description": "Whether its absence is an error."]
        ),
      ], required: ["path"]),
    output: FileSchema.output([
      ("path", ["type": "string"]),
      ("removed", ["type": "integer", "description": "Files, links and folders."]),
    ]),
    effect: .always(.keyed),
    examples: [
      .init(
        Bilingual("Clean up", pt: "Limpar"),
        yaml: """
          cleanup:
            uses: files.remove
            with: {path: scratch, recursive: true}
          """)
    ],
    failures: FileSchema.reading + [
      FileSchema.readOnly,
      FileSchema.Note(
        .data, code: "folder-not-empty",
        Bilingual("the folder holds something", pt: "a pasta contém algo"),
        remedy: Bilingual("Say `recursive: true`.", pt: "Use `recursive: true`.")),
      FileSchema.Note(
        .data, code: "too-deep",
        Bilingual("folders lie more than 64 deep", pt: "há pastas com mais de 64 níveis"),
        remedy: Bilingual("Remove a folder further down first.", pt: "Remova antes uma pasta mais abaixo.")),
    ])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let roots = attempt.services.roots
    let path = try RootedPath(attempt.with["path"]?.string ?? "", in: roots, writing: true)
    let isRecursive = attempt.with["recursive"]?.bool ?? false
    let mustExist = attempt.with["must_exist"]?.bool ?? false
    let record = PlaceRecord(attempt, "remove \(path.root.path) \(path.parts)")
    let removed = try await OwnThread.cancellable { flag throws(Failure) in
      try path.refuseInnerRoots(of: roots)
      var removal = FileRemoval(path, flag, isRecursive: isRecursive)
      // Without `must_exist` a repeat needs no memory: what is gone is gone.
      try removal.run(mustExist ? record : nil)
      return removal.count
    }
    return AttemptOutput(["path": .string(path.shown), "removed": .int(removed)])
  }
}

/// One removal, folder by folder through open folders. Blocks.
struct FileRemoval {
  private let path: RootedPath
  private let flag: CancelFlag
  private let isRecursive: Bool
  private(set) var count: Int64 = 0

  init(_ path: RootedPath, _ flag: CancelFlag, isRecursive: Bool) {
    (self.path, self.flag, self.isRecursive) = (path, flag, isRecursive)
  }

  /// With a record a name that is not there is an error, unless an attempt before this one removed it.
  mutating func run(_ record: PlaceRecord?) throws(Failure) {
    let name = try path.fileName()
    let mayBeGone = record?.exists ?? true
    guard let parent = try parent(mayBeGone) else { return }
    let there: FileStatus?
    do throws(SystemError.Number) { there = try parent.status(of: name) } catch {
      throw .file(error, path.shown)
    }
    guard let found = there else {
      if mayBeGone { return }
      throw .file(SystemError.Number(ENOENT), path.shown)
    }
    if found.kind == .other || (found.kind == .link && !isRecursive) {
      throw .file(SystemError.Number(ELOOP), path.shown)
    }
    try record?.write(name: name, found)
    try remove(name, found.kind, in: parent, path.shown, depth: 0)
    do throws(SystemError.Number) { try parent.sync() } catch { throw .file(error, path.shown) }
  }

  private func parent(_ mayBeGone: Bool) throws(Failure) -> OpenFolder? {
    do throws(Failure) { return try path.parent() } catch {
      if mayBeGone, error.code == "file-not-found" { return nil }
      throw error
    }
  }

  private mutating func remove(
    _ name: String, _ kind: FileStatus.Kind, in folder: borrowing OpenFolder, _ shown: String, depth: Int
  ) throws(Failure) {
    try flag.check()
    if kind == .folder, isRecursive {
      guard depth <= FileListing.depthLimit else {
        throw Failure(
          .data, code: "too-deep", "`\(shown.prefix(300))` lies more than \(FileListing.depthLimit) deep.")
      }
      let inner: OpenFolder
      do throws(SystemError.Number) { inner = try folder.folder(name) } catch { throw .file(error, shown) }
      try empty(inner, shown, depth: depth + 1)
    }
    do throws(SystemError.Number) {
      if try folder.remove(name, isFolder: kind == .folder) { count += 1 }
    } catch { throw .file(error, shown) }
  }

  /// In pieces: names that are removed while they are read may come twice or never.
  private mutating func empty(_ folder: borrowing OpenFolder, _ shown: String, depth: Int) throws(Failure) {
    while true {
      var names: [String] = []
      try folder.forEachName { name throws(Failure) in
        guard let name else {
          throw .unsafeFile(shown, "holds a name that is no UTF-8, which only a person can remove")
        }
        names.append(name)
        return names.count < Self.piece
      } failing: {
        .file($0, shown)
      }
      if names.isEmpty { return }
      for name in names {
        let found: FileStatus?
        do throws(SystemError.Number) { found = try folder.status(of: name) } catch {
          throw .file(error, shown)
        }
        guard let found else { continue }
        try remove(name, found.kind, in: folder, "\(shown)/\(name)", depth: depth)
      }
    }
  }

  private static let piece = 1_000
}
