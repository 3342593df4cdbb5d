import API
import Crypto
import Engine
import Model
import Pipelines

extension PipelineApplier {
  /// Where a file says that its pipeline is. What cannot be read is told to whoever may make any.
  func place(of request: DefinitionRequest) -> Place {
    let file = SourceFile(name: request.name, source: request.source, files: request.files)
    guard let plan = compile(file).plan else { return .granted }
    return .namespace(plan.namespace, missing: Scope<DefinitionRequest>.noNamespace(plan.namespace))
  }

  /// Makes a pipeline that was not there.
  func create(_ request: DefinitionRequest, _ caller: Caller) async throws -> DefinitionResult {
    try await define(request, caller) { (name, newest) throws(Problem) in
      if newest != nil { throw Self.exists(name) }
    }
  }

  /// Makes a new revision of one that is there, in the state that the caller has seen.
  func replace(_ request: DefinitionReplacement, _ caller: Caller) async throws -> DefinitionResult {
    let wanted = try NamespacedName(request.id).pipeline
    guard let newest = try record(wanted, nil) else { throw PipelineRoutes.noPipeline(wanted, nil) }
    try Precondition.demand(caller.request.ifMatch, newest)
    return try await define(request.definition, caller) { (name, newest) throws(Problem) in
      guard name.id.utf8.elementsEqual(wanted.id.utf8) else { throw Self.other(name, wanted) }
      guard let newest else { throw PipelineRoutes.noPipeline(wanted, nil) }
      try Precondition.demand(caller.request.ifMatch, newest)
    }
  }

  private func define(
    _ request: DefinitionRequest, _ caller: Caller,
    allowed: (PipelineName, RevisionRecord?) throws(Problem) -> Void
  ) async throws -> DefinitionResult {
    let node = try backend.writer()
    let file = SourceFile(name: request.name, source: request.source, files: request.files)
    let compiled = try compileAll(ApplyRequest(files: [file]), caller)
    let names = compiled.map(\.name)
    let reservation = try reserve(names, compiled.map(\.plan))
    defer { release(reservation) }
    guard let name = names.first else { throw InvalidPipeline(items: []) }
    let newest = try record(name, nil)
    try allowed(name, newest)
    let draft = try draft(compiled, expected: nil, caller)
    guard let item = draft.result.items.first, let sha256 = draft.revisions.first?.sha256 ?? newest?.sha256
    else { throw InvalidPipeline(items: []) }
    if !request.dryRun, !draft.revisions.isEmpty {
      note(newest, item.revision, sha256, caller)
      try await node.write(draft.revisions.map { .revision($0) })
    }
    return DefinitionResult(
      id: item.id, change: item.change, revision: item.revision, sha256: Hex.encode(sha256),
      notes: item.notes, isDryRun: request.dryRun)
  }

  private func note(_ newest: RevisionRecord?, _ revision: Int, _ sha256: [UInt8], _ caller: Caller) {
    caller.note.before(
      newest.map {
        ["revision": .int(Int64($0.number)), "sha256": .string(Hex.encode($0.sha256))]
      })
    caller.note.after(["revision": .int(Int64(revision)), "sha256": .string(Hex.encode(sha256))])
  }

  private static func exists(_ name: PipelineName) -> Problem {
    Problem(
      "pipeline-exists",
      Bilingual("There is a pipeline \(name) already.", pt: "Já existe o pipeline \(name)."),
      remedy: Bilingual(
        "Change it with PUT /pipelines/\(name.id), or with `esteira pipeline apply`.",
        pt: "Mude-o com PUT /pipelines/\(name.id), ou com `esteira pipeline apply`."))
  }

  private static func other(_ name: PipelineName, _ wanted: PipelineName) -> Problem {
    Problem(
      "other-pipeline",
      Bilingual(
        "The file is of \(name), not of \(wanted).", pt: "O arquivo é de \(name), não de \(wanted)."),
      remedy: Bilingual(
        "Send it to its own address; a pipeline does not change its name.",
        pt: "Envie-o ao endereço dele; um pipeline não muda de nome."))
  }
}
