import Access
import Engine
import Model
import Testing

@testable import Server

@Suite("Who may hear what", .timeLimit(.minutes(1)))
struct HubAccessTests {
  private let server: TestServer
  private let world: HubWorld
  private let mine = HubWorld.person("ana", "demo", ["jobs:read"])
  private let foreign = HubWorld.person("eva", "other", ["jobs:read"])

  init() throws {
    server = try TestServer()
    world = HubWorld(HubSources(server.node, server.backend, logs: nil))
  }

  private func job() async throws -> String {
    try await server.started(
      "apiVersion: esteira/v1\nid: test\nnamespace: demo\nsteps: {q: {ask: {title: G, choices: {go: {}}}}}\n",
      "test")
  }

  @Test("a foreign job is not told from one that does not exist")
  func foreignJob() async throws {
    let job = try await job()
    let unknown = "0199a3f2-0000-7000-8000-000000000001"
    let (client, first) = try await world.subscribed("job:\(job)", as: foreign)
    let second = try await client.subscribe("job:\(unknown)")
    #expect(first?["payload"]?["code"] == "not_found")
    #expect(first?["payload"] == second?["payload"])
    #expect(try await client.subscribe("pipeline:demo~test")?["payload"] == first?["payload"])
    #expect(try await client.subscribe("namespace:demo")?["payload"] == first?["payload"])
    #expect(try await client.subscribe("namespace:other")?["type"] == "ack")
    let (own, ack) = try await world.subscribed("job:\(job)", as: mine)
    #expect(ack?["type"] == "ack")
    own.leave()
  }

  @Test("without any right to read jobs there is nothing to follow")
  func nothing() async throws {
    let (_, answer) = try await world.subscribed("global", as: HubWorld.person("zoe", "demo", ["users:read"]))
    #expect(answer?["payload"]?["code"] == "not_allowed")
  }

  @Test("who loses a role loses the subscription, and is told")
  func revoked() async throws {
    let job = try await job()
    let (client, ack) = try await world.subscribed("job:\(job)", as: mine)
    #expect(ack?["type"] == "ack")
    _ = try await client.subscribe("global")
    world.people.set(HubWorld.person("ana", "other", ["jobs:read"]), "ana")
    world.hub.rolesChanged()
    let error = try #require(try await client.next("error"))
    #expect(error["channel"] == .string("job:\(job)") && error["payload"]?["code"] == "not_allowed")
    try await server.answer(job, "go")
    client.say(["type": "ping"])
    #expect(try await client.next()?["type"] == "pong")
  }

  @Test("who is signed out is let go")
  func signedOut() async throws {
    let (client, _) = try await world.subscribed("global", as: mine)
    world.people.set(nil, "ana")
    world.hub.rolesChanged()
    #expect(try await client.next("closing")?["payload"]?["reason"] == "signed_out")
    #expect(try await client.next() == nil)
    #expect(client.close == 4_401)
  }

  @Test("without a cookie the first message brings a ticket, which works once")
  func ticket() async throws {
    world.people.give("t-1", to: mine)
    let client = world.client(nil)
    client.say(["type": "auth", "ticket": "t-1", "id": 1])
    #expect(try await client.next("ack")?["payload"] == ["id": 1])
    #expect(try await client.subscribe("global")?["type"] == "ack")
    let second = world.client(nil)
    second.say(["type": "auth", "ticket": "t-1"])
    #expect(try await second.next("error")?["payload"]?["code"] == "wrong_ticket")
    #expect(try await second.next("closing") != nil)
    #expect(try await second.next() == nil)
    #expect(second.close == 4_401)
  }

  @Test("who has not signed in can do nothing else", arguments: [nil, Principal.anonymous])
  func anonymous(_ principal: Principal?) async throws {
    let client = world.client(principal)
    client.say(["type": "subscribe", "channel": "global"])
    #expect(try await client.next("error")?["payload"]?["code"] == "sign_in_first")
    #expect(try await client.next("closing")?["payload"]?["reason"] == "sign_in_first")
  }

  @Test("who never signs in does not stay")
  func silent() async throws {
    let world = HubWorld(.made(Feed(from: 0)), pauses: [HubLimits.signIn])
    let client = world.client(nil)
    #expect(try await client.next("closing")?["payload"]?["reason"] == "sign_in_first")
  }

  @Test("what a client may do is asked again after a minute, though nobody says that it changed")
  func everyMinute() async throws {
    let world = HubWorld(.made(Feed(from: 0)), pauses: [HubLimits.access])
    let client = world.client(mine)
    world.people.set(nil, "ana")
    #expect(try await client.next("closing")?["payload"]?["reason"] == "signed_out")
  }

  @Test("who asks and asks and does not read is let go")
  func flood() async throws {
    let client = world.client(mine, room: 1)
    for number in 1...200 { client.say(["type": "ping", "id": .int(Int64(number))]) }
    var answers = 0
    while try await client.next() != nil { answers += 1 }
    #expect(answers < 200)
    #expect(client.close == 1_008)
  }
}
