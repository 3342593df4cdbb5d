import Crypto
import Engine
import Foundation
import Model
import Pipelines
import Testing

@testable import Connectors
@testable import Net

/// What an attempt of a connector is given here.
struct BrokerBench {
  let folder: TestFolder
  let brokers: Brokers
  var namespace = "demo"

  init(node: String = UUID().uuidString) throws {
    (folder, brokers) = (try TestFolder(), Brokers(node: node))
  }

  func attempt(
    _ with: JSON, _ kind: String, _ url: String, effect: EffectClass = .keyed,
    key: String = UUID().uuidString,
    number: Int = 1
  ) -> Attempt {
    let services = AttemptServices(
      log: { _, _ in }, storeArtifact: { (_, _, _) throws(Failure) in throw Failure(.internal, "") },
      fetchArtifact: { (_, _) throws(Failure) in }, workFolder: folder.path, processFolder: folder.path,
      objectsFolder: folder.path, now: { Timestamp(microseconds: 1_760_000_000_000_000) })
    return Attempt(
      job: ID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001), jobKey: "k",
      pipeline: PipelineName(namespace: namespace, name: "p"), path: "s", number: number, stepKey: key,
      effect: effect, with: with,
      connection: Connection(
        namespace: namespace, name: "broker", kind: kind, address: ["url": .string(url)],
        allowedEgress: ["127.0.0.0/8"]), services: services)
  }

  /// The output, which agrees with the schemas of the connector.
  func run(_ connector: any Connector, _ attempt: Attempt) async throws -> JSON {
    #expect(try JSONSchema(connector.description.with).violations(in: attempt.with).isEmpty)
    let output = try await connector.execute(attempt).value
    #expect(try JSONSchema(connector.description.output).violations(in: output).map(\.message.english) == [])
    return output
  }
}

@Suite("redis.command", .enabled(if: RedisServer.isThere, RedisServer.absence), .timeLimit(.minutes(1)))
struct RedisCommandTests {
  @Test("gives the answers of Redis as values, and its refusals as failures")
  func commands() async throws {
    let (server, bench) = (try RedisServer(), try BrokerBench())
    let connector = RedisCommandConnector(brokers: bench.brokers)
    func ask(_ with: JSON) async throws -> JSON? {
      try await bench.run(connector, bench.attempt(with, "redis", server.url))["result"]
    }
    #expect(try await ask(["command": "SET", "arguments": ["a", "{\"n\": 1}"]]) == "OK")
    #expect(try await ask(["command": "GET", "arguments": ["a"]]) == "{\"n\": 1}")
    #expect(try await ask(["command": "GET", "arguments": ["a"], "parse": "json"]) == ["n": 1])
    #expect(try await ask(["command": "GET", "arguments": ["none"]]) == .null)
    #expect(try await ask(["command": "RPUSH", "arguments": ["l", 1, 2.5, true]]) == 3)
    #expect(try await ask(["command": "LRANGE", "arguments": ["l", 0, -1]]) == ["1", "2.5", "1"])
    #expect(try await ask(["command": "EVAL", "arguments": ["return '\\255'", 0]]) == ["base64": "/w=="])
    for (with, code) in [
      (["command": "INCR", "arguments": ["a"]] as JSON, "redis-refused"),
      (["command": "NOPE"], "redis-refused"),
      (["command": "EVAL", "arguments": ["return 'no json'", 0], "parse": "json"], "invalid-json"),
    ] {
      let failure = await #expect(throws: Failure.self) { _ = try await ask(with) }
      #expect(failure?.code == code)
      #expect(failure?.errorClass == .data)
    }
  }

  @Test("does not say that nothing happened where the connection broke under a command that must not repeat")
  func lost() async throws {
    let (server, bench) = (try RedisServer(["--enable-debug-command", "yes"]), try BrokerBench())
    let connector = RedisCommandConnector(brokers: bench.brokers)
    _ = try await bench.run(connector, bench.attempt(["command": "PING"], "redis", server.url))
    for (effect, errorClass) in [(EffectClass.once, ErrorClass.lost), (.keyed, .transient)] {
      let attempt = bench.attempt(
        ["command": "EVAL", "arguments": ["while true do end", 0]], "redis", server.url, effect: effect)
      let running = Task { () -> Failure? in
        do throws(Failure) { _ = try await connector.execute(attempt) } catch { return error }
        return nil
      }
      // Redis answers nobody while the script runs: its process works.
      let ping = ["/usr/bin/timeout", "1", "/usr/bin/redis-cli", "-p", "\(server.port)", "PING"]
      while try Tool.run(ping).output.contains("PONG") {}
      server.kill()
      #expect(await running.value?.errorClass == errorClass)
      try server.start()
      _ = try await bench.run(connector, bench.attempt(["command": "PING"], "redis", server.url))
    }
  }
}

@Suite(
  "amqp.publish and amqp.request", .enabled(if: RabbitServer.isThere, RabbitServer.absence), .serialized,
  .timeLimit(.minutes(2)))
struct AMQPConnectorTests {
  /// Answers each request by what `reply` makes of it, once for each of its bodies.
  private func responder(
    _ server: RabbitServer, _ queue: String, _ loop: BrokerLoop, count: Int,
    _ reply: @escaping @Sendable (AMQPMessage) -> [[UInt8]]
  ) async throws -> Task<[AMQPMessage], any Error> {
    let (consumer, client) = (
      AMQPConsumer(try .amqp(server.url), on: loop), AMQPClient(try .amqp(server.url), on: loop)
    )
    try await consumer.open(AMQPQueue(queue), prefetch: 10)
    return Task {
      var seen: [AMQPMessage] = []
      while seen.count < count {
        for delivery in try await consumer.next(10, wait: .seconds(5)) {
          seen.append(delivery.message)
          for body in reply(delivery.message) {
            var answer = AMQPMessage(body)
            (answer.correlationID, answer.messageID) = (delivery.message.correlationID, UUID().uuidString)
            try await client.publish(answer, routingKey: delivery.message.replyTo ?? "")
          }
          try await consumer.acknowledge(delivery)
        }
      }
      await consumer.close()
      await client.close()
      return seen
    }
  }

  @Test("publishes with the step's key as the message's id, and says where nothing takes it")
  func publish() async throws {
    let (server, bench, loop) = (try RabbitServer.shared.get(), try BrokerBench(), try BrokerLoop())
    let connector = AMQPPublish(brokers: bench.brokers)
    let seen = try await responder(server, "c.publish", loop, count: 1) { _ in [] }
    let attempt = bench.attempt(
      ["routing_key": "c.publish", "body": ["a": [1, .null]], "headers": ["h": ["x": [1, true]]]], "amqp",
      server.url, key: "key-1")
    let output = try await bench.run(connector, attempt)
    #expect(output["message_id"] == "key-1")
    let message = try #require(try await seen.value.first)
    #expect(String(decoding: message.body, as: UTF8.self) == "{\"a\":[1,null]}")
    #expect(
      (message.messageID, message.contentType, message.isPersistent) == ("key-1", "application/json", true))
    #expect(message.headers["traceparent"] == .text(attempt.traceParent.header))
    #expect(message.headers["h"] == .table(["x": .array([.int(1), .bool(true)])]))
    let failure = await #expect(throws: Failure.self) {
      _ = try await connector.execute(
        bench.attempt(["routing_key": "c.nobody", "body": 1], "amqp", server.url))
    }
    #expect((failure?.errorClass, failure?.code) == (.configuration, "amqp-unroutable"))
    loop.stop()
  }

  @Test("gets the answer to its own question, the first of two, and fails by one that cannot be read")
  func request() async throws {
    let (server, bench, loop) = (try RabbitServer.shared.get(), try BrokerBench(), try BrokerLoop())
    let connector = AMQPRequest(brokers: bench.brokers)
    let seen = try await responder(server, "c.request", loop, count: 22) { message in
      let text = String(decoding: message.body, as: UTF8.self)
      return text == "\"bad\"" || text == "bad"
        ? [Array("no json".utf8)] : [Array("{\"you\": \(text)}".utf8), Array("{\"second\": true}".utf8)]
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<20 {
        group.addTask {
          let output = try await bench.run(
            connector,
            bench.attempt(["routing_key": "c.request", "body": .int(Int64(number))], "amqp", server.url))
          #expect(output["answer"] == ["you": .int(Int64(number))])
        }
      }
      try await group.waitForAll()
    }
    let failure = await #expect(throws: Failure.self) {
      _ = try await connector.execute(
        bench.attempt(["routing_key": "c.request", "body": "bad"], "amqp", server.url))
    }
    #expect((failure?.errorClass, failure?.code) == (.data, "reply-malformed"))
    let text = try await bench.run(
      connector,
      bench.attempt(["routing_key": "c.request", "body": "bad", "answer": "text"], "amqp", server.url))
    #expect(text["answer"] == "no json")
    #expect(Set(try await seen.value.compactMap(\.correlationID)).count == 22)
    loop.stop()
  }

  @Test("waits no longer than it may, and a late answer is not taken for another's")
  func late() async throws {
    let (server, bench, loop) = (try RabbitServer.shared.get(), try BrokerBench(), try BrokerLoop())
    let connector = AMQPRequest(brokers: bench.brokers)
    let holder = AMQPConsumer(try .amqp(server.url), on: loop)
    try await holder.open(AMQPQueue("c.late"), prefetch: 10)
    let failure = await #expect(throws: Failure.self) {
      _ = try await connector.execute(
        bench.attempt(["routing_key": "c.late", "body": 1, "wait": "1s"], "amqp", server.url))
    }
    #expect((failure?.errorClass, failure?.code) == (.timeout, "broker-timeout"))
    let first = try #require(try await holder.next(1, wait: .seconds(5)).first)
    let client = AMQPClient(try .amqp(server.url), on: loop)
    var answer = AMQPMessage(Array("\"late\"".utf8))
    (answer.correlationID, answer.messageID) = (first.message.correlationID, "late")
    try await client.publish(answer, routingKey: first.message.replyTo ?? "")
    await holder.close()
    let seen = try await responder(server, "c.late", loop, count: 2) { [$0.body] }
    let output = try await bench.run(
      connector, bench.attempt(["routing_key": "c.late", "body": 2], "amqp", server.url))
    #expect(output["answer"] == 2)
    _ = try await seen.value
    await client.close()
    loop.stop()
  }

  @Test("hears its answers through one reader, also after its connection was changed")
  func oneReader() async throws {
    let (server, bench, loop) = (try RabbitServer.shared.get(), try BrokerBench(), try BrokerLoop())
    let connector = AMQPRequest(brokers: bench.brokers)
    let seen = try await responder(server, "c.reader", loop, count: 40) { [$0.body] }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<40 {
        group.addTask {
          var attempt = bench.attempt(
            ["routing_key": "c.reader", "body": .int(Int64(number))], "amqp", server.url)
          if number % 2 == 1 { attempt.connection?.allowedEgress.append("10.0.0.0/8") }
          let output = try await bench.run(connector, attempt)
          #expect(output["answer"] == .int(Int64(number)))
        }
      }
      try await group.waitForAll()
    }
    _ = try await seen.value
    loop.stop()
  }

  @Test("is waited for by the next node, which does not ask a second time")
  func reattaches() async throws {
    let (server, loop, node) = (try RabbitServer.shared.get(), try BrokerLoop(), UUID().uuidString)
    let (bench, next) = (try BrokerBench(node: node), Brokers(node: node))
    let with: JSON = ["routing_key": "c.again", "body": 1]
    let attempt = bench.attempt(with, "amqp", server.url, effect: .reattachable, key: "k")
    let holder = AMQPConsumer(try .amqp(server.url), on: loop)
    try await holder.open(AMQPQueue("c.again"), prefetch: 10)
    let brokers = bench.brokers
    let dying = Task {
      do throws(Failure) { _ = try await AMQPRequest(brokers: brokers).execute(attempt) } catch {}
    }
    let question = try #require(try await holder.next(1, wait: .seconds(20)).first)
    dying.cancel()
    await dying.value
    // With all its connections: the answer waits in the queue, for the next.
    bench.brokers.stop()
    let client = AMQPClient(try .amqp(server.url), on: loop)
    var answer = AMQPMessage(Array("42".utf8))
    (answer.correlationID, answer.messageID) = (question.message.correlationID, "a")
    try await client.publish(answer, routingKey: question.message.replyTo ?? "")
    let found = try await AMQPRequest(brokers: next).outcome(ofLost: attempt)
    #expect(found?.value["answer"] == 42)
    #expect(try await holder.next(1, wait: .milliseconds(200)).isEmpty)
    let unsent = bench.attempt(with, "amqp", server.url, effect: .reattachable, key: "other", number: 2)
    #expect(try await AMQPRequest(brokers: next).outcome(ofLost: unsent) == nil)
    await holder.close()
    await client.close()
    loop.stop()
  }
}
