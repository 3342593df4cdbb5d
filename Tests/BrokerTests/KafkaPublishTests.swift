import Crypto
import Engine
import Foundation
import Model
import Pipelines
import Testing

@testable import Connectors
@testable import Net

@Suite("kafka.publish", .enabled(if: KafkaServer.isThere, KafkaServer.absence), .timeLimit(.minutes(2)))
struct KafkaPublishTests {
  private static func attempt(
    _ bench: BrokerBench, _ server: KafkaServer, _ with: JSON, allow: [String] = ["127.0.0.0/8"],
    _ more: JSONObject = [:], _ credential: Credential? = nil
  ) -> Attempt {
    var address = JSONObject([("brokers", .array([.string(server.brokers)])), ("security", "none")])
    for member in more { address[member.key] = member.value }
    var attempt = bench.attempt(with, "kafka", "")
    attempt.connection = Connection(
      namespace: "demo", name: "broker", kind: "kafka", address: .object(address), allowedEgress: allow)
    attempt.credential = credential
    return attempt
  }

  private static func failure(_ attempt: Attempt) async -> Failure? {
    do throws(Failure) {
      _ = try await KafkaPublish().execute(attempt)
      return nil
    } catch { return error }
  }

  @Test("ends with the place of the message, which has its key and headers and names job and step")
  func publishes() async throws {
    let (server, bench) = (try KafkaServer(["out": 3]), try BrokerBench())
    let with: JSON = [
      "topic": "out", "key": "k", "value": ["a": 1], "headers": ["source": "shop", "n": 2, "none": .null],
    ]
    let output = try await bench.run(KafkaPublish(), Self.attempt(bench, server, with))
    #expect(output["topic"] == "out" && output["offset"] == 0)
    let again = try await bench.run(KafkaPublish(), Self.attempt(bench, server, with))
    #expect(again["partition"] == output["partition"] && again["offset"] == 1, "One key, one partition.")
    let found = try #require(try server.messages("out").first)
    #expect(found["value"] == #"{"a":1}"# && found["key"] == "k" && found["partition"] == output["partition"])
    let headers = try #require(found["headers"])
    #expect(headers["source"] == "shop" && headers["n"] == "2" && headers["none"] == .null)
    #expect(headers["traceparent"]?.string?.hasPrefix("00-01900000000070008000000000000001-") == true)
    #expect(headers["esteira-step-key"]?.string?.isEmpty == false)
  }

  @Test("sends a text as it is, an empty text as empty, and null as a message without a value")
  func values() async throws {
    let (server, bench) = (try KafkaServer(["out": 2]), try BrokerBench())
    for value in ["plain é", "", .null] as [JSON] {
      let with: JSON = ["topic": "out", "value": value, "partition": 1]
      #expect(try await bench.run(KafkaPublish(), Self.attempt(bench, server, with))["partition"] == 1)
    }
    #expect(try server.messages("out").map { $0["value"] } == ["plain é", "", .null])
  }

  @Test("a broker that refuses for a moment is asked again within the attempt, and has the message once")
  func retries() async throws {
    let (server, bench) = (try KafkaServer(["out": 1]), try BrokerBench())
    // NOT_LEADER_FOR_PARTITION, as after an election.
    try server.fail(0, 2, 6)
    let output = try await bench.run(
      KafkaPublish(), Self.attempt(bench, server, ["topic": "out", "value": 1]))
    #expect(output["partition"] == 0)
    #expect(try server.messages("out").count == 1)
  }

  @Test("classes what Kafka refuses, and what stands between here and Kafka")
  func refusals() async throws {
    let (server, bench) = (try KafkaServer(["out": 1]), try BrokerBench())
    let with: JSON = ["topic": "out", "value": 1, "timeout": "3s"]
    let narrow = await Self.failure(Self.attempt(bench, server, with, allow: []))
    #expect(
      narrow?.code == "egress-refused" && narrow?.errorClass == .configuration, "\(narrow?.message ?? "")")
    let dead = await Self.failure(Self.attempt(bench, server, with, ["brokers": ["127.0.0.1:1"]]))
    #expect(dead?.code == "unreachable" && dead?.errorClass == .transient, "\(dead?.message ?? "")")
    let secure = await Self.failure(Self.attempt(bench, server, with, ["security": "verify"]))
    #expect(secure?.code == "tls" || secure?.code == "unreachable", "\(secure?.message ?? "")")
    // MESSAGE_TOO_LARGE and TOPIC_AUTHORIZATION_FAILED.
    try server.fail(0, 1, 10)
    let large = await Self.failure(Self.attempt(bench, server, with))
    #expect(large?.code == "kafka-refused" && large?.errorClass == .data, "\(large?.message ?? "")")
    try server.fail(0, 1, 29)
    let denied = await Self.failure(Self.attempt(bench, server, with))
    #expect(denied?.code == "kafka-refused" && denied?.errorClass == .credential, "\(denied?.message ?? "")")
  }

  @Test("ends at its time, or soon after its cancel, while the brokers are silent")
  func silent() async throws {
    let (server, bench) = (try KafkaServer(["out": 1]), try BrokerBench())
    server.freeze()
    defer { server.goOn() }
    let late = await Self.failure(Self.attempt(bench, server, ["topic": "out", "value": 1, "timeout": "1s"]))
    #expect(late?.errorClass == .timeout && late?.code == "broker-timeout", "\(late?.message ?? "")")
    let attempt = Self.attempt(bench, server, ["topic": "out", "value": 1, "timeout": "10m"])
    let running = Task { await Self.failure(attempt) }
    running.cancel()
    let ended = await running.value
    #expect(ended?.errorClass == .cancelled, "\(ended?.message ?? "")")
  }

  @Test("takes 16 MiB with key and headers, a topic of 249 letters and 100 headers, and no more")
  func limits() async throws {
    let topic = String(repeating: "t", count: 249)
    let (server, bench) = (try KafkaServer([topic: 1]), try BrokerBench())
    func attempt(_ more: JSONObject) -> Attempt {
      var with = JSONObject([("topic", .string(topic)), ("value", 1)])
      for member in more { with[member.key] = member.value }
      return Self.attempt(bench, server, .object(with))
    }
    let headers = JSONObject((1...98).map { ("h\($0)", JSON.string("v")) })
    let own = size(of: attempt(["key": "k", "headers": .object(headers), "value": ""]))
    let whole = String(repeating: "x", count: KafkaProducer.messageLimit - own)
    for (value, code) in [(whole, nil), (whole + "x", "message-too-large")] {
      let attempt = attempt(["key": "k", "headers": .object(headers), "value": .string(value)])
      #expect(await Self.failure(attempt)?.code == code)
    }
    let long = await Self.failure(attempt(["topic": .string(topic + "t")]))
    #expect(long?.errorClass == .data && long?.code == "invalid-with", "\(long?.message ?? "")")
    let schema = try JSONSchema(KafkaPublish.description.with)
    for (count, isTaken) in [(100, true), (101, false)] {
      let names = JSONObject((1...count).map { ("h\($0)", JSON.int(1)) })
      let attempt = attempt(["headers": .object(names)])
      #expect(schema.violations(in: attempt.with).isEmpty == isTaken, "\(count) headers")
      if isTaken { #expect(await Self.failure(attempt) == nil) }
    }
  }

  /// What a message has beside its value, with the headers that the connector adds.
  private func size(of attempt: Attempt) -> Int {
    let headers = (attempt.with["headers"]?.object ?? JSONObject()).map {
      KafkaMessage.Header($0.key, Array(($0.value.string ?? "").utf8))
    }
    let own = [
      KafkaMessage.Header("traceparent", Array(attempt.traceParent.header.utf8)),
      KafkaMessage.Header("esteira-step-key", Array(attempt.stepKey.utf8)),
    ]
    let key = attempt.with["key"]?.string.map { Array($0.utf8) }
    return KafkaMessage(topic: "", key: key, value: nil, headers: headers + own).size
  }

  @Test("a test of the connection asks the cluster for its brokers")
  func probes() async throws {
    let (server, bench) = (try KafkaServer(), try BrokerBench())
    let probe = ConnectionProbe(
      try CurlClient(version: "test"), bench.brokers, now: { Timestamp(microseconds: 0) })
    let connection = try #require(Self.attempt(bench, server, [:]).connection)
    let found = await probe.ask(connection, nil, path: nil)
    #expect(found.map(\.passed) == [true] && found[0].note.contains("brokers: 1"), "\(found)")
    let narrow = try #require(Self.attempt(bench, server, [:], allow: []).connection)
    #expect(await probe.ask(narrow, nil, path: nil).map(\.passed) == [false])
  }
}
