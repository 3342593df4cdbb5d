import Engine
import Model
import Server
import Stores
import Synchronization

extension Reading {
  /// The logs of this folder, as the hub follows them.
  func hubLogs(_ jobs: JobReading) -> HubLogs {
    HubLogs(
      follow: { [logs] job in
        let batches = logs.follow(job)
        // Pulled, so that what waits is no more than what the files keep for one follower.
        return AsyncStream {
          var iterator = batches.makeAsyncIterator()
          guard let batch = await iterator.next() else { return nil }
          return HubLogs.Batch(
            first: batch.first, number: batch.number, lines: batch.lines.map { HubLogs.Line($0) })
        }
      },
      reader: { (job) throws(Problem) in try reader(of: job) },
      paths: { (job, node) in await paths(jobs, job, around: node) })
  }

  private func reader(of job: ID<Job>) throws(Problem) -> HubLogs.Reader {
    let summary: JobSummary?
    do throws(StoreError) { summary = try readModel.job(job) } catch {
      throw Problem("log-unreadable", Bilingual("\(error)", pt: "\(error)"))
    }
    guard let summary else { return { [] } }
    let key = try vault.unwrap(summary.wrappedKey)
    let (logs, place) = (logs, LogCursor())
    return { () throws(Problem) in
      do throws(Failure) {
        let page = try await logs.page(job, key: key, after: place.value)
        place.set(page.next)
        return page.lines.map { HubLogs.Line($0) }
      } catch {
        throw Problem("log-unreadable", Bilingual(error.message, pt: error.message))
      }
    }
  }

  private static let pathsAtOnce: UInt32 = 256

  /// Those of the steps around this one. A job that cannot be read has lines without paths.
  private func paths(_ jobs: JobReading, _ job: ID<Job>, around node: UInt32) async -> [UInt32: String] {
    let first = Int(node / Self.pathsAtOnce * Self.pathsAtOnce)
    let steps = (try? await jobs.view(job, first, Int(Self.pathsAtOnce)))?.steps ?? []
    return Dictionary(steps.map { ($0.node, $0.path) }) { first, _ in first }
  }
}

/// Where one reader of a log has come to.
private final class LogCursor: Sendable {
  private let place = Mutex(LogPlace.beginning)
  var value: LogPlace { place.withLock(\.self) }
  func set(_ next: LogPlace) { place.withLock { $0 = next } }
}

extension HubLogs.Line {
  fileprivate init(_ line: Stores.LogLine) {
    self.init(
      at: line.at, level: line.level, node: line.node, attempt: line.attempt, message: line.message)
  }
}
