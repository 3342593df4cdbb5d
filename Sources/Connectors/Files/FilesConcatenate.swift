import Engine
import Model

/// `files.concatenate`: several files as one artifact.
struct FilesConcatenate: Connector {
  var description: ConnectorDescription { Self.description }

  static let countLimit = 50_000

  static let description = ConnectorDescription(
    name: "files.concatenate",
    title: Bilingual("Join files", pt: "Juntar arquivos"),
    summary: Bilingual(
      """
      Writes artifacts and files one behind the other into one artifact, in the order given, whatever their \
      size. The separator goes between two where the first does not end with it; of lines (`*ndjson`, \
      `*jsonl`) it is a newline.
      """,
      pt: """
        Grava artefatos e arquivos um atrás do outro em um só artefato, na ordem dada, qualquer que seja o \
        tamanho. O separador entra entre dois quando o primeiro não termina com ele; em linhas (`*ndjson`, \
        `*jsonl`) é uma quebra de linha.
        """),
    with: WebSchema.object(
      [
        (
          "files",
          [
            "type": "array", "maxItems": 50000, "items": ["type": ["artifact", "string"]],
            "description": "Artifacts, or paths in the namespace's folder or a granted root.",
          ]
        ),
        ("media_type", ["type": "string", "default": "application/octet-stream"]),
        ("name", ["type": "string", "minLength": 1, "maxLength": 255, "default": "joined"]),
        ("separator", ["type": "string", "maxLength": 100]),
      ], required: ["files"]),
    output: FileSchema.output([
      ("file", ["type": "artifact"]), ("count", ["type": "integer", "description": "Of the files."]),
      ("sha256", FileSchema.sha256), ("size", FileSchema.size),
    ]),
    effect: .always(.pure),
    examples: [
      .init(
        Bilingual("One file of many days", pt: "Um arquivo de muitos dias"),
        yaml: """
          pack:
            uses: files.concatenate
            with: {files: [days/1.ndjson, days/2.ndjson], media_type: application/x-ndjson}
          """)
    ], failures: FileSchema.reading + [FileSchema.changing, FileSchema.large])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let (with, services) = (attempt.with, attempt.services)
    let type = with["media_type"]?.string ?? "application/octet-stream"
    let isLines = type.hasSuffix("ndjson") || type.hasSuffix("jsonl")
    let separator = Array((with["separator"]?.string ?? (isLines ? "\n" : "")).utf8)
    let whole = services.workFolder + "/joined"
    let part = services.workFolder + "/part"
    let files = with["files"]?.array ?? []
    let joined = FileJoin(whole, separator)
    try await OwnThread.cancellable { _ throws(Failure) in try joined.begin() }
    var size: Int64 = 0
    for file in files {
      let handle = ArtifactHandle(file)
      if let handle { try await services.fetchArtifact(handle.sha256, part) }
      let path = try file.string.map { path throws(Failure) in try RootedPath(path, in: services.roots) }
      let before = size
      size = try await OwnThread.cancellable { flag throws(Failure) in
        try joined.append(path, part, after: before, flag)
      }
    }
    let name = with["name"]?.string ?? "joined"
    let handle = try await services.storeArtifact(name, whole, type)
    return AttemptOutput(
      [
        "file": handle.json, "count": .int(Int64(files.count)), "sha256": .string(handle.sha256),
        "size": .int(handle.size),
      ], artifacts: [handle])
  }
}

/// A file that grows by others. Blocks.
private struct FileJoin: Sendable {
  private let whole: String
  private let separator: [UInt8]

  init(_ whole: String, _ separator: [UInt8]) { (self.whole, self.separator) = (whole, separator) }

  func begin() throws(Failure) {
    do throws(SystemError.Number) { _ = try OpenFile.newOwn(whole) } catch { throw .workFolder(error.value) }
  }

  /// Adds a path, or the file `part`, which is removed; gives the size from then on.
  func append(_ path: RootedPath?, _ part: String, after size: Int64, _ flag: CancelFlag) throws(Failure)
    -> Int64
  {
    let target: OpenFile
    do throws(SystemError.Number) { target = try .grown(whole) } catch { throw .workFolder(error.value) }
    var size = size
    if size > 0, !separator.isEmpty {
      do throws(SystemError.Number) {
        if try !target.ends(with: separator, size: size) {
          try target.write(separator[...])
          size += Int64(separator.count)
        }
      } catch { throw .workFolder(error.value) }
    }
    if let path {
      return size + (try add(try path.file(), path.shown, to: target, after: size, flag))
    }
    let source: OpenFile
    do throws(SystemError.Number) { source = try .own(part) } catch { throw .workFolder(error.value) }
    let added = try add(source, "the artifact", to: target, after: size, flag)
    Folders.remove(file: part)
    return size + added
  }

  private func add(
    _ source: borrowing OpenFile, _ shown: String, to target: borrowing OpenFile, after size: Int64,
    _ flag: CancelFlag
  ) throws(Failure) -> Int64 {
    try WorkCopy.append(source, shown, to: target, after: size, of: "What is joined", flag).digest.size
  }
}
