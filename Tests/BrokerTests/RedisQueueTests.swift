import Foundation
import Model
import Testing

extension Station {
  /// Writes the number of each message into the journal; a job is named after its number.
  func takingPipeline(_ queue: String, more: String = "") -> String {
    """
    apiVersion: esteira/v1
    id: take
    namespace: demo
    key: n${{ inputs.n }}
    inputs: {n: {type: integer}}
    triggers:
      inbox:
        queue: {connection: broker, \(queue)}
        inputs: {n: "${{ trigger.message.n }}"}
    \(more)steps:
      write:
        uses: shell
        idempotent: true
        with: {run: 'echo "$N" >> "$JOURNAL"', env: {N: "${{ inputs.n }}", JOURNAL: \(journal)}}
    """
  }

  /// The same without anything that a server that is killed again and again could be said to have broken.
  func quietPipeline(_ queue: String) -> String {
    let whole = takingPipeline(queue)
    let end = whole.firstRange(of: "  write:")?.lowerBound ?? whole.endIndex
    return whole[..<end] + "  write: {value: inputs.n}\n"
  }

  /// Every number has come, and each has made exactly one job.
  func expectEachOnce(_ numbers: Range<Int>) throws {
    try wait(for: "every message") {
      try sql("SELECT count(*) FROM job_executions WHERE completed_at IS NOT NULL") == ["\(numbers.count)"]
    }
    #expect(try sql("SELECT key FROM job_executions").sorted() == numbers.map { "n\($0)" }.sorted())
  }
}

/// Each number has made one job, at the one or the other.
func expectShared(_ first: Station, _ second: Station, _ numbers: Range<Int>) throws {
  let ended = "SELECT key FROM job_executions WHERE completed_at IS NOT NULL"
  try first.wait(for: "every job") { try first.sql(ended).count + second.sql(ended).count >= numbers.count }
  #expect(try (first.sql(ended) + second.sql(ended)).sorted() == numbers.map { "n\($0)" }.sorted())
  #expect(try first.jobs() + second.jobs() == numbers.count)
}

@Suite(
  "A queue of Redis", .enabled(if: RedisServer.isThere, RedisServer.absence), .serialized,
  .timeLimit(.minutes(5)))
struct RedisQueueTests {
  /// How each kind is named in a trigger, written to, and asked what is left.
  enum Kind: String, CaseIterable {
    case list, stream

    var trigger: String { self == .list ? "list: work" : "stream: work, group: g" }

    func add(_ numbers: Range<Int>) -> [String] {
      numbers.map { self == .list ? "RPUSH work '{\"n\": \($0)}'" : "XADD work * message '{\"n\": \($0)}'" }
    }

    /// Messages that the broker still has: not taken, or taken and not acknowledged.
    func left(_ server: RedisServer) throws -> Int {
      switch self {
      case .list:
        let keys = try server.cli("KEYS", "work*").split(separator: "\n").map(String.init)
        return try keys.filter { !$0.hasSuffix("alive") && !$0.hasSuffix("readers") }.reduce(0) {
          $0 + (Int(try server.cli("LLEN", $1)) ?? 0)
        }
      case .stream:
        let pending = Int(try server.cli("XPENDING", "work", "g").split(separator: "\n").first ?? "") ?? 0
        return pending
      }
    }
  }

  @Test(
    "starts a job for each message, in their order, and forgets it once it is durable",
    arguments: Kind.allCases)
  func takes(kind: Kind) throws {
    let (server, station) = (try RedisServer(), try Station())
    try station.start()
    try station.connect("broker", kind: "redis", "{url: \(server.url)}")
    try server.pipe(kind.add(0..<5))
    try station.apply(station.takingPipeline(kind.trigger, more: "concurrency: {limit: 1}\n"))
    try station.wait("five") { $0.count >= 5 }
    // While it waits for the next, too.
    try server.pipe(kind.add(5..<8))
    try station.wait("eight") { $0.count >= 8 }
    #expect(try station.lines() == (0..<8).map(String.init))
    #expect(try station.jobs() == 8)
    try station.wait(for: "an empty queue") { try kind.left(server) == 0 }
    #expect(try station.esteira("trigger", "ls", "demo/take").contains("is read"))
    #expect(try station.esteira("doctor").contains("demo/broker work: 8 messages taken"))
    let metrics = try JSON(parsing: try station.esteira("metrics", "summary", "-n", "demo", "-o", "json"))
    #expect(metrics["queues"]?.array?.first?["stored"]?.int == 8)
  }

  @Test(
    "loses no message and does none twice while its server is killed between the receipt and the commit",
    arguments: Kind.allCases, ["before-commit", "after-commit"])
  func killed(kind: Kind, point: String) throws {
    let (server, station) = (try RedisServer(), try Station())
    try station.start()
    try station.connect("broker", kind: "redis", "{url: \(server.url)}")
    try station.apply(station.quietPipeline("\(kind.trigger), prefetch: 3"))
    station.stop()
    var next = 0
    for count in [2, 3, 4, 5, 6, 8, 11] {
      try server.pipe(kind.add(next..<next + 4))
      next += 4
      // Some die before they are ready: of the jobs that the last one left.
      _ = try station.start(["ESTEIRA_TEST_CRASH": "\(point):\(count)"])
      try station.waitForDeath(jobs: next)
    }
    try station.start()
    try station.expectEachOnce(0..<next)
    try station.wait(for: "an empty queue") { try kind.left(server) == 0 }
    #expect(try station.sql("SELECT count(*) FROM dead_letters") == ["0"])
  }

  @Test("loses nothing and does nothing twice while Redis is killed", arguments: Kind.allCases)
  func brokerKilled(kind: Kind) throws {
    let (server, station) = (try RedisServer(), try Station())
    try station.start()
    try station.connect("broker", kind: "redis", "{url: \(server.url)}")
    try station.apply(station.takingPipeline("\(kind.trigger), prefetch: 2"))
    var next = 0
    for _ in 0..<4 {
      try server.pipe(kind.add(next..<next + 10))
      next += 10
      try station.wait("some") { Set($0).count > next - 8 }
      server.kill()
      try station.wait(for: "a broken queue") {
        try station.esteira("trigger", "ls", "demo/take").contains("broken")
      }
      try server.start()
    }
    try station.expectEachOnce(0..<next)
  }

  @Test(
    "is shared by two servers, and what one that died had in hand goes to the other", arguments: Kind.allCases
  )
  func secondConsumer(kind: Kind) throws {
    let (server, first, second) = (try RedisServer(), try Station(), try Station())
    for station in [first, second] {
      try station.start()
      try station.connect("broker", kind: "redis", "{url: \(server.url)}")
      try station.apply(station.quietPipeline("\(kind.trigger), prefetch: 2, visibility: 10s"))
    }
    var next = 0
    while try first.jobs() < 5 || second.jobs() < 5 {
      try server.pipe(kind.add(next..<next + 4))
      next += 4
    }
    // It dies with what it has taken in hand, before that is stored, and does not come back until the other
    // has it.
    first.stop()
    second.freeze()
    try server.pipe(kind.add(next..<next + 4))
    next += 4
    _ = try first.start(["ESTEIRA_TEST_CRASH": "before-commit:1"])
    try first.waitForDeath(jobs: -1)
    second.goOn()
    try second.wait(for: "an empty queue") { try kind.left(server) == 0 }
    try first.start()
    try expectShared(first, second, 0..<next)
  }

  @Test(
    "gives what it cannot read, and what nobody wants, to the dead letters, each once",
    arguments: Kind.allCases)
  func poison(kind: Kind) throws {
    let (server, station) = (try RedisServer(), try Station())
    try station.start()
    try station.connect("broker", kind: "redis", "{url: \(server.url)}")
    let schema = try station.write("schema.json", #"{"type": "object", "required": ["n"]}"#)
    #expect(schema.hasSuffix("schema.json"))
    let pipeline = station.takingPipeline(
      "\(kind.trigger), dead_letter: dead, schema: schema.json"
    ).replacing(
      "inputs: {n: \"${{ trigger",
      with: "if: trigger.message.?n.orValue(0) < 100\n    inputs: {n: \"${{ trigger")
    try station.esteira("pipeline", "apply", station.write("take.yaml", pipeline))
    let add = { (text: String) in
      kind == .list ? ["RPUSH", "work", text] : ["XADD", "work", "*", "message", text]
    }
    for text in ["no json", "{\"n\": 500}", "{\"m\": 1}", "{\"n\": 7}"] {
      _ = try Tool.must(["/usr/bin/redis-cli", "-p", "\(server.port)"] + add(text))
    }
    try station.wait("the good one") { $0 == ["7"] }
    try station.wait(for: "three letters") { try station.sql("SELECT count(*) FROM dead_letters") == ["3"] }
    let codes = try station.sql("SELECT json_extract(error, '$.code') FROM dead_letters ORDER BY id")
    #expect(codes == ["message-not-json", "message-unwanted", "message-invalid"])
    try station.wait(for: "an empty queue") { try kind.left(server) == 0 }
    #expect(try server.cli(kind == .list ? "LLEN" : "XLEN", "dead") == "3")
    // A person mends one and sends it again.
    let mended = try station.write("mended.json", #"{"n": 8}"#)
    try station.esteira("dlq", "replay", "1", "--edit", mended)
    try station.wait("the mended one") { $0 == ["7", "8"] }
  }

  @Test("leaves the messages to the broker while the pipeline is paused")
  func paused() throws {
    let (server, station) = (try RedisServer(), try Station())
    try station.start()
    try station.connect("broker", kind: "redis", "{url: \(server.url)}")
    try station.apply(station.takingPipeline("list: work"))
    try station.esteira("pipeline", "pause", "demo/take", "--reason", "test")
    try station.wait(for: "a queue that is held") {
      try station.esteira("trigger", "ls", "demo/take").contains("waits: paused or full")
    }
    try server.pipe(Kind.list.add(0..<3))
    #expect(try server.cli("LLEN", "work") == "3")
    #expect(try station.jobs() == 0)
    try station.esteira("pipeline", "resume", "demo/take")
    try station.expectEachOnce(0..<3)
  }

  @Test("is read once for two pipelines, each of which takes what is its own")
  func shared() throws {
    let (server, station) = (try RedisServer(), try Station())
    try station.start()
    try station.connect("broker", kind: "redis", "{url: \(server.url)}")
    for (id, condition) in [("odd", "trigger.message.n % 2 == 1"), ("even", "trigger.message.n % 2 == 0")] {
      try station.apply(
        station.takingPipeline("list: work").replacing("id: take", with: "id: \(id)")
          .replacing("inputs: {n: \"${{ trigger", with: "if: \(condition)\n    inputs: {n: \"${{ trigger"))
    }
    try server.pipe(Kind.list.add(0..<10))
    try station.expectEachOnce(0..<10)
    #expect(try station.sql("SELECT count(*) FROM job_executions WHERE pipeline = 'odd'") == ["5"])
    #expect(try station.sql("SELECT count(*) FROM dead_letters") == ["0"])
  }
}
