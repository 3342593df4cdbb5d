import API
import Engine
import Model
import Testing

@testable import Server

@Suite("The routes of destinations", .timeLimit(.minutes(1)))
struct DestinationRouteTests {
  private struct Answering: Destination {
    var outcome: DeliveryOutcome
    func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome { outcome }
  }

  private static let gone = DeliveryOutcome(
    .gone, status: 410, code: "http-status", message: "It answered 410.")

  private func server() throws -> TestServer {
    try TestServer(destinations: [
      ConfiguredDestination(
        name: "ops", namespace: "demo", kind: "webhook", address: "demo/hooks", events: ["esteira.job.*"],
        pipelines: [PipelinePattern("inbox")].compactMap(\.self), plan: .webhook,
        receiver: Answering(outcome: .delivered)),
      ConfiguredDestination(
        name: "gone", kind: "webhook", events: ["esteira.job.created"],
        receiver: Answering(outcome: Self.gone)),
    ])
  }

  private func problem(_ work: () async throws -> Void) async -> ProblemDocument? {
    do { try await work() } catch { return error as? ProblemDocument }
    return nil
  }

  @Test("list and show where messages go, and what waits")
  func reading() async throws {
    let server = try server()
    let items = try await server.call(DestinationCalls.list, Nothing()).items
    #expect(items.map(\.name) == ["ops", "gone"] && items.allSatisfy { $0.state == "active" })
    let ops = try await server.call(DestinationCalls.get, DestinationPath(name: "ops"))
    #expect(ops == items[0] && ops.namespace == "demo" && ops.tries == 10 && ops.ordering == "lane")
    #expect(ops.events == ["esteira.job.*"] && ops.pipelines == ["inbox"] && ops.address == "demo/hooks")
    #expect(ops.outbox == OutboxItem(destination: "ops", waiting: 0, oldestAt: nil, failing: 0, held: 0))
    #expect(
      try await server.call(DestinationCalls.outbox, Nothing()).items.map(\.destination) == ["ops", "gone"])
    let none = await problem {
      _ = try await server.call(DestinationCalls.get, DestinationPath(name: "none"))
    }
    #expect(none?.status == 404 && none?.code == "no-destination")
  }

  @Test("test one, with its tries page by page, and send a delivery again only where it was one")
  func testing() async throws {
    let server = try server()
    for _ in 0..<3 {
      let item = try await server.call(DestinationCalls.test, DestinationPath(name: "ops"))
      #expect(item.outcome == "delivered" && item.type == "esteira.destination.test")
    }
    let bad = try await server.call(DestinationCalls.test, DestinationPath(name: "gone"))
    #expect(bad.outcome == "gone" && bad.status == 410 && bad.message == "It answered 410.")
    let first = try await server.call(DestinationCalls.deliveries, DeliveriesQuery(name: "ops", limit: 2))
    #expect(first.items.map(\.id) == [3, 2] && first.nextCursor == "2")
    let second = try await server.call(
      DestinationCalls.deliveries, DeliveriesQuery(name: "ops", limit: 2, cursor: first.nextCursor))
    #expect(second.items.map(\.id) == [1] && second.nextCursor == nil)
    let again = await problem {
      _ = try await server.call(DestinationCalls.redeliver, DeliveryPath(id: 1))
    }
    #expect(again?.status == 409 && again?.code == "not-redeliverable")
    let none = await problem { _ = try await server.call(DestinationCalls.redeliver, DeliveryPath(id: 9)) }
    #expect(none?.status == 404 && none?.code == "no-delivery")
    let enabled = try await server.call(DestinationCalls.enable, DestinationPath(name: "gone"))
    #expect(enabled.state == "active")
  }
}
