import Access
import Engine
import Model
import Synchronization
import Testing

@testable import Server

@Suite("The hub under load", .timeLimit(.minutes(5)))
struct HubLoadTests {
  @Test("fifty clients that read fast lose none of forty thousand lines, and the hub holds little")
  func fifty() async throws {
    let logs = LogWorld()
    // Each is taken fifty times; `make bench-server ONLY=tail` has the real program, and more of them.
    let lines = 40_000
    let readers = (0..<50).map { _ in CountingReader() }
    let principal = HubWorld.person("ana")
    logs.world.people.set(principal, "ana")
    await withTaskGroup(of: Void.self) { group in
      for reader in readers {
        reader.say("{\"type\":\"subscribe\",\"channel\":\"\(logs.channel)\"}")
        group.addTask { await logs.world.hub.serve(reader.peer, as: principal, .english) }
      }
      for reader in readers { await reader.counted(0) }
      var most = 0
      // They read as fast as the program writes: never more than a second behind.
      for start in stride(from: 0, to: lines, by: 10_000) {
        await logs.write(start + 1...start + 10_000)
        most = max(most, logs.world.hub.budget.held)
        for reader in readers { await reader.counted(start + 10_000) }
      }
      #expect(most <= HubLimits.lineRingBytes)
      group.cancelAll()
    }
    #expect(readers.allSatisfy { $0.lines == lines && $0.isInOrder })
  }

  @Test("a client that does not read costs no memory, and is told how much it missed")
  func slowLog() async throws {
    let logs = LogWorld()
    let (client, _) = try await logs.world.subscribed(logs.channel, room: 4)
    let (total, quick) = (120_000, CountingReader())
    let principal = HubWorld.person("eva")
    logs.world.people.set(principal, "eva")
    quick.say("{\"type\":\"subscribe\",\"channel\":\"\(logs.channel)\"}")
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await logs.world.hub.serve(quick.peer, as: principal, .english) }
      await quick.counted(0)
      for start in stride(from: 0, to: total, by: 10_000) {
        await logs.write(start + 1...start + 10_000)
        // One that keeps up has them, so the hub has had them all.
        await quick.counted(start + 10_000)
        #expect(logs.world.hub.budget.held <= HubLimits.lineRingBytes)
      }
      group.cancelAll()
    }
    #expect(client.mostWaiting <= 4)
    // On a busy machine the lines may come faster than the hub itself takes them. Then it reads them from
    // the file later, and leaves none out.
    let losses = logs.world.hub.channel(.logs(logs.job.id))?.losses ?? 0
    var (seen, thinned, last): (Int64, Int64, Int64) = (0, 0, 0)
    while last < total, let message = try await client.next("log") {
      if let count = message["payload"]?["metadata"]?["thinned"]?.int {
        thinned += count
      } else {
        seen += 1
        last = try #require(message["seq"]?.int)
        #expect(last == seen + thinned)
      }
    }
    #expect(thinned > 0 || losses > 0)
    #expect(seen + thinned == total)
  }

  @Test("a client that does not read what may not be left out has to come back, and loses nothing then")
  func slowStatus() async throws {
    let feed = Feed(from: 1)
    let world = HubWorld(.made(feed))
    let job = FeedJob(
      id: ID(high: 1, low: 1), pipeline: PipelineName(namespace: "demo", name: "a"), labels: [], owner: nil)
    let (client, _) = try await world.subscribed("global", room: 4)
    let (quick, _) = try await world.subscribed("global")
    let total: Int64 = 40_000
    for number in 1...total {
      let place = JobChange.Place(sequence: UInt32(number), part: 0)
      feed.append(
        [
          .change(JobChange(place, at: Timestamp(microseconds: 0), .job(from: nil, to: .running, cause: nil)))
        ],
        of: job)
      // The quick one keeps up: nobody waits for the slow one.
      if number % 1_000 == 0 {
        while let text = await quick.nextText(), !text.contains("\"seq\":\(number),") {}
        #expect(world.hub.budget.held <= HubLimits.ringBytes)
      }
    }
    var last: Int64 = 0
    while let message = try await client.next() {
      if message["type"] == "lagged" {
        let resume = try #require(message["payload"]?["resume_after"]?.int)
        #expect(resume == last)
        #expect((message["payload"]?["dropped"]?.int ?? 0) > 0)
        break
      }
      let sequence = try #require(message["seq"]?.int)
      #expect(sequence == last + 1)
      last = sequence
    }
    #expect(last < total)
    // What the node knows no more is said; from there nothing is missing.
    _ = try await client.subscribe("global", after: Int(last))
    let lagged = try #require(try await client.next("lagged")?["payload"])
    #expect(lagged["resume_after"] == .int(total))
  }
}

/// A client that counts lines as fast as they come.
final class CountingReader: Sendable {
  private struct State {
    /// The answer to the subscription comes first.
    var lines = -1
    var isInOrder = true
    var waiting: (count: Int, CheckedContinuation<Void, Never>)?
  }
  private let state = Mutex(State())
  private let (said, mouth) = AsyncStream.makeStream(of: String.self)

  var lines: Int { state.withLock(\.lines) }
  var isInOrder: Bool { state.withLock(\.isInOrder) }
  func say(_ text: String) { mouth.yield(text) }

  var peer: HubPeer {
    let inbox = Inbox(said)
    return HubPeer(
      trySend: { [self] in take($0) }, send: { [self] in take($0) }, receive: { await inbox.next() },
      close: { _, _ in })
  }

  private actor Inbox {
    private var iterator: AsyncStream<String>.Iterator?
    init(_ stream: AsyncStream<String>) { iterator = stream.makeAsyncIterator() }
    func next() async -> String? {
      guard var taken = iterator else { return nil }
      iterator = nil
      let next = await taken.next(isolation: self)
      iterator = taken
      return next
    }
  }

  private func take(_ text: String) -> Bool {
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      state.lines += 1
      // To read every one of five million takes minutes.
      if state.lines > 0, state.lines % 997 == 0 || state.lines > 99_990 {
        state.isInOrder = state.isInOrder && text.contains("\"seq\":\(state.lines),")
      }
      guard let waiting = state.waiting, state.lines >= waiting.count else { return nil }
      defer { state.waiting = nil }
      return waiting.1
    }
    waiter?.resume()
    return true
  }

  func counted(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        if state.lines >= count { return true }
        state.waiting = (count, continuation)
        return false
      }
      if isDone { continuation.resume() }
    }
  }
}
