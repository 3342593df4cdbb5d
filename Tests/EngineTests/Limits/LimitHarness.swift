import Crypto
import Engine
import Model

// Several pipelines in several namespaces.
extension Harness {
  /// Stores a pipeline with these keys.
  @discardableResult
  func apply(_ body: String, as name: String) async throws -> PipelineName {
    let parts = name.split(separator: "/").map(String.init)
    let pipeline = PipelineName(namespace: parts[0], name: parts[1])
    let source = Array("apiVersion: esteira/v1\nid: \(parts[1])\nnamespace: \(parts[0])\n\(body)\n".utf8)
    _ = try Self.compile(source)
    let last = try readModel.readRevision(of: pipeline, number: nil)?.number ?? 0
    try await node.write([
      .revision(
        RevisionRecord(
          pipeline: pipeline, number: last + 1, title: "", source: source, sha256: SHA256.digest(source),
          files: [], createdAt: clock.now, createdBy: "local:test"))
    ])
    return pipeline
  }

  func start(
    _ pipeline: PipelineName, _ inputs: [(String, JSON)] = [], settings: JSONObject? = nil
  ) async throws -> ID<Job> {
    try await node.start(
      JobRequest(
        pipeline: pipeline, inputs: JSONObject(inputs), settings: settings, actor: "local:test")
    ).job
  }

  func status(_ job: ID<Job>) async throws -> JobStatus { try await view(job).summary.status }

  /// The text of what the job waits for.
  func waits(_ job: ID<Job>) async throws -> [String] {
    try await node.why(job).map { "\($0.kind): \($0.text.english)" }
  }
}
