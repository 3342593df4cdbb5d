import Engine
import Glibc
import Model

/// `archive.pack`: files as one archive.
struct ArchivePack: Connector {
  var description: ConnectorDescription { Self.description }

  static let entries = 10_000

  static let description = ConnectorDescription(
    name: "archive.pack",
    title: Bilingual("Pack an archive", pt: "Criar um arquivo compactado"),
    summary: Bilingual(
      """
      Packs artifacts, files and folders into a zip, tar, tar.gz or tar.zst, which becomes an artifact. The \
      same files make the same bytes: entries stand in the order of their names, without times and owners.
      """,
      pt: """
        Empacota artefatos, arquivos e pastas em um zip, tar, tar.gz ou tar.zst, que vira um artefato. Os \
        mesmos arquivos dão os mesmos bytes: as entradas ficam na ordem dos nomes, sem datas nem donos.
        """),
    with: WebSchema.object([
      (
        "files",
        [
          "type": "array", "maxItems": 10000,
          "items": [
            "anyOf": [
              ["type": ["artifact", "string"]],
              WebSchema.object(
                [
                  ("file", ["type": ["artifact", "string"]]), ("name", ["type": "string", "minLength": 1]),
                ], required: ["file", "name"]),
            ]
          ],
          "description": "Artifacts and paths, or `{file, name}`: the name inside, else its own.",
        ]
      ),
      ("folder", FileSchema.path("All plain files in and below it, by their paths in it.")),
      ("match", ["type": "string", "minLength": 1, "description": "Of `folder`; as in `files.list`."]),
      ("format", ["enum": .array(ArchiveFormat.allCases.map { .string($0.rawValue) }), "default": "zip"]),
      (
        "name",
        ["type": "string", "minLength": 1, "maxLength": 255, "description": "`archive.zip` if missing."]
      ),
    ]),
    output: FileSchema.output([
      ("file", ["type": "artifact"]), ("count", ["type": "integer"]), ("sha256", FileSchema.sha256),
      ("size", FileSchema.size),
    ]),
    effect: .always(.pure),
    examples: [
      .init(
        Bilingual("Pack the reports of a day", pt: "Empacotar os relatórios do dia"),
        yaml: """
          pack:
            uses: archive.pack
            with: {folder: reports, match: "*.pdf", format: zip, name: reports.zip}
          """)
    ],
    failures: FileSchema.reading + [FileSchema.changing, FileSchema.large]
      + ArchiveNotes.all.filter { ["unsafe-archive", "archive-limit", "bad-pattern"].contains($0.code) }
      + [
        FileSchema.Note(
          .data, code: "too-deep",
          Bilingual("folders lie more than 64 deep", pt: "há pastas com mais de 64 níveis"),
          remedy: Bilingual("Pack a folder further down.", pt: "Empacote uma pasta mais abaixo."))
      ],
    check: problems(in:))

  static func problems(in with: JSON) -> [Problem] {
    let problems = FilesList.problems(in: with)
    return with["files"] == nil && with["folder"] == nil ? problems + [Self.needsSource] : problems
  }

  private static let needsSource = Problem(
    "invalid-with",
    Bilingual("`with` has neither `files` nor `folder`.", pt: "`with` não tem `files` nem `folder`."),
    remedy: Bilingual("Say what is to be packed.", pt: "Diga o que empacotar."))

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let (with, services) = (attempt.with, attempt.services)
    guard with["files"] != nil || with["folder"] != nil else {
      throw Failure(.configuration, code: "invalid-with", Self.needsSource.message.english)
    }
    let glob = try FilesList.glob(with)
    var members: [PackMember] = []
    let files = with["files"]?.array ?? []
    try Self.refuseTooLarge(files)
    for (place, file) in files.enumerated() {
      members.append(try await Self.member(file, place, services))
    }
    if let path = with["folder"]?.string {
      let folder = try RootedPath(path, in: services.roots)
      members += try await OwnThread.cancellable { flag throws(Failure) in
        try PackMember.all(in: folder, glob, flag)
      }
    }
    let format = ArchiveFormat(rawValue: with["format"]?.string ?? "") ?? .zip
    let (sorted, whole) = (try PackMember.sorted(members), services.workFolder + "/packed")
    try await OwnThread.cancellable { flag throws(Failure) in
      try PackMember.write(sorted, to: whole, format, flag)
    }
    let name = with["name"]?.string ?? "archive.\(format.rawValue)"
    let handle = try await services.storeArtifact(name, whole, format.mediaType)
    return AttemptOutput(
      [
        "file": handle.json, "count": .int(Int64(sorted.count)), "sha256": .string(handle.sha256),
        "size": .int(handle.size),
      ], artifacts: [handle])
  }

  /// Before the first of up to 10,000 artifacts is fetched.
  private static func refuseTooLarge(_ files: [JSON]) throws(Failure) {
    var room = FileSchema.artifactLimit
    for handle in files.compactMap({ ArtifactHandle($0["file"] ?? $0) }) {
      guard handle.size <= room else { throw .artifactTooLarge("What is packed") }
      room -= max(0, handle.size)
    }
  }

  private static func member(
    _ json: JSON, _ place: Int, _ services: AttemptServices
  ) async throws(Failure) -> PackMember {
    let file = json["file"] ?? json
    if let handle = ArtifactHandle(file) {
      let copy = "\(services.workFolder)/member-\(place)"
      try await services.fetchArtifact(handle.sha256, copy)
      return PackMember(name: try EntryName(json["name"]?.string ?? handle.name).path, source: .copy(copy))
    }
    let path = try RootedPath(file.string ?? "", in: services.roots)
    let own = try path.fileName()
    let name = json.object == nil ? own : json["name"]?.string ?? own
    return PackMember(name: try EntryName(name).path, source: .path(path))
  }
}

/// One file of an archive to be.
private struct PackMember: Sendable {
  enum Source: Sendable {
    /// In the work folder.
    case copy(String)
    case path(RootedPath)
  }

  var name: String
  var source: Source

  /// Blocks.
  static func all(in folder: RootedPath, _ glob: Glob?, _ flag: CancelFlag) throws(Failure) -> [PackMember] {
    var listing = FileListing(
      folder, glob: glob, isRecursive: true, after: nil, limit: ArchivePack.entries, flag)
    try listing.run()
    let start = folder.shown.isEmpty ? 0 : folder.shown.utf8.count + 1
    var members: [PackMember] = []
    for entry in listing.found {
      let inside = String(decoding: entry.path.string.utf8.dropFirst(start), as: UTF8.self)
      let parts = inside.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
      let path = parts.reduce(folder) { $0.child($1) }
      members.append(PackMember(name: try EntryName(inside).path, source: .path(path)))
    }
    return members
  }

  static func sorted(_ members: [PackMember]) throws(Failure) -> [PackMember] {
    guard members.count <= ArchivePack.entries else {
      throw .archiveLimit("would have more than \(ArchivePack.entries) entries")
    }
    let sorted = members.sorted { ScalarString($0.name) < ScalarString($1.name) }
    for (one, next) in zip(sorted, sorted.dropFirst()) where ScalarString(one.name) == ScalarString(next.name)
    {
      throw .unsafeArchive(one.name, "comes twice; give them other names by `{file, name}`")
    }
    return sorted
  }

  /// Blocks.
  static func write(
    _ members: [PackMember], to path: String, _ format: ArchiveFormat, _ flag: CancelFlag
  ) throws(Failure) {
    let locale = ThreadLocale()
    defer { locale.keep() }
    let target: OpenFile
    do throws(SystemError.Number) { target = try .newOwn(path) } catch { throw .workFolder(error.value) }
    var writer = try ArchiveWriter(target, format)
    var total: Int64 = 0
    for member in members {
      let source = try member.open()
      let before = try source.status(of: member.name)
      total += before.size
      guard total <= FileSchema.artifactLimit else { throw .artifactTooLarge("What is packed") }
      try writer.add(member.name, size: before.size)
      try member.copy(source, before, into: &writer, flag)
    }
    try writer.finish()
  }

  private func open() throws(Failure) -> OpenFile {
    switch source {
    case .path(let path): return try path.file()
    case .copy(let copy):
      do throws(SystemError.Number) { return try .own(copy) } catch { throw .workFolder(error.value) }
    }
  }

  private func copy(
    _ source: borrowing OpenFile, _ before: FileStatus, into writer: inout ArchiveWriter, _ flag: CancelFlag
  ) throws(Failure) {
    let read = try source.forEachUnchanged(name, flag) { bytes, count throws(Failure) in
      try writer.write(bytes, count)
    }
    guard read == before else { throw .changed(name) }
  }
}
