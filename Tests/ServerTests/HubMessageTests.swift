import Access
import Engine
import Model
import Stores
import Testing

@testable import Server

@Suite("Messages of the hub", .timeLimit(.minutes(1)))
struct HubMessageTests {
  private let server: TestServer
  private let world: HubWorld

  init() throws {
    server = try TestServer()
    world = HubWorld(HubSources(server.node, server.backend, logs: nil))
  }

  private func start(_ steps: String, id: String = "test", labels: String = "") async throws -> String {
    let source = "apiVersion: esteira/v1\nid: \(id)\nnamespace: demo\n\(labels)\(steps)\n"
    return try await server.started(source, id)
  }

  @Test("a job's statuses, progress and end reach those who follow it, with the source's fields")
  func job() async throws {
    let (client, ack) = try await world.subscribed("namespace:demo")
    #expect(ack?["type"] == "ack")
    let job = try await start("steps: {each: {for_each: \"[1, 2]\", value: \"${{ item }}\"}, b: {value: 1}}")
    let created = try #require(try await client.next("status"))
    #expect(created["channel"] == "namespace:demo")
    #expect(created["payload"]?["job_id"] == .string(job))
    #expect(created["payload"]?["from"] == .null && created["payload"]?["to"] == "pending")
    _ = try await client.next("complete")
    // The job is over: a new client reads the same from the store.
    let (late, _) = try await world.subscribed("job:\(job)", after: 0)
    let messages = try await late.all(to: "complete")
    let channel = JSON.string("job:\(job)")
    #expect(messages.allSatisfy { $0["channel"] == channel && $0["timestamp"]?.string != nil })
    let numbers = messages.compactMap { $0["seq"]?.int }
    #expect(numbers == numbers.sorted() && Set(numbers).count == messages.count)
    let step = try #require(messages.first { $0["payload"]?["step_id"] == "b" })
    #expect(step["type"] == "status")
    #expect(step["payload"]?["to"] == "success" && step["payload"]?["from"] == "pending")
    let shares = messages.filter { $0["type"] == "progress" }
    #expect(shares.map { $0["payload"]?["progress"] } == [50, 100])
    #expect(shares.first?["payload"]?["step_id"] == "each")
    let end = try #require(messages.last?["payload"])
    #expect(end["status"] == "success" && end["duration_ms"]?.int != nil)
    #expect(
      end["summary"] == ["steps_total": 4, "steps_success": 4, "steps_failed": 0, "steps_skipped": 0])
  }

  @Test("a failed step is an error with its module, and is told why")
  func failure() async throws {
    let job = try await start("steps: {a: {value: \"${{ int('x') }}\"}}")
    let (client, _) = try await world.subscribed("job:\(job)", after: 0)
    let messages = try await client.all(to: "complete")
    let error = try #require(messages.first { $0["type"] == "error" }?["payload"])
    #expect(error["module"] == "a" && error["job_id"] == .string(job))
    #expect(error["error"]?.string?.isEmpty == false && error["code"]?.string?.isEmpty == false)
    #expect(messages.last?["payload"]?["summary"]?["steps_failed"] == 1)
  }

  @Test("a snapshot and what follows it meet without a gap")
  func snapshot() async throws {
    let job = try await start("steps: {q: {ask: {title: Go?, choices: {go: {}}}}, b: {needs: [q], value: 1}}")
    let (client, ack) = try await world.subscribed("job:\(job)")
    let snapshot = try #require(ack?["payload"]?["snapshot"])
    #expect(snapshot["status"] == "waiting")
    #expect(snapshot["counts"] == ["pending": 1, "waiting": 1])
    #expect(snapshot["steps"]?.array?.first == ["path": "q", "status": "waiting", "attempt": 0])
    let sequence = try #require(ack?["payload"]?["seq"]?.int)
    try await server.answer(job, "go")
    let messages = try await client.all(to: "complete")
    #expect(messages.first { $0["payload"]?["step_id"] == "q" }?["payload"]?["from"] == "waiting")
    let (again, _) = try await world.subscribed("job:\(job)", after: Int(sequence))
    #expect(try await again.all(to: "complete") == messages)
  }

  @Test("a question reaches the inbox of whom it asks, when it is asked and when it is decided")
  func asks() async throws {
    let (client, ack) = try await world.subscribed(
      "asks:me", as: HubWorld.person("bia", "demo", ["jobs:read"]))
    #expect(ack?["payload"]?["snapshot"] == ["asks": []])
    _ = try await start("steps: {q: {ask: {title: No?, to: {users: ana}, choices: {go: {}}}}}", id: "other")
    let job = try await start(
      "steps: {q: {ask: {title: Go?, to: {groups: compliance}, choices: {go: {label: Yes}}}}}")
    let open = try #require(try await client.next("ask")?["payload"])
    #expect(open["job_id"] == .string(job) && open["state"] == "open" && open["title"] == "Go?")
    #expect(open["choices"]?.array?.first?["label"] == "Yes")
    #expect(open["expires_at"]?.string != nil)
    let (late, second) = try await world.subscribed("asks:me", as: HubWorld.person("bia", "demo", []))
    #expect(second?["payload"]?["snapshot"]?["asks"]?.array?.map { $0["title"] } == ["Go?"])
    late.leave()
    try await server.answer(job, "go", by: "local:bia")
    #expect(try await client.next("ask")?["payload"]?["state"] == "decided")
  }

  @Test("a label's channel tells of the jobs that have it, with all their steps")
  func labels() async throws {
    let (client, _) = try await world.subscribed("label:team=x")
    _ = try await start("steps: {a: {value: 1}}", id: "plain")
    let job = try await start("steps: {a: {value: 1}}", labels: "job_labels: {team: x}\n")
    let messages = try await client.all(to: "complete")
    #expect(messages.allSatisfy { $0["payload"]?["job_id"] == .string(job) })
    #expect(messages.contains { $0["payload"]?["step_id"] == "a" })
  }

  @Test("those who follow a pipeline hear its steps, and those who follow everything only of jobs")
  func wide() async throws {
    let (narrow, _) = try await world.subscribed("pipeline:demo~test")
    let (wide, _) = try await world.subscribed("global")
    _ = try await start("steps: {a: {value: 1}}", id: "other")
    _ = try await start("steps: {a: {value: 1}}")
    let steps = try await narrow.all(to: "complete")
    #expect(steps.contains { $0["payload"]?["step_id"] == "a" })
    #expect(steps.allSatisfy { $0["payload"]?["pipeline"] == "demo/test" })
    let jobs = try await wide.all(to: "complete") + (try await wide.all(to: "complete"))
    #expect(!jobs.contains { $0["payload"]?["step_id"] != nil })
    #expect(Set(jobs.map { $0["payload"]?["pipeline"] }) == ["demo/other", "demo/test"])
  }

  @Test("a ping is answered, and what is not understood too")
  func ping() async throws {
    let client = world.client()
    client.say(["type": "ping", "id": 3])
    #expect(try await client.next("pong")?["payload"] == ["id": 3])
    client.say(["type": "dance", "id": 4])
    let error = try #require(try await client.next("error")?["payload"])
    #expect(error["code"] == "unknown_type" && error["id"] == 4 && error["message"]?.string != nil)
    client.say(raw: "no json")
    #expect(try await client.next("error")?["payload"]?["code"] == "invalid_message")
  }

  @Test(
    "a channel that this server has nothing for is refused as such",
    arguments: ["logs:0199a3f2-0000-7000-8000-000000000001"])
  func unavailable(_ channel: String) async throws {
    let (_, answer) = try await world.subscribed(channel)
    #expect(answer?["payload"]?["code"] == "not_available")
  }

  @Test("a channel is subscribed to once, and left once")
  func twice() async throws {
    let (client, _) = try await world.subscribed("global")
    #expect(try await client.subscribe("global")?["payload"]?["code"] == "already_subscribed")
    client.say(["type": "unsubscribe", "id": 2, "channel": "global"])
    #expect(try await client.next("ack")?["payload"]?["id"] == 2)
    client.say(["type": "unsubscribe", "id": 2, "channel": "global"])
    #expect(try await client.next("error")?["payload"]?["code"] == "not_subscribed")
    #expect(try await client.subscribe("global")?["type"] == "ack")
  }

  @Test("a connection has a limited number of subscriptions")
  func many() async throws {
    let client = world.client()
    for number in 1...HubLimits.subscriptions {
      #expect(try await client.subscribe("namespace:n\(number)")?["type"] == "ack")
    }
    #expect(try await client.subscribe("global")?["payload"]?["code"] == "too_many_subscriptions")
  }

  @Test("what a step emits is a message, on the channel of its job without a number")
  func emitted() async throws {
    let feed = Feed(from: 50)
    let job = FeedJob(
      id: ID(high: 1, low: 1), pipeline: PipelineName(namespace: "demo", name: "a"), labels: [], owner: nil)
    let world = HubWorld(.made(feed, jobs: [job]))
    let (client, _) = try await world.subscribed("job:\(job.id)")
    let (wide, _) = try await world.subscribed("global")
    let news = EmittedNews(
      at: Timestamp(microseconds: 0), type: "page", room: "r", path: "p", key: "k", data: ["n": 1])
    feed.append([.emitted(news)], of: job)
    let message = try #require(try await client.next("message"))
    #expect(message["seq"] == nil)
    #expect(message["payload"]?["type"] == "page" && message["payload"]?["data"] == ["n": 1])
    #expect(try await wide.next("message")?["seq"] == 50)
  }

  @Test("a server that stops says so, and when to come back")
  func closing() async throws {
    let (client, _) = try await world.subscribed("global")
    world.hub.stop()
    let message = try #require(try await client.next("closing"))
    #expect(message["payload"] == ["reason": "stopping", "reconnect_after_ms": 2_007])
    #expect(try await client.next() == nil)
    #expect(client.close == 1_001)
  }
}

extension TestServer {
  /// Stores the pipeline and runs a job of it until it has ended or waits.
  func started(_ source: String, _ id: String) async throws -> String {
    let bytes = Array(source.utf8)
    let name = PipelineName(namespace: "demo", name: id)
    let last = try store.readRevision(of: name, number: nil)?.number ?? 0
    try await node.write([
      .revision(
        RevisionRecord(
          pipeline: name, number: last + 1, title: "", source: bytes,
          sha256: [UInt8(last)] + bytes.prefix(31),
          files: [], createdAt: Timestamp(microseconds: 0), createdBy: "local:test"))
    ])
    let job = try await node.start(JobRequest(pipeline: name, actor: "local:test")).job
    for await event in try await node.follow(job, after: 0)
    where event.facts.contains(where: { $0["fact"] == "asked" }) { break }
    return job.description
  }

  func answer(_ job: String, _ choice: String, by actor: String = "local:ana") async throws {
    let number = try store.job(ID<Job>(job) ?? ID(high: 0, low: 0))?.number
    for row in try store.asks(AskFilter(job: number), before: nil, limit: 1) {
      let view = try await backend.asks.ask(row.id)
      _ = try await node.answer(
        GivenAnswer(
          ask: row.id, by: actor, groups: try backend.asks.groups(actor), choice: choice,
          shown: view.content["shown_sha256"]?.string ?? ""))
    }
  }
}
