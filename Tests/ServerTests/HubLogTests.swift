import Access
import Crypto
import Engine
import Foundation
import Model
import Stores
import Synchronization
import Testing

@testable import Server

/// A hub over the log files of one job.
struct LogWorld: Sendable {
  let files: LogFiles
  let key = SymmetricKey.generate()
  let world: HubWorld
  let job = FeedJob(
    id: ID(high: 1, low: 1), pipeline: PipelineName(namespace: "demo", name: "a"), labels: [], owner: nil)
  private let folder = TemporaryLogs()

  init() {
    files = LogFiles(
      folder: folder.path, pause: { _ in for await _ in AsyncStream<Never>.makeStream().stream {} })
    world = HubWorld(.made(Feed(from: 0), jobs: [job], logs: Self.logs(files, key)))
  }

  private final class TemporaryLogs: Sendable {
    let path = NSTemporaryDirectory() + "esteira-hub-" + UUID().uuidString
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  var channel: String { "logs:\(job.id)" }

  static func logs(_ files: LogFiles, _ key: SymmetricKey) -> HubLogs {
    HubLogs(
      follow: { job in
        let batches = files.follow(job)
        return AsyncStream {
          var iterator = batches.makeAsyncIterator()
          guard let batch = await iterator.next() else { return nil }
          return HubLogs.Batch(first: batch.first, number: batch.number, lines: batch.lines.map(line))
        }
      },
      reader: { (job) throws(Problem) in
        let place = Mutex(LogPlace.beginning)
        return { () throws(Problem) in
          let from = place.withLock { $0 }
          do throws(Failure) {
            let page = try await files.page(job, key: key, after: from)
            place.withLock { $0 = page.next }
            return page.lines.map(line)
          } catch {
            throw Problem("test", Bilingual(error.message, pt: error.message))
          }
        }
      }, paths: { _, node in [node: "step\(node)"] })
  }

  private static func line(_ line: Stores.LogLine) -> HubLogs.Line {
    HubLogs.Line(
      at: line.at, level: line.level, node: line.node, attempt: line.attempt, message: line.message)
  }

  func write(_ message: String, _ level: LogLevel = .info, node: UInt32 = 1, attempt: Int = 1) {
    files.append(
      Stores.LogLine(
        at: Timestamp(microseconds: 5), level: level, node: node, attempt: attempt, message: message),
      job: job.id, key: key)
  }

  /// Writes numbered lines as a program would: faster than anybody reads, never faster than the disk.
  func write(_ numbers: ClosedRange<Int>) async {
    for number in numbers {
      write("line \(number) of a program that says what it does, and how far it has come with it")
      if number % 4_096 == 0 { await files.flush(job.id) }
    }
    await files.flush(job.id)
  }
}

@Suite("Logs over the hub", .timeLimit(.minutes(2)))
struct HubLogTests {
  private let logs = LogWorld()

  private func client(_ after: Int? = nil, _ more: JSONObject = JSONObject()) async throws -> MemoryClient {
    let (client, ack) = try await logs.world.subscribed(logs.channel, after: after, more)
    #expect(ack?["type"] == "ack")
    return client
  }

  @Test("a line has the job, the step, the attempt, its place and the source's fields")
  func shape() async throws {
    logs.write("hello \"é\"\n", .warn, node: 3, attempt: 2)
    let message = try #require(try await client(0).next("log"))
    #expect(
      message == [
        "type": "log", "channel": .string(logs.channel), "seq": 1, "timestamp": "1970-01-01T00:00:00.000005Z",
        "payload": [
          "job_id": .string(logs.job.id.description), "step_id": "step3", "attempt": 2, "offset": 1,
          "level": "WARN", "message": "hello \"é\"\n",
        ],
      ])
  }

  @Test("what a program says of level SUCCESS is INFO with an outcome")
  func success() async throws {
    logs.write("{\"level\":\"SUCCESS\",\"message\":\"done\",\"metadata\":{\"rows\":3}}")
    logs.write("{\"level\":\"ERROR\",\"message\":\"no\"}")
    logs.write("{\"level\":\"LOUD\",\"message\":\"x\"}")
    let client = try await client(0)
    let first = try #require(try await client.next("log")?["payload"])
    #expect(first["level"] == "INFO" && first["message"] == "done")
    #expect(first["metadata"] == ["rows": 3, "outcome": "success"])
    #expect(try await client.next("log")?["payload"]?["level"] == "ERROR")
    #expect(try await client.next("log")?["payload"]?["message"]?.string?.hasPrefix("{") == true)
  }

  @Test("only the lines of the step, the attempt and the level that were asked for are told")
  func filters() async throws {
    let client = try await client(
      0, ["level": "warn", "step": "step2", "attempt": 1])
    logs.write("a", .error, node: 1)
    logs.write("b", .info, node: 2)
    logs.write("c", .error, node: 2, attempt: 2)
    logs.write("d", .warn, node: 2)
    await logs.files.flush(logs.job.id)
    let message = try #require(try await client.next("log"))
    #expect(message["payload"]?["message"] == "d" && message["seq"] == 4)
  }

  @Test("a line that is wanted is found behind a thousand that are not")
  func rare() async throws {
    let client = try await client(nil, ["level": "error"])
    for number in 1...1_000 { logs.write("\(number)") }
    logs.write("found", .error)
    await logs.files.flush(logs.job.id)
    #expect(try await client.next("log")?["payload"]?["message"] == "found")
  }

  @Test("a line longer than a message may be is told in part")
  func long() async throws {
    logs.write(String(repeating: "\u{1}", count: 60_000))
    let text = try #require(try await client(0).textOfType("log"))
    #expect(text.utf8.count <= HubLimits.messageOut)
    #expect(text.utf8.count > HubLimits.messageOut / 4)
  }

  @Test("a client that comes back at any place sees each line once, also while lines are written")
  func resume() async throws {
    await logs.write(1...2_000)
    var random = SeededGenerator(seed: 11)
    let cuts = (0..<12).map { _ in Int.random(in: 0...2_000, using: &random) } + [0, 2_000]
    var clients: [(cut: Int, client: MemoryClient)] = []
    for (index, cut) in cuts.enumerated() {
      clients.append((cut, try await client(cut)))
      await logs.write(2_001 + index * 300...2_300 + index * 300)
    }
    let end = 2_000 + cuts.count * 300
    for (cut, client) in clients {
      var expected = cut
      while expected < end, let message = try await client.next("log") {
        expected += 1
        guard message["seq"] == .int(Int64(expected)) else {
          Issue.record("Behind \(cut) came \(message.text) in place of \(expected).")
          break
        }
        #expect(message["payload"]?["message"]?.string?.hasPrefix("line \(expected) of") == true)
      }
    }
  }

  @Test(
    "lines that passed the hub by are read from the file, also before it took any", arguments: [true, false])
  func lost(takesFirst: Bool) async throws {
    let (batches, source) = AsyncStream.makeStream(of: HubLogs.Batch.self)
    let lines = (1...30).map {
      HubLogs.Line(at: Timestamp(microseconds: 0), level: .info, node: 1, attempt: 1, message: "\($0)")
    }
    let written = Mutex(10)
    let made = HubLogs(
      follow: { _ in batches },
      reader: { (_) throws(Problem) in
        let place = Mutex(0)
        return { () throws(Problem) in
          let end = written.withLock { $0 }
          return place.withLock { place in
            defer { place = end }
            return Array(lines[place..<end])
          }
        }
      }, paths: { _, _ in [:] })
    let world = HubWorld(.made(Feed(from: 0), jobs: [logs.job], logs: made))
    let (client, _) = try await world.subscribed(logs.channel, after: 0)
    for number in 1...10 { #expect(try await client.next("log")?["seq"] == .int(Int64(number))) }
    if takesFirst {
      source.yield(HubLogs.Batch(first: 10, number: 0, lines: Array(lines[10..<12])))
      for number in 11...12 { #expect(try await client.next("log")?["seq"] == .int(Int64(number))) }
    }
    written.withLock { $0 = 30 }
    source.yield(HubLogs.Batch(first: 25, number: 4, lines: Array(lines[25...])))
    for number in (takesFirst ? 13 : 11)...30 {
      #expect(try await client.next("log")?["seq"] == .int(Int64(number)))
    }
  }

  @Test("those who follow a job get its lines too, unless they want none", arguments: [nil, "none"])
  func ofJob(_ level: JSON?) async throws {
    var more = JSONObject()
    more["level"] = level
    let channel = "job:\(logs.job.id)"
    let (client, _) = try await logs.world.subscribed(channel, more)
    logs.write("hello")
    await logs.files.flush(logs.job.id)
    if level == nil {
      let message = try #require(try await client.next())
      #expect(message["type"] == "log" && message["channel"] == .string(channel) && message["seq"] == nil)
      #expect(message["payload"]?["offset"] == 1)
    } else {
      client.say(["type": "ping"])
      #expect(try await client.next()?["type"] == "pong")
    }
    client.say(["type": "unsubscribe", "channel": .string(channel)])
    #expect(try await client.next("ack") != nil)
    logs.write("again")
    await logs.files.flush(logs.job.id)
    client.say(["type": "ping"])
    #expect(try await client.next()?["type"] == "pong")
  }
}

extension MemoryClient {
  func textOfType(_ type: String) async -> String? {
    while let text = await nextText() {
      if text.hasPrefix("{\"type\":\"\(type)\"") { return text }
    }
    return nil
  }
}
