import API
import Access
import Engine
import Model
import Testing

@testable import Server

@Suite("Channels as server-sent events", .timeLimit(.minutes(1)))
struct HubStreamTests {
  private let server: TestServer
  private let world: HubWorld

  init() throws {
    server = try TestServer()
    world = HubWorld(HubSources(server.node, server.backend, logs: nil))
  }

  private func answer(
    _ query: StreamQuery, last: String? = nil, as principal: Principal = HubWorld.person("ana")
  ) async -> APIResponse {
    let router = Router(StreamRoutes(world.hub).routes)
    var request = APIRequest(StreamCalls.stream.shape, input: query.json)
    request.lastEvent = last
    return await router.handle(request, as: principal)
  }

  private func events(_ response: APIResponse, to type: String) async throws -> [(id: String, json: JSON)] {
    guard case .events(let events) = response.body else { return [] }
    var found: [(id: String, json: JSON)] = []
    for try await event in events {
      found.append((event.id, try JSON(parsing: Array(event.data.utf8))))
      if found.last?.json["type"]?.string == type { break }
    }
    return found
  }

  private func job() async throws -> String {
    try await server.started(
      "apiVersion: esteira/v1\nid: test\nnamespace: demo\nsteps: {a: {value: 1}, b: {needs: [a], value: 2}}",
      "test")
  }

  @Test("a stream begins with what was asked for, and goes on behind the last event that the client has")
  func resume() async throws {
    let channel = "job:\(try await job())"
    let all = try await events(await answer(StreamQuery(channel: channel, after: 0)), to: "complete")
    #expect(all.first?.json["type"] == "ack")
    try #require(all.count > 5)
    for cut in 1..<all.count - 1 {
      let rest = try await events(
        await answer(StreamQuery(channel: channel, after: 0), last: all[cut].id), to: "complete")
      #expect(rest.dropFirst().map(\.json) == all[(cut + 1)...].map(\.json))
      #expect(rest.dropFirst().map(\.id) == all[(cut + 1)...].map(\.id))
    }
  }

  @Test("what cannot be heard is a problem with its status")
  func refused() async throws {
    let job = try await job()
    let foreign = HubWorld.person("eva", "other", ["jobs:read"])
    let (hidden, unknown) = (
      await answer(StreamQuery(channel: "job:\(job)"), as: foreign),
      await answer(StreamQuery(channel: "job:0199a3f2-0000-7000-8000-000000000001"), as: foreign)
    )
    #expect(hidden.status == 404 && unknown.status == 404)
    #expect(try problem(hidden) == "no-channel" && problem(unknown) == "no-channel")
    #expect(await answer(StreamQuery(channel: "nothing")).status == 400)
    #expect(await answer(StreamQuery(channel: "global", level: "loud")).status == 400)
    #expect(try problem(await answer(StreamQuery(channel: "logs:\(job)"))) == "channel-unavailable")
    let nobody = HubWorld.person("zoe", "demo", ["users:read"])
    #expect(await answer(StreamQuery(channel: "global"), as: nobody).status == 403)
  }

  private func problem(_ response: APIResponse) throws -> String? {
    guard case .bytes(let bytes) = response.body else { return nil }
    return try JSON(parsing: bytes)["code"]?.string
  }

  @Test("a stream ends for who may hear it no more")
  func revoked() async throws {
    world.people.set(HubWorld.person("ana"), "ana")
    let response = await answer(StreamQuery(channel: "global"))
    world.people.set(nil, "ana")
    world.hub.rolesChanged()
    #expect(try await events(response, to: "never").map(\.json["type"]) == ["ack"])
  }
}
