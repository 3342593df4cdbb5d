import API
import Engine
import Model
import Stores
import Synchronization
import Testing

@testable import Server

@Suite("Webhooks by calls", .timeLimit(.minutes(1)))
struct WebhookRouteTests {
  /// Keeps what it was given.
  private final class Receiver: Destination {
    let types = Mutex<[String]>([])
    func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome {
      types.withLock { $0.append(message.type) }
      return .delivered
    }
  }

  private struct Desk {
    var server: TestServer
    var receiver: Receiver
  }

  /// With `ops` in the file.
  private func desk() throws -> Desk {
    let receiver = Receiver()
    let file = ConfiguredDestination(name: "ops", kind: "webhook", events: ["*"], receiver: Receiver())
    let made = { @Sendable (row: AddedDestination) throws(Problem) -> ConfiguredDestination in
      let events = (row.spec["events"]?.array ?? []).compactMap(\.string)
      guard events.allSatisfy({ !EventType.matching($0).isEmpty }) else {
        throw Problem("unusable-request", Bilingual("No such event.", pt: "Não há esse evento."))
      }
      var destination = ConfiguredDestination(
        name: row.name, namespace: row.spec["namespace"]?.string, kind: "webhook",
        address: "\(row.owner)/hooks\(row.spec["path"]?.string ?? "")", events: events, receiver: receiver)
      destination.added = row
      return destination
    }
    let server = try TestServer(destinations: [file]) { backend in
      let readModel = backend.readModel
      backend.makeDestination = made
      backend.destinations = { () throws(Problem) in
        var all = [file]
        for row in try reading({ () throws(StoreError) in try readModel.addedDestinations() }) {
          all.append(try made(row))
        }
        return all
      }
    }
    return Desk(server: server, receiver: receiver)
  }

  private static func rule(_ events: [String] = ["esteira.job.completed"]) -> WebhookRule {
    WebhookRule(namespace: "demo", connection: "hooks", path: "/in", events: events)
  }

  private func code(_ server: TestServer, _ request: APIRequest) async throws -> String {
    let answer = try await server.send(request)
    return "\(answer.status) \(answer.json["code"]?.string ?? "")"
  }

  @Test("one that is made is told of what happens from then on, and its secret is shown once")
  func made() async throws {
    let desk = try desk()
    let request = WebhookRequest(name: "team", rule: Self.rule())
    let answer = await desk.server.router.handle(
      APIRequest(WebhookCalls.create.shape, input: request.json), actor: "local:test")
    let made = try MadeWebhook(TestServer.json(answer))
    #expect(answer.status == 201 && answer.isShownOnce && answer.location == "/api/v1/webhooks/team")
    #expect(made.secret?.hasPrefix("whsec_") == true && made.item.origin == "api" && made.item.version == 1)
    let items = try await desk.server.call(WebhookCalls.list, Nothing())
    #expect(items.items.map(\.id) == ["ops", "team"] && items.items.map(\.origin) == ["file", "api"])
    #expect(!items.json.text.contains("whsec"))
    let records = try desk.server.store.credentials(in: "demo")
    #expect(records.map(\.name) == ["webhook-team"] && records.map(\.type) == ["hmac"])
    _ = try await desk.server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello]))
    _ = try await desk.server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~hello"))
    while desk.receiver.types.withLock(\.self) != ["esteira.job.completed"] { await Task.yield() }
    let tested = try await desk.server.call(WebhookCalls.test, WebhookPath(id: "team"))
    #expect(tested.outcome == "delivered" && tested.type == "esteira.destination.test")
    let tries = try await desk.server.call(WebhookCalls.deliveries, WebhookDeliveriesQuery(id: "team"))
    #expect(tries.items.map(\.type).first == "esteira.destination.test")
  }

  @Test("a change names what it is of; what it does not change is the secret")
  func changed() async throws {
    let desk = try desk()
    let server = desk.server
    let made = try await server.call(
      WebhookCalls.create, WebhookRequest(name: "team", rule: Self.rule()))
    let change = WebhookReplacement(id: "team", rule: Self.rule(["esteira.job.failed"]))
    var request = APIRequest(WebhookCalls.update.shape, input: change.json)
    #expect(try await code(server, request) == "428 precondition-required")
    request.ifMatch = "\"9-9-9\""
    #expect(try await code(server, request) == "412 precondition-failed")
    request.ifMatch = "\"\(made.tag)\""
    #expect(try await code(server, request) == "200 ")
    let now = try await server.call(WebhookCalls.get, WebhookPath(id: "team"))
    #expect(now.events == ["esteira.job.failed"] && now.version == 2 && now.by == "local:test")
    #expect(try server.store.credentials(in: "demo").map(\.version) == [1])
    let rotated = try await server.call(WebhookCalls.rotate, WebhookRotation(id: "team"))
    #expect(rotated.secret.hasPrefix("whsec_") && rotated.secret != made.secret)
    #expect(try server.store.credentials(in: "demo").map(\.version) == [2])
  }

  @Test("with an overlap the secret before may be used until its end, and no longer than that")
  func overlap() async throws {
    let server = try desk().server
    _ = try await server.call(WebhookCalls.create, WebhookRequest(name: "team", rule: Self.rule()))
    func former() throws -> [Timestamp?] {
      try server.store.versions(ofCredential: "webhook-team", in: "demo").map(\.usableUntil)
    }
    let (hour, day) = (Timestamp(microseconds: 3_600_000_000), Timestamp(microseconds: 86_400_000_000))
    let first = try await server.call(WebhookCalls.rotate, WebhookRotation(id: "team", overlap: "1h"))
    #expect(first.formerSignsUntil == hour)
    #expect(try former() == [nil, hour])
    let second = try await server.call(WebhookCalls.rotate, WebhookRotation(id: "team", overlap: "24h"))
    #expect(second.formerSignsUntil == day && second.secret != first.secret)
    #expect(try former() == [nil, day, hour])
    let third = try await server.call(WebhookCalls.rotate, WebhookRotation(id: "team"))
    #expect(third.formerSignsUntil == nil)
    #expect(try former() == [nil])
    for overlap in ["91d", "soon"] {
      let wish = WebhookRotation(id: "team", overlap: overlap)
      let status = try await server.send(APIRequest(WebhookCalls.rotate.shape, input: wish.json)).status
      #expect([400, 422].contains(status))
    }
    #expect(try server.store.credentials(in: "demo").map(\.version) == [4])
  }

  @Test("a dry run of each change changes nothing")
  func dry() async throws {
    let server = try desk().server
    let wish = WebhookRequest(name: "team", rule: Self.rule(), isDryRun: true)
    let answer = try await server.send(APIRequest(WebhookCalls.create.shape, input: wish.json))
    #expect(answer.status == 200 && answer.json["secret"] == nil && answer.json["id"]?.string == "team")
    #expect(try server.store.addedDestinations().isEmpty && server.store.credentials(in: "demo").isEmpty)
    #expect(
      try await code(
        server,
        APIRequest(
          WebhookCalls.create.shape,
          input: WebhookRequest(name: "x", rule: Self.rule(["nothing"]), isDryRun: true).json))
        == "422 unusable-request")
    let made = try await server.call(WebhookCalls.create, WebhookRequest(name: "team", rule: Self.rule()))
    let rows = try server.store.addedDestinations()
    var change = APIRequest(
      WebhookCalls.update.shape,
      input: WebhookReplacement(id: "team", rule: Self.rule(["esteira.job.failed"]), isDryRun: true).json)
    change.ifMatch = "\"\(made.tag)\""
    let shown = try await server.send(change)
    #expect(shown.status == 200 && shown.json["events"] == ["esteira.job.failed"])
    _ = try await server.send(
      APIRequest(WebhookCalls.delete.shape, input: WebhookDeletion(id: "team", isDryRun: true).json))
    #expect(try server.store.addedDestinations() == rows)
    #expect(server.node.destinations.map(\.name) == ["ops", "team"])
  }

  @Test("one that is deleted is told nothing more, and its secret is gone")
  func deleted() async throws {
    let server = try desk().server
    _ = try await server.call(WebhookCalls.create, WebhookRequest(name: "team", rule: Self.rule()))
    let gone = APIRequest(WebhookCalls.delete.shape, input: WebhookDeletion(id: "team").json)
    #expect(await server.router.handle(gone, actor: "local:test").status == 204)
    #expect(server.node.destinations.map(\.name) == ["ops"])
    #expect(try server.store.credentials(in: "demo").isEmpty)
    #expect(
      try await code(server, APIRequest(WebhookCalls.get.shape, input: ["id": "team"]))
        == "404 no-destination")
    _ = try await server.call(WebhookCalls.create, WebhookRequest(name: "team", rule: Self.rule()))
  }

  @Test("those of the file and names that are taken are refused")
  func refused() async throws {
    let server = try desk().server
    let taken = WebhookRequest(name: "ops", rule: Self.rule())
    #expect(
      try await code(server, APIRequest(WebhookCalls.create.shape, input: taken.json))
        == "409 webhook-exists")
    var change = APIRequest(
      WebhookCalls.update.shape, input: WebhookReplacement(id: "ops", rule: Self.rule()).json)
    change.ifMatch = "*"
    #expect(try await code(server, change) == "409 defined-in-file")
    for shape in [WebhookCalls.delete.shape, WebhookCalls.rotate.shape] {
      #expect(try await code(server, APIRequest(shape, input: ["id": "ops"])) == "409 defined-in-file")
    }
  }
}
