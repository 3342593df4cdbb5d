import API
import Access
import Engine
import Model
import Testing

@testable import Server

@Suite("The audit of calls", .timeLimit(.minutes(1)))
struct CallAuditTests {
  private struct World {
    var router: Router
    var audit: AuditTrail

    func call<Input, Output>(
      _ endpoint: Endpoint<Input, Output>, _ input: Input, as principal: Principal = .local("local:ana")
    ) async -> Int {
      await router.handle(APIRequest(endpoint.shape, input: input.json), as: principal).status
    }

    /// Oldest first, of one kind of thing.
    func rows(_ kind: String) async throws -> [AuditEntry] {
      var query = AuditQuery()
      (query.resourceType, query.limit) = (kind, AuditQuery.mostRows)
      return try await audit.entries(query).reversed()
    }
  }

  private func world() async throws -> World {
    var backend = try TestServer().backend
    let access = try await TestAccess.service()
    (backend.access, backend.audit) = (access, access.audit)
    return World(router: Router(backend), audit: access.audit)
  }

  @Test("a change leaves its intent, and then what came of it with how the thing was and is")
  func change() async throws {
    let world = try await world()
    for value in ["one", "two"] {
      #expect(
        await world.call(AccessCalls.setSetting, SettingRequest(id: "demo~limit", value: .string(value)))
          == 200)
    }
    let rows = try await world.rows("settings")
    #expect(rows.map(\.outcome) == [.intent, .done, .intent, .done])
    #expect(rows.map(\.of) == [nil, rows[0].sequence, nil, rows[2].sequence])
    #expect(rows.allSatisfy { $0.act.namespace == "demo" && $0.actor.name == "local:ana" })
    #expect(rows[1].act.before == nil && rows[1].act.after == ["value": "one"])
    #expect(rows[3].act.before == ["value": "one"] && rows[3].act.after == ["value": "two"])
  }

  @Test("a credential's row names it and its version, and no row holds a value")
  func credential() async throws {
    let world = try await world()
    let request = CredentialRequest(
      id: "demo~api", type: "bearer", values: JSONObject([("token", "kanarienvogel")]))
    #expect(await world.call(CredentialCalls.create, request) == 201)
    #expect(await world.call(AccessCalls.setCredential, request) == 200)
    let rows = try await world.rows("credentials")
    let done = rows.filter { $0.outcome == .done }
    #expect(done.map { $0.act.after?["version"] } == [1, 2] && done.last?.act.before?["version"] == 1)
    #expect(done.allSatisfy { $0.act.resourceID.contains("api") })
    for row in rows {
      #expect(![row.act.before, row.act.after].contains { $0?.text.contains("kanarienvogel") == true })
    }
  }

  @Test("an apply names each pipeline and its revision")
  func apply() async throws {
    let world = try await world()
    #expect(await world.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello])) == 200)
    let done = try #require(try await world.rows("pipelines").last)
    #expect(done.outcome == .done && done.act.resourceID == "demo/hello")
    #expect(done.act.after?["pipelines"]?[0]?["revision"] == 1)
  }

  @Test("what was not allowed stands there as refused, by whom, and was not done")
  func refused() async throws {
    let world = try await world()
    let viewer = Principal(
      kind: .person, id: "vera", actor: "vera",
      grants: [Grant(namespace: "*", permissions: BuiltInRole.viewer.permissions)])
    let status = await world.call(
      AccessCalls.setSetting, SettingRequest(id: "demo~limit", value: "x"), as: viewer)
    #expect(status == 403)
    let rows = try await world.rows("settings")
    #expect(rows.map(\.outcome) == [.refused] && rows.first?.actor.name == "vera")
  }

  @Test("a change that fails is told as refused, with its intent before it")
  func failing() async throws {
    let world = try await world()
    #expect(await world.call(AccessCalls.deleteConnection, NamePath(id: "demo~nothing")) == 404)
    #expect(try await world.rows("connections").map(\.outcome) == [.intent, .refused])
  }
}
