import API
import Crypto
import Engine
import Model
import Pipelines
import Synchronization

/// A file that does not compile, with everything that is wrong with it.
struct InvalidPipeline: Error {
  var items: [FindingItem]

  var problem: Problem {
    let count = items.count { $0.severity == "error" }
    return Problem(
      "invalid-pipeline",
      Bilingual(
        count == 1 ? "The file has 1 error." : "The files have \(count) errors.",
        pt: count == 1 ? "O arquivo tem 1 erro." : "Os arquivos têm \(count) erros."))
  }
}

/// Makes revisions out of files: all of a request, or none.
final class PipelineApplier: Sendable {
  let backend: Backend
  private let busy = Mutex(Reservation())
  static let fileLimit = 200

  init(_ backend: Backend) { self.backend = backend }

  func apply(_ request: ApplyRequest, _ caller: Caller) async throws -> ApplyResult {
    if request.isDryRun { return try plan(request, caller) }
    let node = try backend.writer()
    let compiled = try compileAll(request, caller)
    let surplus = request.prune ? try surplus(compiled) : []
    try demandDeletion(of: surplus, caller)
    let names = compiled.map(\.name) + surplus.map(\.pipeline)
    let reservation = try reserve(names, compiled.map(\.plan))
    defer { release(reservation) }
    var draft = try draft(compiled, expected: request.expectedRevision, caller)
    try prune(surplus, refuses: true, caller, from: &draft)
    note(draft.result, names, caller)
    let now = backend.now()
    let writes: [CatalogWrite] =
      draft.revisions.map { .revision($0) }
      + draft.deleted.map { .deletePipeline($0, at: now, by: caller.actor) }
    if !writes.isEmpty { try await node.write(writes) }
    return draft.result
  }

  private func note(_ result: ApplyResult, _ names: [PipelineName], _ caller: Caller) {
    let namespaces = Set(names.map(\.namespace))
    caller.note.about(
      names.prefix(Self.notedPipelines).map(\.description).joined(separator: ", "),
      in: namespaces.count == 1 ? namespaces.first : nil)
    let changes = result.items.prefix(Self.notedPipelines).map { item -> JSON in
      ["id": .string(item.id), "change": .string(item.change), "revision": .int(Int64(item.revision))]
    }
    caller.note.after(["pipelines": .array(changes), "count": .int(Int64(result.items.count))])
  }

  /// As many as a row of the audit names.
  private static let notedPipelines = 100

  /// What apply would change, without changing it.
  func plan(_ request: ApplyRequest, _ caller: Caller) throws -> ApplyResult {
    let compiled = try compileAll(request, caller)
    var draft = try draft(compiled, expected: request.expectedRevision, caller)
    if request.prune { try prune(try surplus(compiled), refuses: false, caller, from: &draft) }
    return draft.result
  }

  struct Compiled {
    var file: SourceFile
    var plan: Plan
    var notes: [String]
    var name: PipelineName { PipelineName(namespace: plan.namespace, name: plan.name) }
  }

  struct Draft {
    var result = ApplyResult([])
    var revisions: [RevisionRecord] = []
    var deleted: [PipelineName] = []
  }

  /// Throws `InvalidPipeline` with the findings of all files together.
  /// The namespaces of all its files. What cannot be read as a pipeline is told to whoever may apply
  /// anything.
  var places: Scope<ApplyRequest> {
    .each { (request) throws(Problem) in
      let names = request.files.prefix(Self.fileLimit).compactMap { self.compile($0).plan?.namespace }
      return Set(names).sorted()
    }
  }

  func compileAll(_ request: ApplyRequest, _ caller: Caller) throws -> [Compiled] {
    guard (1...Self.fileLimit).contains(request.files.count) else { throw Self.wrongCount }
    var (compiled, faults): ([Compiled], [FindingItem]) = ([], [])
    var refusal: Problem?
    for file in request.files {
      let compilation = compile(file)
      let items = compilation.findings.map { FindingItem($0, file: file.name, caller.language) }
      if let problem = compilation.refusal { refusal = refusal ?? problem }
      if let plan = compilation.plan {
        let notes = compilation.findings.map { Self.note($0, file: file.name, caller.language) }
        compiled.append(Compiled(file: file, plan: plan, notes: notes))
      } else if compilation.refusal == nil {
        faults += items
      }
    }
    if !faults.isEmpty { throw InvalidPipeline(items: faults) }
    if let refusal { throw refusal }
    try checkHooks(of: compiled.map(\.plan))
    return compiled
  }

  func draft(_ compiled: [Compiled], expected: Int?, _ caller: Caller) throws -> Draft {
    var draft = Draft()
    for item in compiled { try add(item, expected: expected, caller, to: &draft) }
    return draft
  }

  func compile(_ file: SourceFile) -> Compilation {
    compile(Array(file.source.utf8), file.files.map { ($0.path, $0.bytes) })
  }

  func compile(_ record: RevisionRecord) -> Compilation {
    compile(record.source, record.files.map { ($0.path, $0.bytes) })
  }

  private func compile(_ source: [UInt8], _ files: [(path: String, bytes: [UInt8])]) -> Compilation {
    backend.compiler.compile(
      source, readFile: { path in files.first { ScalarString($0.path) == ScalarString(path) }?.bytes })
  }

  private func add(
    _ item: Compiled, expected: Int?, _ caller: Caller, to draft: inout Draft
  ) throws(Problem) {
    let (name, source) = (item.name, Array(item.file.source.utf8))
    let files = try attached(to: item.plan, in: item.file)
    let digest = Self.digest(source, files)
    let newest = try reading { () throws(StoreError) in
      try backend.readModel.readRevision(of: name, number: nil)
    }
    if let expected, expected != newest?.number ?? 0 { throw Self.changed(name, newest?.number ?? 0) }
    let isSame = newest?.sha256 == digest
    // A pipeline that was deleted and comes back goes on with its numbers (S30).
    let last: Int
    if let newest {
      last = newest.number
    } else {
      last = try reading { () throws(StoreError) in
        try backend.readModel.revisions(of: name).first?.number ?? 0
      }
    }
    let number = isSame ? newest?.number ?? 1 : last + 1
    draft.result.items.append(
      AppliedPipeline(
        id: name.id, change: newest == nil ? "created" : isSame ? "unchanged" : "updated", revision: number,
        notes: item.notes))
    if isSame { return }
    draft.revisions.append(
      RevisionRecord(
        pipeline: name, number: number, title: item.plan.title, source: source, sha256: digest, files: files,
        createdAt: backend.now(), createdBy: caller.actor))
  }

  /// The files that the plan names, in order, out of those that were sent.
  private func attached(to plan: Plan, in file: SourceFile) throws(Problem) -> [RevisionRecord.File] {
    var files: [RevisionRecord.File] = []
    for path in plan.files.sorted(by: { ScalarString($0) < ScalarString($1) }) {
      guard let sent = file.files.first(where: { ScalarString($0.path) == ScalarString(path) }) else {
        throw Self.missing(path, of: file.name)
      }
      files.append(RevisionRecord.File(path: path, bytes: sent.bytes, isExecutable: sent.isExecutable))
    }
    guard files.reduce(0, { $0 + $1.bytes.count }) <= AttachedFile.totalLimit else { throw Self.tooLarge }
    return files
  }

  /// What an apply is about to write: a revision number is given once, and a path of a webhook leads to one
  /// trigger.
  struct Reservation: Sendable {
    fileprivate var names: Set<PipelineName> = []
    /// `namespace/path`.
    fileprivate var paths: Set<ScalarString> = []
  }

  func release(_ reservation: Reservation) {
    busy.withLock { busy in
      busy.names.subtract(reservation.names)
      busy.paths.subtract(reservation.paths)
    }
  }

  /// From now on nobody else writes these pipelines or takes these paths. Whether the paths are free is asked
  /// again: another apply may have taken one between the check of this one and now.
  func reserve(_ names: [PipelineName], _ plans: [Plan]) throws(Problem) -> Reservation {
    let wanted = Reservation(names: Set(names), paths: Set(Self.hooks(of: plans).map(\.place)))
    let isFree = busy.withLock { busy in
      guard wanted.names.count == names.count, busy.names.isDisjoint(with: wanted.names),
        busy.paths.isDisjoint(with: wanted.paths)
      else { return false }
      busy.names.formUnion(wanted.names)
      busy.paths.formUnion(wanted.paths)
      return true
    }
    if !isFree { throw Self.inProgress }
    do throws(Problem) { try checkHooks(of: plans) } catch {
      release(wanted)
      throw error
    }
    return wanted
  }

  /// Over the lengths and the bytes, so that no two contents share a digest.
  static func digest(_ source: [UInt8], _ files: [RevisionRecord.File]) -> [UInt8] {
    var hash = SHA256()
    func add(_ bytes: [UInt8]) {
      hash.update(Array("\(bytes.count):".utf8))
      hash.update(bytes)
    }
    add(source)
    for file in files {
      add(Array(file.path.utf8))
      add(file.bytes)
      add([file.isExecutable ? 1 : 0])
    }
    return hash.finish()
  }
}

extension PipelineApplier {
  private static let wrongCount = Problem(
    "invalid-request",
    Bilingual("Send between 1 and \(fileLimit) files.", pt: "Envie de 1 a \(fileLimit) arquivos."))

  private static let tooLarge = Problem(
    "files-too-large",
    Bilingual(
      "The files beside the pipeline are larger than 16 MiB together.",
      pt: "Os arquivos ao lado do pipeline somam mais de 16 MiB."),
    remedy: Bilingual("Fetch large data in a step.", pt: "Busque dados grandes em um passo."))

  private static let inProgress = Problem(
    "apply-in-progress",
    Bilingual(
      "The same pipeline, or one with the same webhook path, is being applied or stands twice here.",
      pt: "O mesmo pipeline, ou um com o mesmo caminho de webhook, já está sendo aplicado."),
    remedy: Bilingual("Try again.", pt: "Tente de novo."))

  private static func missing(_ path: String, of file: String) -> Problem {
    Problem(
      "file-not-sent",
      Bilingual(
        "\(file) names the file \(path), which did not come with it.",
        pt: "\(file) cita o arquivo \(path), que não veio junto."))
  }

  static func changed(_ name: PipelineName, _ revision: Int) -> Problem {
    Problem(
      "revision-changed",
      Bilingual("\(name) is at revision \(revision).", pt: "\(name) está na revisão \(revision)."),
      remedy: Bilingual("Look at it, then apply again.", pt: "Veja o que mudou e aplique de novo."))
  }

  /// What is stored and does nothing yet in one line; other warnings with their place.
  private static func note(_ finding: Finding, file: String, _ language: Language) -> String {
    guard finding.missing != nil else { return finding.rendered(file: file, language: language) }
    return "\(finding.path): \(finding.message[language])"
  }
}
