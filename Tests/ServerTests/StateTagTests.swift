import API
import Engine
import Model
import Testing

@testable import Server

/// Credentials, connections and namespaces take If-Match where it is sent.
@Suite("What is changed only as it was seen", .timeLimit(.minutes(1)))
struct StateTagTests {
  struct Kind: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var path: String
    var method: Shape.Method = .put
    var first: JSON
    var second: JSON
    var isDeleted = true
  }

  static let kinds = [
    Kind(
      testDescription: "a credential", path: "/api/v1/credentials/demo~shop",
      first: ["type": "bearer", "data": ["token": "one"]],
      second: ["type": "bearer", "data": ["token": "two"]]),
    Kind(
      testDescription: "a connection", path: "/api/v1/connections/demo~shop",
      first: ["kind": "http", "address": ["base_url": "https://a.example"]],
      second: ["kind": "http", "address": ["base_url": "https://b.example"]]),
    Kind(
      testDescription: "a namespace", path: "/api/v1/namespaces/demo", method: .patch,
      first: ["title": "One"], second: ["title": "Two"], isDeleted: false),
  ]

  private func send(
    _ server: TestServer, _ method: Shape.Method, _ path: String, _ body: JSON? = nil, seen tag: String? = nil
  ) async -> APIResponse {
    var request = APIRequest(method, path, body: body.map { $0.serialized() } ?? [])
    request.ifMatch = tag.map { "\"\($0)\"" }
    return await server.router.handle(request, actor: "local:test")
  }

  @Test("the answer and a look at it name its state; a change on an older one is 412", arguments: kinds)
  func states(_ kind: Kind) async throws {
    let server = try TestServer()
    _ = try await server.call(NamespaceCalls.create, NamespaceRequest(name: "demo"))
    let made = await send(server, kind.method, kind.path, kind.first)
    let old = try #require(made.entityTag)
    let seen = await send(server, .get, kind.path)
    #expect(seen.status == 200 && seen.entityTag == old)
    let changed = await send(server, kind.method, kind.path, kind.second, seen: old)
    let new = try #require(changed.entityTag)
    #expect(changed.status == 200 && new != old)
    #expect(await send(server, kind.method, kind.path, kind.first, seen: old).status == 412)
    #expect(try TestServer.json(await send(server, .get, kind.path)) == TestServer.json(changed))
    // Whoever names none is taken at their word.
    #expect(await send(server, kind.method, kind.path, kind.second).status == 200)
    guard kind.isDeleted else { return }
    #expect(await send(server, .delete, kind.path, seen: old).status == 412)
    let newest = await send(server, .get, kind.path).entityTag
    #expect(await send(server, .delete, kind.path, seen: newest).status == 204)
    #expect(await send(server, .get, kind.path).status == 404)
    // No tag names what is not there, not even one that did.
    #expect(await send(server, kind.method, kind.path, kind.first, seen: newest).status == 412)
    #expect(await send(server, .get, kind.path).status == 404)
  }

  @Test("one credential is shown without its values; its use is no other state of it")
  func credential() async throws {
    let server = try TestServer()
    let path = "/api/v1/credentials/demo~shop"
    _ = await send(server, .put, path, Self.kinds[0].first)
    let answer = await send(server, .get, path)
    let item = try CredentialItem(try TestServer.json(answer))
    #expect(item.id == "demo~shop" && item.version == 1)
    #expect(try !TestServer.json(answer).text.contains("one"))
    var used = item
    used.lastUsedAt = Timestamp(microseconds: 5)
    #expect(used.state == item.state && used.tag != item.tag)
    #expect(await send(server, .put, path, Self.kinds[0].second, seen: used.tag).status == 200)
  }

  @Test("what stands in a namespace is no other state of it")
  func counts() async throws {
    let server = try TestServer()
    _ = try await server.call(NamespaceCalls.create, NamespaceRequest(name: "demo"))
    let empty = try #require(await send(server, .get, "/api/v1/namespaces/demo").entityTag)
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello]))
    let full = try #require(await send(server, .get, "/api/v1/namespaces/demo").entityTag)
    #expect(full != empty, "It is shown otherwise.")
    #expect(
      await send(server, .patch, "/api/v1/namespaces/demo", ["title": "One"], seen: empty).status == 200)
  }
}
