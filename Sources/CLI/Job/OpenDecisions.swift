import API
import Model

extension Invocation {
  /// What a person has to decide of a job that cannot go on by itself, each with the command that says it.
  func decisions(of id: String, _ client: Client) async throws -> [String] {
    let blockers = try await client.call(JobCalls.why, JobPath(id: id)).items
    return blockers.filter { ["needs_attention", "quarantined"].contains($0.kind) }.flatMap { blocker in
      ["  \(blocker.text.printable)"] + (blocker.remedy.map { ["    \($0.printable)"] } ?? [])
    }
  }

  /// Beside a list of questions: jobs that wait for a person although no step of theirs asks. Nobody is told
  /// of jobs that they may not read.
  func tellUndecidedJobs(_ client: Client) async throws {
    guard format == .table, !isQuiet else { return }
    let query = JobsQuery(
      namespace: namespace, statuses: [JobStatus.needsAttention.word], limit: Self.undecidedShown)
    let jobs: Page<JobItem>
    do { jobs = try await client.call(JobCalls.list, query) } catch let problem as ProblemDocument {
      guard [403, 404].contains(problem.status) else { throw problem }
      return
    }
    if jobs.items.isEmpty { return }
    console.error(
      text(
        Bilingual(
          "These jobs need a decision, too; each says what it is and with which command:",
          pt: "Estes jobs também precisam de uma decisão; cada um diz qual é e com que comando:")))
    for job in jobs.items { console.error("  esteira job why \(Words.short(job.id))   \(job.pipeline)") }
    if jobs.nextCursor != nil { console.error("  esteira job ls --status needs_attention") }
  }

  private static var undecidedShown: Int { 10 }
}

extension JobDetail {
  /// A step of it, or the whole, waits for a person's word. Other steps may go on meanwhile.
  var needsDecision: Bool {
    let word = JobStatus.needsAttention.word
    return job.status == word || (counts[word]?.int ?? 0) > 0
  }
}
