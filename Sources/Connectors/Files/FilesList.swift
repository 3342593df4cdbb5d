import Engine
import Model

/// `files.list`: the files of a folder.
struct FilesList: Connector {
  var description: ConnectorDescription { Self.description }

  private static let standardLimit: Int64 = 1_000

  static let description = ConnectorDescription(
    name: "files.list",
    title: Bilingual("List files", pt: "Listar arquivos"),
    summary: Bilingual(
      """
      Lists the plain files of a folder, in the order of the bytes of their paths, page by page. Links, \
      devices and files under way are left out; a folder is only entered with `recursive`.
      """,
      pt: """
        Lista os arquivos comuns de uma pasta, na ordem dos bytes dos caminhos, página por página. Ligações, \
        dispositivos e arquivos em gravação ficam de fora; só com `recursive` se entra em uma pasta.
        """),
    with: WebSchema.object([
      ("path", FileSchema.path("The folder; the namespace's own if missing.")),
      (
        "match",
        [
          "type": "string", "minLength": 1,
          "description": "`*`, `?`, `[a-z]`, `{a,b}`; with `/` in it the path below the folder, with `**`.",
        ]
      ),
      ("recursive", ["type": "boolean", "default": false, "description": "Also in the folders below."]),
      (
        "after",
        ["type": "string", "description": "Only paths behind this one: the last of the page before."]
      ),
      ("limit", ["type": "integer", "minimum": 1, "maximum": 10000, "default": 1000]),
    ]),
    output: FileSchema.output([
      (
        "files",
        [
          "type": "array",
          "items": FileSchema.output([
            ("path", ["type": "string"]), ("name", ["type": "string"]), ("size", FileSchema.size),
            ("modified", FileSchema.modified),
          ]),
        ]
      ),
      ("count", ["type": "integer"]),
      ("truncated", ["type": "boolean", "description": "True where more follow."]),
    ]),
    effect: .always(.pure),
    examples: [
      .init(
        Bilingual("What came in", pt: "O que chegou"),
        yaml: """
          arrived:
            uses: files.list
            with: {path: inbox, match: "*.{csv,txt}"}
          """)
    ],
    failures: FileSchema.reading + [
      FileSchema.Note(
        .configuration, code: "bad-pattern",
        Bilingual("`match` is no pattern", pt: "`match` não é um padrão"),
        remedy: Bilingual("Close each bracket and brace.", pt: "Feche cada colchete e chave.")),
      FileSchema.Note(
        .data, code: "too-deep",
        Bilingual("folders lie more than 64 deep", pt: "há pastas com mais de 64 níveis"),
        remedy: Bilingual("List a folder further down.", pt: "Liste uma pasta mais abaixo.")),
    ],
    check: problems(in:))

  static func problems(in with: JSON) -> [Problem] {
    guard let pattern = with["match"]?.string, Glob(pattern) == nil else { return [] }
    return [Self.badPattern(pattern)]
  }

  static func badPattern(_ pattern: String) -> Problem {
    Problem(
      "bad-pattern",
      Bilingual(
        "`match: \(pattern.prefix(200))` is no pattern of file names: a bracket or brace is not closed.",
        pt: "`match: \(pattern.prefix(200))` não é um padrão de nomes: falta fechar um colchete ou chave."),
      remedy: Bilingual(
        "Write it as `*.csv` or `{a,b}-[0-9].txt`.", pt: "Escreva como `*.csv` ou `{a,b}-[0-9].txt`."))
  }

  static func glob(_ with: JSON) throws(Failure) -> Glob? {
    guard let pattern = with["match"]?.string else { return nil }
    guard let glob = Glob(pattern) else {
      throw Failure(.configuration, code: "bad-pattern", badPattern(pattern).message.english)
    }
    return glob
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let with = attempt.with
    let folder = try RootedPath(with["path"]?.string ?? ".", in: attempt.services.roots)
    let limit = Int(with["limit"]?.int ?? Self.standardLimit)
    let glob = try Self.glob(with)
    let listing = try await OwnThread.cancellable { flag throws(Failure) in
      var listing = FileListing(
        folder, glob: glob, isRecursive: with["recursive"]?.bool ?? false, after: with["after"]?.string,
        limit: limit, flag)
      try listing.run()
      return listing.found
    }
    let files = listing.prefix(limit).map { file -> JSON in
      [
        "path": .string(file.path.string), "name": .string(file.name), "size": .int(file.status.size),
        "modified": file.status.modifiedText,
      ]
    }
    return AttemptOutput([
      "files": .array(files), "count": .int(Int64(files.count)), "truncated": .bool(listing.count > limit),
    ])
  }
}

/// The first files of a folder in the order of their paths. Keeps no more of them than are wanted, however
/// many there are, and the names of the folders beside those that it is in; each page reads the folders anew.
/// Blocks.
struct FileListing {
  struct Entry: Sendable {
    var path: ScalarString
    var name: String
    var status: FileStatus
  }

  private let folder: RootedPath
  private let glob: Glob?
  private let isRecursive: Bool
  private let after: ScalarString?
  private let limit: Int
  private let flag: CancelFlag
  /// Those that are first so far, one more than wanted; unsorted until it is cut.
  private var kept: [Entry] = []
  /// Nothing from this one on is wanted any more.
  private var border: ScalarString?

  static let depthLimit = 64

  init(
    _ folder: RootedPath, glob: Glob?, isRecursive: Bool, after: String?, limit: Int, _ flag: CancelFlag
  ) {
    (self.folder, self.glob, self.isRecursive) = (folder, glob, isRecursive)
    (self.after, self.limit, self.flag) = (after.map { ScalarString($0) }, limit, flag)
  }

  /// Sorted, at most one more than the limit.
  var found: [Entry] { kept }

  mutating func run() throws(Failure) {
    let opened = try folder.folder()
    try visit(opened, path: folder.shown, below: "", depth: 0)
    cut()
  }

  private mutating func visit(
    _ open: borrowing OpenFolder, path: String, below: String, depth: Int
  ) throws(Failure) {
    guard depth <= Self.depthLimit else {
      throw Failure(.data, code: "too-deep", "`\(path.prefix(300))` lies more than \(Self.depthLimit) deep.")
    }
    var folders: [String] = []
    var files: [Entry] = []
    // The folder is read to its end before another is opened, so one stream is open at a time.
    var own = self
    own.kept = []
    let border = border
    try open.forEachName { name throws(Failure) in
      try own.flag.check()
      guard let name, !IncomingFile.isUnderWay(name) else { return true }
      let full = ScalarString(path.isEmpty ? name : "\(path)/\(name)")
      let status: FileStatus?
      do throws(SystemError.Number) { status = try open.status(of: name) } catch {
        throw .file(error, full.string)
      }
      guard let status else { return true }
      switch status.kind {
      case .folder: if own.isRecursive, own.mayHold(full, border) { folders.append(name) }
      case .file where own.isWanted(full, name, below, border):
        files.append(Entry(path: full, name: name, status: status))
        if files.count > 2 * own.limit + 2 { Self.cut(&files, own.limit) }
      case .file, .link, .other: break
      }
      return true
    } failing: {
      .file($0, path)
    }
    kept += files
    if kept.count > 2 * limit + 2 { cut() }
    for name in folders {
      let inner = path.isEmpty ? name : "\(path)/\(name)"
      let next: OpenFolder
      do throws(SystemError.Number) { next = try open.folder(name) } catch { throw .file(error, inner) }
      try visit(next, path: inner, below: below + name + "/", depth: depth + 1)
    }
  }

  private func isWanted(_ full: ScalarString, _ name: String, _ below: String, _ border: ScalarString?)
    -> Bool
  {
    if let after, !(after < full) { return false }
    if let border, !(full < border) { return false }
    return glob.map { $0.matches($0.isPath ? below + name : name) } ?? true
  }

  /// Whether a folder can hold what is wanted, by its path alone.
  private func mayHold(_ full: ScalarString, _ border: ScalarString?) -> Bool {
    let inside = ScalarString(full.string + "/")
    if let border, !(inside < border) { return false }
    guard let after else { return true }
    return after < inside || after.string.utf8.starts(with: inside.string.utf8)
  }

  private mutating func cut() {
    Self.cut(&kept, limit)
    if kept.count > limit { border = kept.last?.path }
  }

  private static func cut(_ entries: inout [Entry], _ limit: Int) {
    entries.sort { $0.path < $1.path }
    entries.removeLast(max(0, entries.count - limit - 1))
  }
}
