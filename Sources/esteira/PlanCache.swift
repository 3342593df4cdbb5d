import CSystem
import Engine
import Model
import Pipelines
import Synchronization

/// Plans of stored revisions, compiled once.
final class PlanCache: Sendable {
  private struct Key: Hashable {
    var pipeline: PipelineName
    var number: Int
  }
  /// So many plans are kept; beyond it all are let go and compiled again when they are asked for.
  private static let limit = 500
  /// From this size of a source on, what reading it took and freed is given back to the system at once.
  /// A file of 136 KB leaves 6 MB, in whichever heap its thread had; the next reading may take the other.
  private static let largeSource = 65_536
  private let compiler: PipelineCompiler
  private let plans = Mutex<[Key: Plan]>([:])

  init(_ compiler: PipelineCompiler) { self.compiler = compiler }

  func plan(_ revision: RevisionRecord) throws(Problem) -> Plan {
    let key = Key(pipeline: revision.pipeline, number: revision.number)
    if let plan = plans.withLock({ $0[key] }) { return plan }
    let compilation = compile(revision)
    guard let plan = compilation.plan else { throw Self.stale(revision, compilation.findings) }
    plans.withLock { plans in
      if plans.count >= Self.limit { plans.removeAll() }
      plans[key] = plan
    }
    return plan
  }

  private func compile(_ revision: RevisionRecord) -> Compilation {
    let isLarge = revision.source.count >= Self.largeSource
    // Before it, too: to be stored, the same file was read just now.
    if isLarge { csystem_give_back_free_pages() }
    defer { if isLarge { csystem_give_back_free_pages() } }
    return compiler.compile(
      revision.source,
      readFile: { path in revision.files.first { ScalarString($0.path) == ScalarString(path) }?.bytes })
  }

  private static func stale(_ revision: RevisionRecord, _ findings: [Finding]) -> Problem {
    let first = findings.first { $0.severity == .error }?.message ?? Bilingual("", pt: "")
    return Problem(
      "revision-not-valid",
      Bilingual(
        "\(revision.pipeline)@\(revision.number) is not valid in this version: \(first.english)",
        pt: "\(revision.pipeline)@\(revision.number) não é válido nesta versão: \(first.portuguese)"),
      remedy: Bilingual("Mend the file and apply it.", pt: "Corrija o arquivo e aplique-o."))
  }
}
