import Crypto
import Engine
import Model

/// `esteira.purge_queue`: takes away what a backup holds.
struct QueuePurge: Connector {
  var description: ConnectorDescription { Self.description }

  /// Of a manifest, in bytes.
  static let manifestLimit = 64 << 20
  /// Of one line of a backup, in bytes.
  static let lineLimit = 64 << 20

  static let description = ConnectorDescription(
    name: "esteira.purge_queue",
    title: Bilingual("Purge a queue", pt: "Limpar uma fila"),
    summary: Bilingual(
      """
      Cancels the queued jobs and removes the undelivered messages of the pipeline that stand in the \
      manifest of a backup and in the backup itself, and no others. The backup must be where the manifest \
      says, unchanged. A job that has begun meanwhile goes on. Needs the right `purge`.
      """,
      pt: """
        Cancela os jobs na fila e remove as mensagens não entregues do pipeline que estão no manifesto de \
        uma cópia e na própria cópia, e nada mais. A cópia deve estar onde o manifesto diz, inalterada. Um \
        job que começou nesse meio tempo segue. Precisa do direito `purge`.
        """),
    with: WebSchema.object(
      [
        NodeNotes.pipeline,
        ("only_those_in", ["type": "artifact", "description": "The manifest of `esteira.export_queue`."]),
        (
          "reason",
          [
            "type": "string", "minLength": 1, "maxLength": 1000, "default": "purged with a backup",
            "description": "Stands in the history of each job.",
          ]
        ),
      ], required: ["pipeline", "only_those_in"]),
    output: WebSchema.object(
      [
        ("purged", ["type": "integer", "description": "By this job, over all attempts."]),
        (
          "skipped",
          ["type": "integer", "description": "Begun, ended or gone since the backup, or another pipeline's."]
        ),
      ], required: ["purged", "skipped"]),
    effect: .always(.keyed),
    examples: [
      .init(
        Bilingual("After a question to people", pt: "Depois de uma pergunta a pessoas"),
        yaml: """
          purge:
            uses: esteira.purge_queue
            with: {pipeline: daily-ingest, only_those_in: "${{ trigger.body }}"}
          """)
    ],
    failures: NodeNotes.acting + FileSchema.reading + [
      .init(
        .data, code: "bad-manifest",
        Bilingual(
          "the artifact is no manifest of a backup of this pipeline, or names what the backup does not have",
          pt: "o artefato não é o manifesto de uma cópia deste pipeline, ou indica o que a cópia não tem"),
        remedy: Bilingual(
          "Give `manifest` of `esteira.export_queue`.", pt: "Dê o `manifest` de `esteira.export_queue`.")),
      .init(
        .data, code: "backup-changed",
        Bilingual("the backup's file has another hash", pt: "o arquivo da cópia tem outro hash"),
        remedy: Bilingual("Make a new backup. Nothing was purged.", pt: "Faça outra cópia. Nada foi limpo.")),
    ])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let target = try NodeNotes.target(attempt)
    guard let handle = attempt.with["only_those_in"].flatMap(ArtifactHandle.init) else {
      throw Self.badManifest("It is no artifact")
    }
    let copy = attempt.services.workFolder + "/" + QueueExport.manifestName
    try await attempt.services.fetchArtifact(handle.sha256, copy)
    let backup = try await OwnThread.run { () throws(Failure) in try Backup(copy, of: target) }
    let path = try RootedPath(backup.path, in: attempt.services.roots)
    try await OwnThread.cancellable { flag throws(Failure) in try backup.check(path, flag) }
    let reason = attempt.with["reason"]?.string ?? "purged with a backup"
    let gone = try await attempt.services.control.purge(target, backup.items, reason)
    return AttemptOutput([
      "purged": .int(Int64(gone.count)), "skipped": .int(Int64(backup.items.count - gone.count)),
    ])
  }

  static func badManifest(_ what: String) -> Failure {
    Failure(.data, code: "bad-manifest", "\(what). Give `manifest` of esteira.export_queue.")
  }
}

/// A manifest, read and checked. Blocks.
private struct Backup: Sendable {
  /// Of the file with the lines.
  var path: String
  var sha256: String
  var items: [QueuedItem.Name]

  init(_ file: String, of pipeline: PipelineName) throws(Failure) {
    guard let bytes = SmallFile.read(file, limit: QueuePurge.manifestLimit),
      case .success(let json) = Result(catching: { () throws(JSONError) in try JSON(parsing: bytes) }),
      let name = json["pipeline"]?.string, let path = json["path"]?.string,
      let sha256 = json["sha256"]?.string,
      let list = json["items"]?.array
    else { throw QueuePurge.badManifest("The artifact is no manifest") }
    guard ScalarString(name) == ScalarString(pipeline.description) else {
      throw QueuePurge.badManifest("The manifest is of \(name.prefix(130)) and not of \(pipeline)")
    }
    let items = list.compactMap { item -> QueuedItem.Name? in
      guard let kind = item["kind"]?.string.flatMap(QueuedItem.Kind.init), let id = item["id"]?.string else {
        return nil
      }
      return QueuedItem.Name(kind: kind, id: id)
    }
    guard items.count == list.count else {
      throw QueuePurge.badManifest("The manifest names something unknown")
    }
    var seen: Set<QueuedItem.Name> = []
    (self.path, self.sha256, self.items) = (path, sha256, items.filter { seen.insert($0).inserted })
  }

  /// The file must be the one that was written, and have a line of all that is to go.
  func check(_ path: RootedPath, _ flag: CancelFlag) throws(Failure) {
    var lines = BackupLines()
    let found = try FileDigest.read(path, flag) { lines.take($0) }
    lines.finish()
    guard ScalarString(found.digest.sha256) == ScalarString(sha256) else {
      throw Failure(
        .data, code: "backup-changed",
        "The backup `\(path.shown)` is not what its manifest says. Nothing was purged; make a new one.")
    }
    if let fault = lines.fault {
      throw QueuePurge.badManifest("`\(path.shown)` is no backup: a line of it \(fault)")
    }
    guard Set(items).isSubset(of: lines.names) else {
      throw QueuePurge.badManifest("The manifest names what the backup `\(path.shown)` does not have")
    }
  }
}
