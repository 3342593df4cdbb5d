import Foundation
import Model
import Net
import Testing

@testable import Connectors
@testable import Net

/// 500 steps that wait for another system: more than a node has slots, and many more than it has threads.
@Suite("S9: many that wait outside", .serialized, .timeLimit(.minutes(5)))
struct WaitingOutsideTests {
  private static let count = 500
  /// A thread for each of those who wait would be far above it.
  private static let mostThreads = 60

  private let station: Station
  private let airflow = PlayedAirflow()
  private let service: PlayedService

  init() throws {
    station = try Station()
    let airflow = airflow
    service = try PlayedService { $0.path == "/near" ? (200, [:]) : airflow.answer($0) }
    try station.start()
    try station.connect("site", kind: "http", "{url: \"\(service.url)\"}")
  }

  /// Starts a job of them all; its own line in the journal comes behind the last.
  private func begin(_ call: String) throws {
    try station.apply(
      """
      apiVersion: esteira/v1
      id: far
      namespace: demo
      steps:
        far: {for_each: lists.range(\(Self.count)), max_parallel: \(Self.count), \(call)}
        tell: {needs: [far], uses: shell, with: {run: "echo far >> \(station.journal)"}}
      """)
    try station.apply(
      """
      apiVersion: esteira/v1
      id: near
      namespace: demo
      steps:
        ask: {uses: http.request, connection: site, with: {path: /near}}
        tell: {needs: [ask], uses: shell, with: {run: "echo near >> \(station.journal)"}}
      """)
    try station.esteira("job", "start", "demo/far")
  }

  /// While all of them wait another job has its slot of the node, before and after a crash, and few threads
  /// are at work.
  private func expectOthersGoOn(_ allWait: () throws -> Bool) throws {
    for round in 1...2 {
      try station.wait(for: "all to be waited for", allWait)
      try station.esteira("job", "start", "demo/near")
      try station.wait("the end of another job") { $0.count == round }
      try station.wait(for: "few threads") { try station.threads() < Self.mostThreads }
      if round == 1 {
        station.kill()
        try station.start()
      }
    }
    #expect(try station.lines() == ["near", "near"])
  }

  @Test("runs of Airflow take no slot and no thread, and each is begun once")
  func runs() async throws {
    try station.connect("airflow", kind: "airflow", "{url: \"\(service.url)\", version: 2}")
    try begin("uses: airflow.run_dag, connection: airflow, with: {dag_id: d, poll: 2s}")
    try expectOthersGoOn { airflow.created.count == Self.count }
    airflow.finish()
    try station.wait("the end of all") { $0.contains("far") }
    #expect(airflow.created.count == Self.count && Set(airflow.created).count == Self.count)
    station.stop()
    await service.stop()
  }

  @Test(
    "tasks of Celery take no slot and no thread, and each is done once",
    .enabled(if: CeleryWorkers.isThere && RedisServer.isThere, CeleryWorkers.absence))
  func tasks() async throws {
    let redis = try RedisServer()
    try station.connect("celery", kind: "celery", "{broker: '\(redis.url)', backend: '\(redis.url)'}")
    try begin("uses: celery.task, connection: celery, with: {task: add, args: [\"${{ item }}\"]}")
    try expectOthersGoOn { try redis.cli("LLEN", "celery") == "\(Self.count)" }
    let workers = try CeleryWorkers(broker: redis.url, backend: redis.url)
    try station.wait("the end of all") { $0.contains("far") }
    #expect(try Set(workers.lines()).count == Self.count && workers.lines().count == Self.count)
    workers.stop()
    station.stop()
    await service.stop()
  }

  @Test(
    "questions over RabbitMQ take no slot and no thread, and each is asked once",
    .enabled(if: RabbitServer.isThere, RabbitServer.absence))
  func questions() async throws {
    let (rabbit, loop) = (try RabbitServer.shared.get(), try BrokerLoop())
    let (consumer, client) = (
      AMQPConsumer(try .amqp(rabbit.url), on: loop), AMQPClient(try .amqp(rabbit.url), on: loop)
    )
    try await consumer.open(AMQPQueue("far"), prefetch: 2_000)
    try station.connect("rabbit", kind: "amqp", "{url: '\(rabbit.url)'}")
    try begin("uses: amqp.request, connection: rabbit, with: {routing_key: far, body: \"${{ item }}\"}")
    var asked: [AMQPDelivery] = []
    while asked.count < Self.count { asked += try await consumer.next(100, wait: .seconds(1)) }
    try expectOthersGoOn { true }
    for delivery in asked {
      var answer = AMQPMessage(delivery.message.body)
      (answer.correlationID, answer.messageID) = (delivery.message.correlationID, UUID().uuidString)
      try await client.publish(answer, routingKey: delivery.message.replyTo ?? "")
      try await consumer.acknowledge(delivery)
    }
    try station.wait("the end of all") { $0.contains("far") }
    #expect(try await consumer.next(1, wait: .milliseconds(200)).isEmpty, "None was asked a second time.")
    #expect(Set(asked.compactMap(\.message.correlationID)).count == Self.count)
    await consumer.close()
    await client.close()
    loop.stop()
    station.stop()
    await service.stop()
  }
}
