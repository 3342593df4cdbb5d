import Crypto
import Engine
import Model

/// `esteira.export_queue`: what waits before a pipeline, written to files.
struct QueueExport: Connector {
  var description: ConnectorDescription { Self.description }

  static let queueName = "queue.ndjson"
  static let manifestName = "manifest.json"
  static let sumsName = "SHA256SUMS"

  static let description = ConnectorDescription(
    name: "esteira.export_queue",
    title: Bilingual("Back a queue up", pt: "Copiar uma fila"),
    summary: Bilingual(
      """
      Writes the queued jobs of a pipeline (of which nothing has begun) and its undelivered trigger \
      messages, one JSON line each, in plain, to a folder of its own below `to`. The manifest names them, \
      and is what `esteira.purge_queue` asks for. Pause the pipeline first, or more will come. Needs the \
      right `export`.
      """,
      pt: """
        Grava os jobs na fila de um pipeline (dos quais nada começou) e as mensagens de gatilho não \
        entregues, uma linha JSON cada, em claro, em uma pasta própria abaixo de `to`. O manifesto os lista, \
        e é o que `esteira.purge_queue` pede. Pause o pipeline antes, ou mais virão. Precisa do direito \
        `export`.
        """),
    with: WebSchema.object(
      [
        NodeNotes.pipeline, ("to", FileSchema.path("A folder, made where it is missing.")),
        ("checksums", ["type": "boolean", "default": true, "description": "Writes `SHA256SUMS` beside."]),
      ], required: ["pipeline", "to"]),
    output: WebSchema.object(
      [
        (
          "path", ["type": "string", "description": "The folder of this backup, which no other step shares."]
        ),
        ("count", ["type": "integer"]), ("jobs", ["type": "integer"]), ("messages", ["type": "integer"]),
        ("sha256", ["type": "string", "description": "Of `queue.ndjson`, 64 hex digits."]),
        ("manifest", ["type": "artifact"]),
      ], required: ["path", "count", "jobs", "messages", "sha256", "manifest"]),
    effect: .always(.keyed),
    examples: [
      .init(
        Bilingual("Before a purge", pt: "Antes de uma limpeza"),
        yaml: """
          backup:
            uses: esteira.export_queue
            with: {pipeline: daily-ingest, to: legacy_backups/events}
          """)
    ], failures: NodeNotes.acting + FileSchema.writing)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let target = try NodeNotes.target(attempt)
    let asked = try RootedPath(attempt.with["to"]?.string ?? "", in: attempt.services.roots, writing: true)
    let folder = asked.child(Self.folderName(target, attempt))
    let lines = attempt.services.workFolder + "/" + Self.queueName
    let writer = try QueueWriter(lines)
    try await attempt.services.control.queue(target) { (item) throws(Failure) in try writer.write(item) }
    let digest = try writer.finish()
    let items = writer.names
    let manifest: JSON = [
      "pipeline": .string(target.description), "job": .string(attempt.job.description),
      "exported_at": .string(attempt.services.now().rfc3339),
      "path": .string(folder.child(Self.queueName).shown),
      "sha256": .string(digest.sha256), "size": .int(digest.size), "count": .int(Int64(items.count)),
      "items": .array(items.map { ["kind": .string($0.kind.rawValue), "id": .string($0.id)] }),
    ]
    try await place(folder, lines, manifest, digest, attempt)
    let whole = attempt.services.workFolder + "/" + Self.manifestName
    try await OwnThread.run { () throws(Failure) in
      guard AtomicFile.write(manifest.serialized(), to: whole, durable: false) else {
        throw .workFolder(SystemError.Number.last.value)
      }
    }
    let handle = try await attempt.services.storeArtifact(Self.manifestName, whole, "application/json")
    let jobs = items.count { $0.kind == .job }
    return AttemptOutput(
      [
        "path": .string(folder.shown), "count": .int(Int64(items.count)), "jobs": .int(Int64(jobs)),
        "messages": .int(Int64(items.count - jobs)), "sha256": .string(digest.sha256),
        "manifest": handle.json,
      ], artifacts: [handle])
  }

  /// A backup is never written over: each execution of the step has a folder of its own, which its attempts
  /// share. The digest tells apart what the readable part does not, such as `a-b/c` and `a/b-c`.
  private static func folderName(_ target: PipelineName, _ attempt: Attempt) -> String {
    let execution = SHA256.hex(Array("\(attempt.stepKey)\n\(target)".utf8)).prefix(16)
    return "\(target.namespace)-\(target.name)-\(attempt.job)-\(execution)"
  }

  private func place(
    _ folder: RootedPath, _ lines: String, _ manifest: JSON, _ digest: Digest, _ attempt: Attempt
  ) async throws(Failure) {
    let sums = attempt.with["checksums"]?.bool ?? true
    let text = "\(digest.sha256)  \(Self.queueName)\n"
    try await OwnThread.cancellable { flag throws(Failure) in
      // The queue goes on between two attempts, so what an earlier one placed is ours only if it is the same.
      func copy(_ name: String, _ sha256: String) -> FileCopy {
        FileCopy(
          to: folder.child(name), .overwrite,
          PlaceRecord(attempt, "export \(folder.root.path) \(folder.parts) \(name) \(sha256)"))
      }
      func copy(_ name: String, of bytes: [UInt8]) throws(Failure) {
        _ = try copy(name, SHA256.hex(bytes)).run(bytes)
      }
      let source: OpenFile
      do throws(SystemError.Number) { source = try .own(lines) } catch { throw .workFolder(error.value) }
      let placed = try copy(Self.queueName, digest.sha256).run(source, lines, flag)
      guard placed.1 == digest else { throw .changed(placed.0.shown) }
      try copy(Self.manifestName, of: manifest.serialized())
      if sums { try copy(Self.sumsName, of: Array(text.utf8)) }
    }
  }
}
