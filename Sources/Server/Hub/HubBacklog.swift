import Engine
import Model

/// What was stored before a subscription began, page by page, until it meets what the channel holds.
struct HubBacklog: Sendable {
  enum Page: Sendable {
    case entries([HubEntry])
    /// All that is stored by now has been given, up to this sequence number.
    case caughtUp(Int64)
    /// Some of it is not known any more, and this is the newest sequence number.
    case lost(Int64)
  }
  var next: @Sendable () async throws(Problem) -> Page
}

extension Hub {
  /// Behind a sequence number of the topic; nil where it has nothing stored.
  func backlog(_ topic: HubTopic, after cursor: Int64, _ feed: Feed?) async throws(Problem) -> HubBacklog? {
    switch topic {
    case .job(let id):
      guard let job = try await sources.job(id) else { return nil }
      let reader = try await sources.changes(id)
      return HubBacklog { () throws(Problem) in
        guard let changes = try await reader.next() else {
          return .caughtUp(HubText.end(of: await reader.sequence))
        }
        return .entries(
          changes.filter { HubText.sequence($0.place) > cursor }.map {
            HubText.entry($0, of: job, in: topic, HubText.sequence($0.place))
          })
      }
    case .logs(let id):
      guard let logs = sources.logs else { return nil }
      let backlog = LogBacklog(logs, id, try await logs.reader(id), after: cursor)
      return HubBacklog { () throws(Problem) in try await backlog.next() }
    case .pipeline, .namespace, .labels, .global, .asks:
      guard let feed else { return nil }
      let backlog = FeedBacklog(feed, topic, after: cursor)
      return HubBacklog { () throws(Problem) in await backlog.next() }
    case .lines, .rows: return nil
    }
  }
}

private actor FeedBacklog {
  private let feed: Feed
  private let topic: HubTopic
  private var position: Int64

  init(_ feed: Feed, _ topic: HubTopic, after position: Int64) {
    (self.feed, self.topic, self.position) = (feed, topic, position)
  }

  func next() -> HubBacklog.Page {
    let page = feed.entries(after: position, limit: HubLimits.takenMessages)
    if page.hasGap { return .lost(feed.position) }
    if page.entries.isEmpty { return .caughtUp(page.position) }
    position = page.position
    return .entries(page.entries.filter { topic.takes($0) }.map { HubText.entry($0, in: topic) })
  }
}

private actor LogBacklog {
  private let job: ID<Job>
  private let reader: HubLogs.Reader
  private let cursor: Int64
  private var paths: HubPaths
  private var number = 0

  init(_ logs: HubLogs, _ job: ID<Job>, _ reader: @escaping HubLogs.Reader, after cursor: Int64) {
    (self.job, self.reader, self.cursor) = (job, reader, cursor)
    paths = HubPaths(logs, job)
  }

  func next() async throws(Problem) -> HubBacklog.Page {
    let lines = try await reader()
    if lines.isEmpty { return .caughtUp(Int64(number)) }
    let first = number
    number += lines.count
    let skipped = Int(min(max(0, cursor - Int64(first)), Int64(lines.count)))
    let wanted = Array(lines[skipped...])
    // Taken out while it waits: an actor's own property cannot be changed across a suspension.
    var paths = paths
    await paths.find(wanted)
    self.paths = paths
    return .entries(
      wanted.enumerated().map { place, line in
        HubText.entry(
          line, first + skipped + place + 1, path: paths[line.node], of: job, in: .logs(job))
      })
  }
}
