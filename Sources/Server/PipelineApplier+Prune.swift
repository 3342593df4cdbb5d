import API
import Access
import Engine
import Model

// What is no longer among the files of an apply with `prune` is deleted (S30): of the namespaces that the
// files name, and of no other.
extension PipelineApplier {
  /// The pipelines that would go, by namespace and name.
  func surplus(_ compiled: [Compiled]) throws(Problem) -> [PipelineSummary] {
    let kept = Set(compiled.map(\.name))
    var surplus: [PipelineSummary] = []
    for namespace in Set(compiled.map(\.name.namespace)).sorted() {
      surplus += try reading { () throws(StoreError) in try backend.readModel.pipelines(in: namespace) }
        .filter { !kept.contains($0.pipeline) }
    }
    return surplus
  }

  /// Whoever prunes deletes.
  func demandDeletion(of surplus: [PipelineSummary], _ caller: Caller) throws(Problem) {
    for namespace in Set(surplus.map(\.pipeline.namespace)).sorted()
    where !caller.principal.may("delete", "pipelines", in: namespace) {
      throw Gate.notAllowed("delete", "pipelines", namespace)
    }
  }

  /// Adds those that go. With `refuses` it is an error where one of them has live jobs; else that stands in
  /// its notes.
  func prune(
    _ surplus: [PipelineSummary], refuses: Bool, _ caller: Caller, from draft: inout Draft
  ) throws(Problem) {
    var used: [(name: PipelineName, jobs: [ID<Job>])] = []
    for summary in surplus {
      let live = try DeletionRoutes(backend: backend).liveJobs(of: summary.pipeline)
      if !live.isEmpty { used.append((summary.pipeline, live)) }
      draft.result.items.append(
        AppliedPipeline(
          id: summary.pipeline.id, change: "deleted", revision: summary.revision,
          notes: live.isEmpty ? [] : [Self.inUse(summary.pipeline, live)[caller.language]]))
      draft.deleted.append(summary.pipeline)
    }
    if refuses, !used.isEmpty { throw Self.hasLiveJobs(used) }
  }

  /// As many pipelines as a refusal names.
  private static let named = 20

  private static func inUse(_ name: PipelineName, _ jobs: [ID<Job>]) -> Bilingual {
    let shown = jobs.prefix(DeletionRoutes.namedJobs).map(\.description).joined(separator: ", ")
    let more = jobs.count > DeletionRoutes.namedJobs ? " …" : ""
    return Bilingual(
      "\(name) has live jobs, so apply refuses: \(shown)\(more)",
      pt: "\(name) tem jobs vivos, por isso o apply recusa: \(shown)\(more)")
  }

  private static func hasLiveJobs(_ used: [(name: PipelineName, jobs: [ID<Job>])]) -> Problem {
    let shown = used.prefix(named).map { "\($0.name) (\($0.jobs.count))" }.joined(separator: ", ")
    let more = used.count > named ? " …" : ""
    return Problem(
      "pipeline-in-use",
      Bilingual(
        "Nothing was changed: pipelines that are not among the files have live jobs: \(shown)\(more)",
        pt: "Nada mudou: pipelines que não estão entre os arquivos têm jobs vivos: \(shown)\(more)"),
      remedy: Bilingual(
        "Let them end, or delete these first with: esteira pipeline delete NAME --jobs drain|cancel",
        pt: "Deixe-os terminar, ou retire-os antes com: esteira pipeline delete NOME --jobs drain|cancel"))
  }
}
