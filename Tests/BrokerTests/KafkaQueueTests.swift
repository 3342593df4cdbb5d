import Foundation
import Model
import Testing

@testable import Connectors

@Suite(
  "A topic of Kafka", .enabled(if: KafkaServer.isThere, KafkaServer.absence), .serialized,
  .timeLimit(.minutes(8)))
struct KafkaQueueTests {
  private static func begin(_ topics: [String: Int] = ["work": 3]) throws -> (KafkaServer, Station) {
    let (server, station) = (try KafkaServer(topics), try Station())
    try station.start()
    try station.connect("broker", kind: "kafka", server.address)
    return (server, station)
  }

  @Test("starts a job for each message, in the order of its partition, and commits once it is durable")
  func takes() throws {
    let (server, station) = try Self.begin(["work": 1])
    try server.send(0..<5, partitions: 1)
    try station.apply(station.takingPipeline("topic: work", more: "concurrency: {limit: 1}\n"))
    try station.wait("five") { $0.count >= 5 }
    try server.send(5..<8, partitions: 1)
    try station.wait("eight") { $0.count >= 8 }
    #expect(try station.lines() == (0..<8).map(String.init))
    #expect(try station.jobs() == 8)
    try station.wait(for: "the commit") { try server.committed(partitions: 1) == 8 }
    #expect(try station.esteira("trigger", "ls", "demo/take").contains("is read"))
    let doctor = try station.esteira("doctor")
    #expect(doctor.contains("demo/broker work: 8 messages taken") && doctor.contains("librdkafka"))
  }

  @Test(
    "loses no message and does none twice while its server is killed between the receipt and the commit",
    arguments: ["before-commit", "after-commit"])
  func killed(point: String) throws {
    let (server, station) = try Self.begin()
    try station.apply(station.quietPipeline("topic: work, prefetch: 3"))
    station.stop()
    var next = 0
    for count in [2, 4, 7] {
      try server.send(next..<next + 4)
      next += 4
      _ = try station.start(["ESTEIRA_TEST_CRASH": "\(point):\(count)"])
      try station.waitForDeath(jobs: next)
    }
    try station.start()
    try station.expectEachOnce(0..<next)
    try station.wait(for: "the commit") { try server.committed() == next }
    #expect(try station.sql("SELECT count(*) FROM dead_letters") == ["0"])
  }

  @Test("is shared by two servers of one group, also while one of them is killed and comes back")
  func shared() throws {
    let (server, first) = try Self.begin()
    let second = try Station()
    try second.start()
    try second.connect("broker", kind: "kafka", server.address)
    for station in [first, second] { try station.apply(station.quietPipeline("topic: work")) }
    try server.send(0..<30)
    try first.wait(for: "some jobs") { try first.jobs() + second.jobs() >= 10 }
    // What it had stored and not committed could be done by the other one too: so it stops in order.
    second.stop()
    try server.send(30..<60)
    try expectShared(first, second, 0..<60)
    try second.start()
    try server.send(60..<90)
    try expectShared(first, second, 0..<90)
    try first.wait(for: "the commit") { try server.committed() == 90 }
  }

  @Test("what cannot be read is a dead letter here and in the topic for it, and the rest goes on")
  func poison() throws {
    let (server, station) = try Self.begin(["work": 1, "dead": 1])
    try server.ask("text work this is no json")
    try server.send(0..<2, partitions: 1)
    try station.apply(station.takingPipeline("topic: work, dead_letter: dead"))
    try station.wait("two") { Set($0).count >= 2 }
    try station.wait(for: "the commit") { try server.committed(partitions: 1) == 3 }
    #expect(try station.sql("SELECT count(*) FROM dead_letters") == ["1"])
    let dead = try server.messages("dead")
    #expect(dead.map { $0["value"] } == ["this is no json"])
    #expect(dead.first?["headers"]?["esteira-from"] == "work 0 0")
  }

  @Test("takes nothing while its pipeline is paused, stays in its group, and goes on afterwards")
  func pauses() throws {
    let (server, station) = try Self.begin()
    try station.apply(station.takingPipeline("topic: work"))
    try server.send(0..<3)
    try station.wait("three") { $0.count >= 3 }
    try station.esteira("pipeline", "pause", "demo/take", "--reason", "test")
    try station.wait(for: "a held queue") {
      try station.esteira("trigger", "ls", "demo/take").contains("is read") == false
    }
    try server.send(3..<6)
    #expect(try server.committed() == 3)
    try station.esteira("pipeline", "resume", "demo/take")
    try station.expectEachOnce(0..<6)
  }

  @Test("says what stands in the way: brokers that may not be gone to")
  func broken() throws {
    let (server, station) = try Self.begin()
    let text = """
      namespace: demo
      name: broker
      kind: kafka
      address: \(server.address)
      """
    try station.esteira("connection", "apply", station.write("narrow.yaml", text))
    try station.apply(station.takingPipeline("topic: work"))
    try station.wait(for: "the refusal") {
      let shown = try station.esteira("trigger", "ls", "demo/take")
      return shown.contains("broken") && shown.contains("127.0.0.1")
    }
  }
}

@Suite("Offsets of a topic in hand")
struct KafkaOffsetsTests {
  @Test("passes only what is settled, in whatever order, and begins again where a partition does")
  func passes() {
    var offsets = KafkaOffsets()
    for offset in [5, 6, 7] as [Int64] { offsets.take(0, offset) }
    offsets.settle(0, 6)
    #expect(offsets.committable() == [0: 5])
    offsets.settle(0, 5)
    #expect(offsets.committable() == [0: 7])
    #expect(offsets.committable() == [:], "Nothing has moved.")
    offsets.settle(0, 7)
    #expect(offsets.committable() == [0: 8])
    // Compacted topics have holes.
    offsets.take(0, 20)
    offsets.settle(0, 20)
    offsets.take(1, 0)
    #expect(offsets.committable() == [0: 21, 1: 0])
    // After a rebalance it was given back, and is read again from where it was committed.
    offsets.take(0, 10)
    offsets.settle(0, 10)
    #expect(offsets.committable() == [0: 11])
    offsets.keep([1])
    offsets.settle(1, 0)
    #expect(offsets.committable() == [1: 1])
  }
}
