import Crypto
import Engine
import Foundation
import Model
import Stores
import Testing

@Suite("Logs that are followed", .timeLimit(.minutes(1)))
struct LogTailTests {
  private let folder: TemporaryFolder
  private let key = SymmetricKey.generate()
  private let job = jobID(1)

  init() throws { folder = try TemporaryFolder() }

  private func open() -> LogFiles {
    LogFiles(
      folder: folder.path("logs"), pause: { _ in for await _ in AsyncStream<Never>.makeStream().stream {} })
  }

  private func line(_ number: Int) -> LogLine {
    LogLine(at: moment(5), level: .info, node: 1, attempt: 1, message: "line \(number)")
  }

  /// Every line, page by page.
  private func pages(_ logs: LogFiles) async throws -> [String] {
    var (place, found): (LogPlace, [String]) = (.beginning, [])
    while true {
      let page = try await logs.page(job, key: key, after: place)
      found += page.lines.map(\.message)
      #expect(page.next.lines == found.count)
      if page.lines.isEmpty { return found }
      place = page.next
    }
  }

  @Test("a follower hears each line with its place in the file, also behind what an earlier process wrote")
  func batches() async throws {
    let first = open()
    for number in 1...100 { first.append(line(number), job: job, key: key) }
    await first.flush(job)
    let logs = open()
    let batches = logs.follow(job)
    for number in 101...230 { logs.append(line(number), job: job, key: key) }
    await logs.flush(job)
    var next = 100
    for await batch in batches {
      #expect(batch.first == next)
      for line in batch.lines {
        next += 1
        #expect(line == self.line(next))
      }
      if next == 230 { break }
    }
    #expect(try await logs.read(job, key: key, skip: 100).count == 130)
  }

  @Test("pages give every line once, whatever lies between them")
  func everyLine() async throws {
    let logs = open()
    #expect(try await pages(logs) == [])
    var expected: [String] = []
    for number in 1...9_000 {
      var line = line(number)
      line.message += String(repeating: " and more of it", count: 6)
      logs.append(line, job: job, key: key)
      expected.append(line.message)
      if number % 1_000 == 0 { await logs.flush(job) }
    }
    #expect(try await pages(logs) == expected)
  }

  @Test("a hole in the middle is one line for pages as for the whole")
  func hole() async throws {
    let logs = open()
    for start in [1, 11, 21] {
      for number in start..<start + 10 { logs.append(line(number), job: job, key: key) }
      await logs.flush(job)
    }
    let path = folder.path("logs/" + job.description)
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(filePath: path))
    let again = open()
    let whole = try await again.read(job, key: key).map(\.message)
    #expect(whole.count == 21)
    #expect(try await pages(again) == whole)
  }
}
