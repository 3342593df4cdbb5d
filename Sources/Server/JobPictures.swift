import API
import Access
import Engine
import Model

/// Routes that show a job in other ways: over time, and beside another.
struct JobPictures: Sendable {
  var backend: Backend
  var finder: JobFinder

  init(_ backend: Backend) { (self.backend, finder) = (backend, JobFinder(readModel: backend.readModel)) }

  /// As many spans as a timeline shows.
  static let spanLimit = 10_000
  /// As many steps of a job as are compared.
  static let stepLimit = 10_000
  private static let page = 1_000

  var routes: [Route] {
    [
      .answer(JobCalls.timeline, in: finder.place { $0.id }) { path, _ in try await timeline(path) },
      .answer(JobCalls.compare, in: finder.place { $0.id }) { path, caller in
        try await compare(path, caller)
      },
    ]
  }

  private func timeline(_ path: JobPath) async throws(Problem) -> JobTimeline {
    let id = try finder.job(path.id).id
    var (fold, after) = (TimelineFold(most: Self.spanLimit), UInt32(0))
    while !fold.isCut {
      let events = try await backend.jobs.history(id, after, Self.page)
      for event in events { fold.take(event.facts, at: event.at) }
      guard events.count == Self.page, let last = events.last else { break }
      after = last.sequence
    }
    return JobTimeline(id: id.description, spans: fold.spans, isCut: fold.isCut)
  }

  private func compare(_ path: ComparePath, _ caller: Caller) async throws(Problem) -> JobComparison {
    let other = try finder.job(path.other)
    // The route asked for the first one only.
    guard caller.reach.contains(other.pipeline.namespace) else { throw JobFinder.unknown(path.other) }
    let (left, right) = (try await side(try finder.job(path.id).id), try await side(other.id))
    return JobComparison(
      rows: JobComparing(left.side, right.side).rows, isCut: left.isCut || right.isCut)
  }

  private func side(_ id: ID<Job>) async throws(Problem) -> (side: JobComparing.Side, isCut: Bool) {
    var view = try await backend.jobs.view(id, 0, Self.page)
    var steps = view.steps
    view.steps = []
    while steps.count < Self.stepLimit, steps.count.isMultiple(of: Self.page), !steps.isEmpty {
      let more = try await backend.jobs.view(id, steps.count, Self.page).steps
      if more.isEmpty { break }
      steps += more
    }
    return (JobComparing.Side(view: view, steps: steps), steps.count >= Self.stepLimit)
  }
}
