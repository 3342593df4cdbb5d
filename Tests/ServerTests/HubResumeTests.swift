import Access
import Engine
import Model
import Testing

@testable import Server

@Suite("A client that comes back", .timeLimit(.minutes(2)))
struct HubResumeTests {
  @Test("sees exactly the rest of a job, wherever it was cut", arguments: [true, false])
  func everyCut(_ isLive: Bool) async throws {
    let server = try TestServer()
    let world = HubWorld(HubSources(server.node, server.backend, logs: nil))
    let steps = (0..<6).map { "s\($0): {for_each: \"lists.range(4)\", value: \"${{ item }}\"}" }
    let job = try await server.started(
      "apiVersion: esteira/v1\nid: test\nnamespace: demo\nsteps: {q: {ask: {title: Go?, choices: {go: {}}}}, "
        + steps.joined(separator: ", ") + "}\n", "test")
    let (whole, _) = try await world.subscribed("job:\(job)", after: 0)
    // Of a job that goes on, others come back while it is under way.
    let before = try await whole.all(to: "ask")
    var early: [(cut: Int64, client: MemoryClient)] = []
    for cut in isLive ? [0] + before.compactMap({ $0["seq"]?.int }) : [] {
      early.append((cut, try await world.subscribed("job:\(job)", after: Int(cut)).client))
    }
    try await server.answer(job, "go")
    let all = before + (try await whole.all(to: "complete"))
    #expect(all.count > 60)
    for (cut, client) in early {
      #expect(try await client.all(to: "complete") == all.filter { ($0["seq"]?.int ?? 0) > cut })
    }
    if isLive { return }
    for cut in all.indices.dropLast() {
      let sequence = try #require(all[cut]["seq"]?.int)
      let (client, ack) = try await world.subscribed("job:\(job)", after: Int(sequence))
      #expect(ack?["payload"]?["seq"] == .int(sequence))
      #expect(try await client.all(to: "complete") == Array(all[(cut + 1)...]))
      client.leave()
    }
  }

  @Test("sees exactly the rest of everything, as long as the node knows it")
  func wide() async throws {
    let feed = Feed(from: 1_000, entries: 100)
    let world = HubWorld(.made(feed))
    let job = FeedJob(
      id: ID(high: 1, low: 1), pipeline: PipelineName(namespace: "demo", name: "a"), labels: [], owner: nil)
    func tell(_ number: Int) {
      let place = JobChange.Place(sequence: UInt32(number), part: 0)
      feed.append(
        [
          .change(JobChange(place, at: Timestamp(microseconds: 0), .job(from: nil, to: .running, cause: nil)))
        ],
        of: job)
    }
    for number in 1...50 { tell(number) }
    var random = SeededGenerator(seed: 7)
    for _ in 0..<20 {
      let cut = Int.random(in: 1_000..<1_050, using: &random)
      let (client, _) = try await world.subscribed("global", after: cut)
      tell(99)
      let newest = feed.position
      var seen: [Int64] = []
      while seen.last != newest, let message = try await client.next() {
        seen.append(try #require(message["seq"]?.int))
      }
      #expect(seen == Array(Int64(cut) + 1...newest))
      client.leave()
    }
    for number in 1...100 { tell(number) }
    let (late, _) = try await world.subscribed("global", after: 1_010)
    let lagged = try #require(try await late.next("lagged")?["payload"])
    #expect(lagged["channel"] == "global" && lagged["resume_after"] == .int(feed.position))
    #expect(try await late.subscribe("global", after: Int(feed.position))?["type"] == "ack")
  }

  @Test("a number that does not exist yet is no way to miss something")
  func future() async throws {
    let server = try TestServer()
    let world = HubWorld(HubSources(server.node, server.backend, logs: nil))
    let job = try await server.started(
      "apiVersion: esteira/v1\nid: test\nnamespace: demo\nsteps: {q: {ask: {title: G, choices: {go: {}}}}}\n",
      "test")
    let (client, _) = try await world.subscribed("job:\(job)", after: 1 << 50)
    client.say(["type": "ping"])
    _ = try await client.next("pong")
    try await server.answer(job, "go")
    #expect(try await client.next("complete") != nil)
  }
}

/// The same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
