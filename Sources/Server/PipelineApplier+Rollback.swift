import API
import Engine
import Model
import Pipelines

extension PipelineApplier {
  /// Makes a new revision with the content of an older one, its files included. Where the newest has that
  /// content already nothing is made, so a repeated request does no more than the first.
  func rollback(_ request: RollbackRequest, _ caller: Caller) async throws -> AppliedPipeline {
    let (node, name) = (try backend.writer(), try NamespacedName(request.id).pipeline)
    guard let wanted = try record(name, request.revision) else {
      throw PipelineRoutes.noPipeline(name, request.revision)
    }
    let plan = try plan(of: wanted, caller)
    let reservation = try reserve([name], [plan])
    defer { release(reservation) }
    guard let newest = try record(name, nil) else { throw PipelineRoutes.noPipeline(name, nil) }
    if newest.sha256 == wanted.sha256 {
      return AppliedPipeline(id: name.id, change: "unchanged", revision: newest.number)
    }
    let revision = RevisionRecord(
      pipeline: name, number: newest.number + 1, title: plan.title, source: wanted.source,
      sha256: wanted.sha256, files: wanted.files, createdAt: backend.now(), createdBy: caller.actor)
    if !request.isDryRun { try await node.write([.revision(revision)]) }
    return AppliedPipeline(id: name.id, change: "updated", revision: revision.number)
  }

  /// What an older program could do, this one may refuse.
  private func plan(of revision: RevisionRecord, _ caller: Caller) throws -> Plan {
    let compilation = compile(revision)
    guard let plan = compilation.plan else {
      throw InvalidPipeline(
        items: compilation.findings.map {
          FindingItem($0, file: "\(revision.pipeline)@\(revision.number)", caller.language)
        })
    }
    return plan
  }

  func record(_ name: PipelineName, _ number: Int?) throws(Problem) -> RevisionRecord? {
    try reading { () throws(StoreError) in try backend.readModel.readRevision(of: name, number: number) }
  }
}
