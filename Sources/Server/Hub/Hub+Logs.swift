import Engine
import Model

// From the logs to the channels.
extension Hub {
  func carry(
    _ batches: AsyncStream<HubLogs.Batch>, of job: ID<Job>, until end: AsyncStream<Never>
  ) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { for await _ in end {} }
      group.addTask { [self] in await carry(batches, of: job) }
      await group.next()
      group.cancelAll()
    }
  }

  private func carry(_ batches: AsyncStream<HubLogs.Batch>, of job: ID<Job>) async {
    var (expected, paths) = (0, HubPaths(sources.logs, job))
    for await batch in batches {
      let channels = [HubTopic.logs(job), .lines(job)].compactMap { channel($0) }
      // The rest is in the file. It may be what came first, before anybody took anything.
      if batch.number != expected { for channel in channels { channel.lose() } }
      expected = batch.number + 1
      await paths.find(batch.lines)
      for channel in channels {
        channel.append(
          batch.lines.enumerated().map { place, line in
            HubText.entry(
              line, batch.first + place + 1, path: paths[line.node], of: job, in: channel.topic)
          })
      }
    }
  }
}

/// The paths of a job's steps, as far as log lines have asked for them.
struct HubPaths {
  private let logs: HubLogs?
  private let job: ID<Job>
  private var known: [UInt32: String] = [:]
  private static let most = 4_096

  init(_ logs: HubLogs?, _ job: ID<Job>) { (self.logs, self.job) = (logs, job) }

  subscript(node: UInt32) -> String { known[node] ?? "" }

  mutating func find(_ lines: [HubLogs.Line]) async {
    var last: UInt32?
    for line in lines where line.node != last {
      last = line.node
      if known[line.node] != nil { continue }
      if known.count > Self.most { known = [:] }
      known.merge(await logs?.paths(job, line.node) ?? [:]) { _, new in new }
      // One that is not found is not looked for with every line.
      if known[line.node] == nil { known[line.node] = "" }
    }
  }
}
