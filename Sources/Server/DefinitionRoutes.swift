import API
import Engine
import Model
import Pipelines

/// Routes to one definition: made, changed, compared, drawn and checked.
struct DefinitionRoutes: Sendable {
  var backend: Backend
  var applier: PipelineApplier

  var routes: [Route] {
    [
      .answer(
        PipelineCalls.create, in: .placed { (request) throws(Problem) in applier.place(of: request) },
        status: { $0.isDryRun ? 200 : 201 },
        with: { request, caller in try await applier.create(request, caller) }),
      .answer(PipelineCalls.replace, in: .name { $0.id }) { request, caller in
        try await applier.replace(request, caller)
      },
      .answer(PipelineCalls.diff, in: .name { $0.id }) { query, _ in try diff(query) },
      .answer(PipelineCalls.graph, in: .name { $0.id }) { query, caller in try graph(query, caller) },
      .answer(PipelineCalls.check, in: .name { $0.id }) { request, caller in try check(request, caller) },
    ]
  }

  private func revision(_ name: PipelineName, _ number: Int?) throws(Problem) -> RevisionRecord {
    guard let record = try applier.record(name, number) else { throw PipelineRoutes.noPipeline(name, number) }
    return record
  }

  private func diff(_ query: DiffQuery) throws(Problem) -> DefinitionDiff {
    let name = try NamespacedName(query.id).pipeline
    let new = try revision(name, query.to)
    guard let number = query.from ?? (new.number > 1 ? new.number - 1 : nil) else { throw Self.alone(name) }
    let old = try revision(name, number)
    let changes = try PipelineDiff.changes(from: old.source, to: new.source)
    let lines = LineDiff.hunks(
      LineDiff.lines(
        from: String(decoding: old.source, as: UTF8.self), to: String(decoding: new.source, as: UTF8.self)))
    return DefinitionDiff(
      from: old.number, to: new.number,
      changes: changes.map {
        .init(change: $0.kind.rawValue, path: $0.path, old: $0.old, new: $0.new)
      }, lines: lines, filesDiffer: old.files != new.files)
  }

  private func graph(_ query: PipelineQuery, _ caller: Caller) throws -> PipelineGraphItem {
    let record = try revision(try NamespacedName(query.id).pipeline, query.revision)
    let compilation = applier.compile(record)
    guard let plan = compilation.plan ?? compilation.outline else {
      throw InvalidPipeline(
        items: compilation.findings.map {
          FindingItem($0, file: "\(record.pipeline)@\(record.number)", caller.language)
        })
    }
    let edges = PlanEdges(plan)
    return PipelineGraphItem(
      id: record.pipeline.id, revision: record.number,
      nodes: edges.nodes.map {
        GraphNode(path: $0.path, name: $0.name, does: $0.does, parent: $0.parent, handler: $0.handler)
      },
      edges: edges.edges.map {
        GraphEdge(from: $0.from, to: $0.to, isWeak: $0.isWeak, reason: $0.reason[caller.language])
      })
  }

  private func check(_ request: CheckRequest, _ caller: Caller) throws(Problem) -> DefinitionCheck {
    let name = try NamespacedName(request.id).pipeline
    let compilation: Compilation
    if let source = request.source {
      compilation = applier.compile(SourceFile(name: name.id, source: source, files: request.files))
    } else {
      compilation = applier.compile(try revision(name, nil))
    }
    return DefinitionCheck(
      isValid: compilation.plan != nil,
      findings: compilation.findings.map { FindingItem($0, file: name.id, caller.language) },
      order: compilation.order, missingCredentials: try missing(compilation.plan, in: name.namespace))
  }

  /// Those that a step names, itself or by its connection, in the order of the steps.
  private func missing(_ plan: Plan?, in namespace: String) throws(Problem) -> [String] {
    guard let plan else { return [] }
    let known = try reading { () throws(StoreError) in try backend.readModel.credentials(in: namespace) }
      .map { ScalarString($0.name) }
    let connections = try reading { () throws(StoreError) in
      try backend.readModel.connections(in: namespace)
    }
    var seen = Set(known)
    let named = plan.steps.compactMap { step -> String? in
      guard case .connector(let call) = step.kind else { return nil }
      if let name = call.credential { return name }
      return call.connection.flatMap { name in
        connections.first { ScalarString($0.name) == ScalarString(name) }?.credential
      }
    }
    return named.filter { seen.insert(ScalarString($0)).inserted }
  }

  private static func alone(_ name: PipelineName) -> Problem {
    Problem(
      "unusable-request",
      Bilingual("\(name) has one revision only.", pt: "\(name) só tem uma revisão."),
      remedy: Bilingual("Name two with from and to.", pt: "Indique duas com from e to."))
  }
}
