import API
import Crypto
import Engine
import Foundation
import Model
import Stores
import Testing

@testable import Server

@Suite("The routes of credentials and keys", .timeLimit(.minutes(1)))
struct CredentialRouteTests {
  private func request(
    _ type: String, _ values: [(String, JSON)], id: String = "demo~api"
  ) -> CredentialRequest {
    CredentialRequest(id: id, type: type, values: JSONObject(values))
  }

  private func code(_ body: () async throws -> Void) async -> String? {
    do { try await body() } catch { return (error as? ProblemDocument)?.code }
    return nil
  }

  @Test("POST makes a credential once; PUT makes versions of it, and the last one is what it must follow")
  func versions() async throws {
    let server = try TestServer()
    let first = try await server.call(CredentialCalls.create, request("bearer", [("token", "s3cret")]))
    #expect(first.version == 1 && !first.json.text.contains("s3cret"))
    #expect(
      await code { _ = try await server.call(CredentialCalls.create, request("bearer", [("token", "x")])) }
        == "credential-exists")
    var next = request("bearer", [("token", "new")])
    (next.ifVersion, next.overlap, next.expiresAt) = (1, "24h", Timestamp(microseconds: 9))
    let second = try await server.call(AccessCalls.setCredential, next)
    #expect(second.version == 2 && second.expiresAt == Timestamp(microseconds: 9))
    #expect(second.former == [.init(version: 1, usableUntil: Timestamp(microseconds: 86_400_000_000))])
    #expect(await code { _ = try await server.call(AccessCalls.setCredential, next) } == "revision-changed")
    (next.ifVersion, next.overlap) = (nil, nil)
    let third = try await server.call(AccessCalls.setCredential, next)
    #expect(third.version == 3 && third.former == [], "Without an overlap the older ones are of no use.")
    #expect(try server.store.versions(ofCredential: "api", in: "demo").map(\.version) == [3])
    next.overlap = "91d"
    #expect(await code { _ = try await server.call(AccessCalls.setCredential, next) } == "unusable-request")
  }

  static let shapes: [(type: String, values: [String], isFit: Bool)] = [
    ("bearer", ["token"], true), ("bearer", ["value"], false), ("bearer", [], false),
    ("basic", ["username", "password"], true), ("basic", ["password"], false),
    ("basic", ["username", "password", "port"], false), ("ssh_key", ["private_key", "username"], true),
    ("s3", ["access_key_id"], false), ("findface", ["token", "anything"], true), ("secret", ["value"], true),
    ("dsn", ["dsn"], true), ("findface", ["with space"], false),
  ]

  @Test("members that do not fit the type are refused, and nothing is stored", arguments: shapes)
  func shape(_ type: String, _ members: [String], _ isFit: Bool) async throws {
    let server = try TestServer()
    let values = members.map { ($0, JSON.string("text")) }
    let found = await code { _ = try await server.call(AccessCalls.setCredential, request(type, values)) }
    #expect(found == (isFit ? nil : "invalid-credential"))
    #expect(try server.store.credentials(in: "demo").count == (isFit ? 1 : 0))
  }

  @Test("too many members, and too many bytes, are refused")
  func sizes() async throws {
    let server = try TestServer()
    let many = (0...CredentialType.mostMembers).map { ("m\($0)", JSON.string("x")) }
    let long = [("value", JSON.string(String(repeating: "x", count: CredentialType.mostBytes + 1)))]
    for values in [many, long] {
      let wrong = request("mine", values)
      #expect(
        await code { _ = try await server.call(AccessCalls.setCredential, wrong) } == "invalid-credential")
    }
  }

  @Test("one that a connection names is not removed without force, and who names it is told")
  func usage() async throws {
    let server = try TestServer()
    _ = try await server.call(CredentialCalls.create, request("bearer", [("token", "s3cret")]))
    _ = try await server.call(
      CredentialCalls.create, request("bearer", [("token", "s3cret")], id: "demo~free"))
    _ = try await server.call(
      AccessCalls.setConnection,
      ConnectionItem(
        id: "demo~web", kind: "http", address: ["url": "https://x"], allowedEgress: [], credential: "api"))
    let usage = try await server.call(CredentialCalls.usage, NamePath(id: "demo~api"))
    #expect(usage.connections == ["demo~web"] && usage.pipelines == [] && usage.leases == [])
    #expect(
      await code {
        _ = try await server.call(AccessCalls.deleteCredential, CredentialDeletion(id: "demo~api"))
      } == "credential-in-use")
    _ = try await server.call(AccessCalls.deleteCredential, CredentialDeletion(id: "demo~free"))
    _ = try await server.call(AccessCalls.deleteCredential, CredentialDeletion(id: "demo~api", force: true))
    #expect(try server.store.credentials(in: nil) == [])
    #expect(
      await code { _ = try await server.call(CredentialCalls.usage, NamePath(id: "demo~api")) }
        == "unknown-credential")
  }

  @Test("a test says what was looked at, and fails where something is wrong")
  func test() async throws {
    var desk = VaultDesk.none
    desk.test = { (record, connection, path) throws(Problem) in
      [
        .init(
          "request", connection == nil ? nil : true,
          "\(record.name) \(connection?.name ?? "-") \(path ?? "-")")
      ]
    }
    let server = try TestServer(vault: desk)
    var wanted = request("bearer", [("token", "s3cret")])
    wanted.expiresAt = Timestamp(microseconds: -1)
    _ = try await server.call(CredentialCalls.create, wanted)
    let alone = try await server.call(
      CredentialCalls.test, CredentialTestRequest(id: "demo~api", path: "/me"))
    #expect(!alone.ok && alone.checks.map(\.passed) == [false, nil] && alone.checks[1].note == "api - /me")
    _ = try await server.call(
      AccessCalls.setConnection,
      ConnectionItem(
        id: "demo~web", kind: "http", address: ["url": "https://x"], allowedEgress: [], credential: "api"))
    let through = try await server.call(CredentialCalls.test, CredentialTestRequest(id: "demo~api"))
    #expect(through.checks[1].passed == true && through.checks[1].note == "api web -")
    for name in ["none", "demo~web", "~"] {
      let wrong = CredentialTestRequest(id: "demo~api", connection: name)
      #expect(await code { _ = try await server.call(CredentialCalls.test, wrong) } == "unknown-connection")
    }
  }

  @Test("a connection is tried with the credential that it names, and one that is missing is told")
  func connection() async throws {
    var desk = VaultDesk.none
    desk.testConnection = { (connection, record, path) throws(Problem) in
      [.init("request", true, "\(connection.name) \(record?.name ?? "-") \(path ?? "-")")]
    }
    let server = try TestServer(vault: desk)
    func test(_ path: String? = nil) async throws -> AccessTest {
      try await server.call(AccessCalls.testConnection, ConnectionTestRequest(id: "demo~web", path: path))
    }
    func store(credential: String?) async throws {
      _ = try await server.call(
        AccessCalls.setConnection,
        ConnectionItem(
          id: "demo~web", kind: "http", address: ["url": "https://x"], allowedEgress: [],
          credential: credential))
    }
    #expect(await code { _ = try await test() } == "unknown-connection")
    try await store(credential: nil)
    #expect(try await test("/me").checks.map(\.note) == ["web - /me"])
    try await store(credential: "api")
    let missing = try await test()
    #expect(!missing.ok && missing.checks.map(\.name) == ["opens"] && missing.checks[0].note.contains("api"))
    var wanted = request("bearer", [("token", "s3cret")])
    wanted.expiresAt = Timestamp(microseconds: -1)
    _ = try await server.call(CredentialCalls.create, wanted)
    let whole = try await test()
    #expect(!whole.ok && whole.checks.map(\.passed) == [false, true] && whole.checks[1].note == "web api -")
  }

  @Test("the types tell their members, in the language of whoever asks")
  func types() async throws {
    let types = try await TestServer().call(CredentialCalls.types, Nothing()).items
    #expect(types.map(\.name) == CredentialType.all.map(\.name))
    let basic = try #require(types.first { $0.name == "basic" })
    #expect(basic.members.map(\.name) == ["username", "password"])
    #expect(basic.members.map(\.isSecret) == [false, true] && basic.members.allSatisfy(\.isRequired))
    for type in CredentialType.all {
      #expect(
        type.single.map { single in type.members.contains { $0.name == single && $0.isSecret } } ?? true)
      #expect(
        type.members.contains { $0.isSecret && $0.isRequired }
          && type.description.portuguese != type.description.english)
    }
  }

  @Test("the keys are told without a key, and are changed only where a server is")
  func keys() async throws {
    var desk = VaultDesk.none
    desk.keys = { () throws(Problem) in KeyFacts(protection: "file", fingerprints: [KeyID(2): "00ff"]) }
    desk.rotate = { (actor) throws(Problem) in #expect(actor == "local:test") }
    let server = try TestServer(vault: desk)
    let row = MasterKeyRow(
      id: KeyID(2), canary: [7, 7, 7], state: .active, createdAt: Timestamp(microseconds: 1), createdBy: "ana"
    )
    try await server.node.write([
      .masterKey(row),
      .keyRotation(KeyRotationRow(target: KeyID(2), startedAt: Timestamp(microseconds: 1), startedBy: "ana")),
    ])
    let status = try await server.call(KeyCalls.status, Nothing())
    #expect(status.active == 2 && status.protection == "file")
    #expect(status.keys.map(\.fingerprint) == ["00ff"] && status.rotation?.stage == "credentials")
    let answer = try await server.send(APIRequest(KeyCalls.rotate.shape, input: Nothing().json))
    #expect(answer.status == 202)
    let alone = try TestServer(isReadOnly: true)
    #expect(await code { _ = try await alone.call(KeyCalls.rotate, Nothing()) } == "read-only")
    #expect(try await alone.call(KeyCalls.status, Nothing()).keys == [])
  }
}
