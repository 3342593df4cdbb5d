import API
import Access
import Crypto
import Engine
import Model
import Stores
import Testing

@testable import Server

@Suite("Tickets of questions", .timeLimit(.minutes(1)))
struct AskTicketTests {
  private static let file = SourceFile(
    name: "ask.yaml",
    source: """
      apiVersion: esteira/v1
      id: ask
      namespace: demo
      steps:
        review:
          ask:
            title: Publish?
            to: {users: [ana, bia]}
            quorum: 2
            choices: {go: {approves: true}, no: {}}
      """)

  private struct World {
    var server: TestServer
    var ask: AskDetail
  }

  private func world() async throws -> World {
    let master = MasterKey(SymmetricKey.generate())
    let access = try await AccessService.open(
      store: MemoryAccessStore(),
      environment: AccessEnvironment(
        now: { SystemClock().now }, seal: { master.seal($0, place: $1) },
        open: { (sealed, place) throws(UnsealError) in try master.open(sealed, place: place) },
        hashing: BlockingThreads(count: 1), storing: BlockingThreads(count: 1)))
    let server = try TestServer { $0.access = access }
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.file]))
    _ = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~ask"))
    let item = try #require(try await server.call(AskCalls.list, AsksQuery()).items.first)
    return World(server: server, ask: try await server.call(AskCalls.get, AskPath(id: item.id)))
  }

  private func ticket(_ world: World, _ person: String) async throws -> String {
    let request = AskTicketRequest(id: world.ask.ask.id, person: person)
    return try await world.server.call(AskCalls.ticket, request).ticket
  }

  /// By nobody who signed in.
  private func answer(_ world: World, _ ticket: String, _ choice: String = "go") async throws -> String {
    let request = TicketAnswerRequest(ticket: ticket, choice: choice, shown: world.ask.shown)
    let response = await world.server.router.handle(
      APIRequest(AskCalls.answerWithTicket.shape, input: request.json), as: .anonymous)
    let json = try TestServer.json(response)
    return "\(response.status) \(json["code"]?.string ?? json["votes"]?.text ?? "")"
  }

  @Test("a person without an account answers once with a ticket, and counts under their own name")
  func whole() async throws {
    let world = try await world()
    let (first, second) = (try await ticket(world, "ana"), try await ticket(world, "ana"))
    #expect(first.hasPrefix("esteira_ask_") && first != second)
    #expect(try await answer(world, first, "no") == "200 1")
    #expect(try await answer(world, first) == "404 no-ticket", "It is used.")
    #expect(try await answer(world, second) == "404 no-ticket", "It was given before that answer.")
    #expect(try await answer(world, try await ticket(world, "ana")) == "200 1", "A change of mind.")
    #expect(try await answer(world, try await ticket(world, "bia")) == "200 2")
    let answers = try await world.server.call(AskCalls.get, AskPath(id: world.ask.ask.id)).answers
    #expect(answers.map { $0["on_behalf_of"] } == ["local:ana", "local:ana", "local:bia"])
    #expect(answers.allSatisfy { $0["by"] == "local:test" })
    await #expect(throws: ProblemDocument.self) { try await ticket(world, "ana") }
  }

  @Test("whoever is not asked is refused, also with a ticket, and what is no ticket of ours opens nothing")
  func refused() async throws {
    let world = try await world()
    #expect(try await answer(world, try await ticket(world, "eve")) == "403 not-assignee")
    let good = try await ticket(world, "ana")
    let other = try await ticket(try await self.world(), "ana")
    for text in ["x", "esteira_ask_", "esteira_ask_e30.AAAA", String(good.dropLast()), good + "A", other] {
      #expect(try await answer(world, text) == "404 no-ticket", "\(text)")
    }
    #expect(try await answer(world, good) == "200 1")
  }

  @Test("to count for somebody else takes a right of its own, with a ticket or without one")
  func right() async throws {
    let world = try await world()
    func status(_ permissions: [String], _ shape: Shape, _ input: JSON) async throws -> Int {
      let principal = Principal(
        kind: .person, id: "x", actor: "ana",
        grants: [Grant(namespace: "demo", permissions: try #require(Permissions(permissions)))])
      return await world.server.router.handle(APIRequest(shape, input: input), as: principal).status
    }
    let id = world.ask.ask.id
    let forBia = AnswerRequest(id: id, choice: "go", shown: world.ask.shown, onBehalfOf: "bia").json
    let ticket = AskTicketRequest(id: id, person: "bia").json
    let may = ["asks:read", "asks:answer"]
    #expect(try await status(may, AskCalls.answer.shape, forBia) == 403)
    let handover = HandoverRequest(id: id, to: "x", onBehalfOf: "bia").json
    #expect(try await status(may, AskCalls.delegate.shape, handover) == 403)
    #expect(try await status(may, AskCalls.ticket.shape, ticket) == 403)
    #expect(try await status(may + ["asks:delegate"], AskCalls.answer.shape, forBia) == 200)
    #expect(try await status(may + ["asks:delegate"], AskCalls.ticket.shape, ticket) == 201)
    for ttl in ["59s", "8d"] {
      let wrong = AskTicketRequest(id: id, person: "bia", ttl: ttl).json
      #expect(try await status(may + ["asks:delegate"], AskCalls.ticket.shape, wrong) == 422)
    }
  }
}
