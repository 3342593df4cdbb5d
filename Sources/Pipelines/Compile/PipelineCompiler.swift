public import Model

/// What came of compiling a file.
public struct Compilation: Sendable {
  /// Nil where a finding is an error, or where the file uses what only a server has (`offline`).
  public var plan: Plan?
  /// The plan, also where it stands on what was only taken as given: to be explained, drawn and compared,
  /// never to be run.
  public var outline: Plan?
  /// In the order of the file.
  public var findings: [Finding]
  /// The job's own steps in an order in which they could run.
  public var order: [String]
  /// How many steps the file has, those inside others and of handlers included.
  public var stepCount: Int

  public var hasErrors: Bool { findings.contains { $0.severity == .error } }
}

/// Turns the text of a pipeline file into a plan, or says all that is wrong with it.
public struct PipelineCompiler: Sendable {
  let catalogue: ConnectorCatalogue
  private let zones: ZoneDatabase

  /// - Parameter offline: connectors that only a server could know are taken as given, with a warning each.
  /// - Parameter standIns: the paths of steps that will not be performed: any connector may stand there.
  public init(
    connectors: [ConnectorDescription], zones: ZoneDatabase, offline: Bool = false, standIns: [String] = []
  ) {
    catalogue = ConnectorCatalogue(connectors, isOffline: offline, standIns: standIns)
    self.zones = zones
  }

  /// - Parameter readFile: gives a file beside the pipeline by its relative path; nil where there is none.
  public func compile(_ text: String, readFile: @escaping (String) -> [UInt8]? = { _ in nil }) -> Compilation
  {
    compile(Array(text.utf8), readFile: readFile)
  }

  public func compile(_ bytes: [UInt8], readFile: @escaping (String) -> [UInt8]? = { _ in nil })
    -> Compilation
  {
    let (source, tree) = SourceReader.read(bytes)
    let draft = Draft(report: Report(source: source), zones: zones, readFile: readFile)
    switch tree {
    case .failure(let error):
      draft.report.error(error.code, at: error.span, path: "", error.message, remedy: error.remedy)
    case .success(let root):
      guard let top = MapReading(root, path: "", report: draft.report) else { break }
      return compile(top, draft)
    }
    return Compilation(findings: draft.report.findings, order: [], stepCount: 0)
  }

  private func compile(_ top: MapReading, _ draft: Draft) -> Compilation {
    let head = HeadReader(draft: draft, top: top)
    head.read()
    let defaults = top["defaults"].map { DefaultsDraft($0.value, draft: draft, catalogue: catalogue) }
    var structure = StructureReader(
      draft: draft, connectors: catalogue, defaults: defaults ?? DefaultsDraft())
    structure.read(top)
    head.readOutputs()
    NameResolver(draft: draft).resolveAll()
    let graph = NeedGraph(draft: draft)
    graph.joinEdges()
    graph.reportCycles()
    Typer(draft: draft, connectors: catalogue).typeAll()
    LimitChecker(draft: draft).check()
    ItemChecker(draft: draft).check()
    SignalChecker(draft: draft).check()
    let hasAllFiles = checkFiles(draft)
    let order = graph.order(of: draft.scopes[0].steps).map { draft.steps[$0].name }
    DefinitionHasher(draft: draft, defaults: defaults ?? DefaultsDraft(), catalogue: catalogue).hashAll()
    let outline = PlanBuilder(draft: draft).plan()
    return Compilation(
      plan: draft.isWhole && hasAllFiles ? outline : nil, outline: outline, findings: draft.report.findings,
      order: order, stepCount: draft.steps.count)
  }

  /// Whether all files are there that the pipeline names.
  private func checkFiles(_ draft: Draft) -> Bool {
    var known: [ScalarString: Bool] = [:]
    for file in draft.head.files {
      let name = ScalarString(file.name)
      let exists = known[name] ?? (draft.readFile(file.name) != nil)
      known[name] = exists
      if exists { continue }
      if catalogue.isOffline { Self.takeAsGiven(file, draft) } else { Self.refuse(file, draft) }
    }
    return known.values.allSatisfy(\.self)
  }

  private static func takeAsGiven(_ file: FileMention, _ draft: Draft) {
    draft.report.warning(
      "file-not-found", at: file.span, path: file.path,
      Bilingual(
        "file \(file.name) is not beside the pipeline; it was taken as given.",
        pt: "file \(file.name) não está ao lado do pipeline; foi aceito como está."),
      missing: Missing("file \(file.name)", .refused))
  }

  private static func refuse(_ file: FileMention, _ draft: Draft) {
    draft.report.error(
      "file-not-found", at: file.span, path: file.path,
      Bilingual(
        "there is no file \"\(file.name)\" beside the pipeline.",
        pt: "não existe o arquivo \"\(file.name)\" ao lado do pipeline."),
      remedy: Bilingual(
        "Paths are relative to the pipeline file.", pt: "Os caminhos são relativos ao arquivo do pipeline."))
  }
}
