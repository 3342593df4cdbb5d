import API
import Access
import Crypto
import Engine
import Model

/// The route that takes a whole job out of the store, as one tar file.
struct ExportRoutes: Sendable {
  var backend: Backend
  var finder: JobFinder

  init(_ backend: Backend) { (self.backend, finder) = (backend, JobFinder(readModel: backend.readModel)) }

  var routes: [Route] {
    [.bytes(JobCalls.export, in: finder.place { $0.id }) { query, _ in try await export(query) }]
  }

  static let page = 200

  private func export(_ query: ExportQuery) async throws -> APIResponse {
    let summary = try finder.job(query.id)
    let parts = try await parts(of: summary, redact: query.redact)
    return try await answer(parts, folder: summary.id.description, at: summary.createdAt)
  }

  /// All that is held of a job.
  func parts(of summary: JobSummary, redact: Bool) async throws -> [ExportPart] {
    [try await job(summary.id, redact), try await history(summary.id, redact)]
      + (try definition(summary)) + [logs(summary, redact)] + (try artifacts(summary, redact))
  }

  /// Signed where there is an audit, whose key signs.
  func answer(_ parts: [ExportPart], folder: String, at time: Timestamp) async throws -> APIResponse {
    var seal: (@Sendable ([UInt8]) -> JSON)?
    if let audit = backend.audit { seal = { audit.seal(exportOf: folder, sums: $0).json } }
    let export = try await Export(folder: folder, at: time, parts: parts, seal: seal)
    let chunks = AsyncThrowingStream { try await export.next() }
    return APIResponse(contentType: "application/x-tar", body: .chunks(export.length, chunks))
  }

  private func job(_ id: ID<Job>, _ redact: Bool) async throws -> ExportPart {
    let view = try await backend.jobs.view(id, 0, 1)
    var object = JobItem(view.summary).json.object ?? JSONObject()
    object["inputs"] = redact ? Self.hash(view.inputs) : view.inputs
    object["outputs"] = view.outputs.map { redact ? Self.hash($0) : $0 }
    if redact, let error = object["error"] { object["error"] = Self.redactedError(error) }
    return ExportPart("job.json", bytes: Array((JSON.object(object).prettyText + "\n").utf8))
  }

  /// One decision a line, its bodies in it.
  private func history(_ id: ID<Job>, _ redact: Bool) async throws -> ExportPart {
    let read = try await backend.jobs.open(id)
    return ExportPart("history.jsonl") {
      let pages = Pages { from in
        let events = try await read(UInt32(clamping: from), Self.page)
        let lines = events.map { JobEvent(redact ? Self.redacted($0) : $0).json.text + "\n" }
        return (lines, events.last.map { Int($0.sequence) })
      }
      return { try await pages.next() }
    }
  }

  private func definition(_ summary: JobSummary) throws(Problem) -> [ExportPart] {
    let record = try reading { () throws(StoreError) in
      try backend.readModel.readRevision(of: summary.pipeline, number: summary.revision)
    }
    guard let record else { throw PipelineRoutes.noPipeline(summary.pipeline, summary.revision) }
    return [ExportPart("pipeline/pipeline.yaml", bytes: record.source)]
      + record.files.map { ExportPart("pipeline/files/\($0.path)", bytes: $0.bytes) }
  }

  private func logs(_ summary: JobSummary, _ redact: Bool) -> ExportPart {
    ExportPart("logs.jsonl") { [logs = backend.logs] in
      let pages = Pages { from in
        let found = try await logs.lines(
          summary, LogsQuery(id: summary.id.description, limit: Self.page), from, Self.page)
        let lines = found.lines.map { line in
          var line = line
          if redact { line.message = "sha256:" + SHA256.hex(Array(line.message.utf8)) }
          return line.json.text + "\n"
        }
        return (lines, found.next)
      }
      return { try await pages.next() }
    }
  }

  /// The list of all, and unless they are redacted the bytes of each, under their hash.
  private func artifacts(_ summary: JobSummary, _ redact: Bool) throws(Problem) -> [ExportPart] {
    let rows = try reading { () throws(StoreError) in try backend.readModel.artifacts(of: summary.number) }
    let list = rows.map { ArtifactItem($0).json.text + "\n" }.joined()
    var (parts, seen) = ([ExportPart("artifacts.jsonl", bytes: Array(list.utf8))], Set<String>())
    if redact { return parts }
    for row in rows where seen.insert(row.handle.sha256).inserted {
      let (namespace, sha256) = (row.namespace, row.handle.sha256)
      parts.append(
        ExportPart("artifacts/\(sha256)", size: row.handle.size, sha256: sha256) {
          [artifacts = backend.artifacts] in
          let stream = Pulling(try await artifacts.chunks(namespace, sha256))
          return { try await stream.next() }
        })
    }
    return parts
  }
}

extension ExportRoutes {
  static func hash(_ body: JSON) -> JSON { ["sha256": .string(SHA256.hex(body.serialized()))] }

  /// The message of an error holds what users put there.
  private static func redactedError(_ error: JSON) -> JSON {
    var object = error.object ?? JSONObject()
    if let message = object["message"] { object["message"] = hash(message) }
    return .object(object)
  }

  private static func redacted(_ event: HistoryEvent) -> HistoryEvent {
    var event = event
    event.facts = event.facts.map { fact in
      var object = fact.object ?? JSONObject()
      for key in HistoryEvent.bodyKeys { if let body = object[key] { object[key] = hash(body) } }
      return .object(object)
    }
    return event
  }
}

/// Reads pages of lines one after the other. A page without a successor is the last.
private actor Pages {
  private let read: @Sendable (_ from: Int) async throws -> (lines: [String], next: Int?)
  private var from: Int? = 0

  init(_ read: @escaping @Sendable (Int) async throws -> (lines: [String], next: Int?)) { self.read = read }

  /// Never empty, since an empty page may have a successor.
  func next() async throws -> [UInt8]? {
    while let place = from {
      let page = try await read(place)
      from = page.next
      if !page.lines.isEmpty { return Array(page.lines.joined().utf8) }
    }
    return nil
  }
}

/// A stream, one piece for each call.
private actor Pulling {
  private var iterator: AsyncThrowingStream<[UInt8], any Error>.Iterator

  init(_ stream: AsyncThrowingStream<[UInt8], any Error>) { iterator = stream.makeAsyncIterator() }

  func next() async throws -> [UInt8]? {
    var current = iterator
    defer { iterator = current }
    return try await current.next(isolation: #isolation)
  }
}
