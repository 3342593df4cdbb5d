import Crypto
import Engine
import Foundation
import Model
import Net
import Synchronization
import Testing

@testable import Connectors

/// Plays Cloudflare Queues as its own pages describe the pull API, and takes nothing else:
/// https://developers.cloudflare.com/queues/configuration/pull-consumers/
/// https://developers.cloudflare.com/api/resources/queues/subresources/messages/methods/pull/
/// https://developers.cloudflare.com/api/resources/queues/subresources/messages/methods/ack/
private final class CloudflareQueueStandIn: Sendable {
  static let account = "023e105f4ecef8ad9ca31a8372d0c353"
  static let queue = String(repeating: "1", count: 32)
  static let dead = String(repeating: "2", count: 32)

  struct State {
    /// Body as it comes, with its type.
    var waiting: [(id: String, body: String, type: String)] = []
    var leased: [String: (id: String, body: String, type: String)] = [:]
    var leases = 0
    var dead: [String] = []
    var acknowledged: [String] = []
    var pulls: [JSON] = []
  }

  private let state = Mutex(State())
  var now: State { state.withLock { $0 } }
  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

  private static func refused(_ status: Int, _ code: Int64, _ words: String) -> HTTPResponse {
    .json(
      status,
      ["success": false, "errors": [["code": .int(code), "message": .string(words)]], "result": .null])
  }

  private static func fine(_ result: JSON) -> HTTPResponse {
    .json(200, ["success": true, "errors": [], "messages": [], "result": result])
  }

  func answer(_ request: HTTPRequest) -> HTTPResponse {
    guard request.headers["authorization"] == "Bearer t0ken-of-ana" else {
      return Self.refused(401, 10000, "Authentication error")
    }
    let root = "/client/v4/accounts/\(Self.account)/queues"
    if request.method == "GET", request.path == root {
      let isFirst = request.query("page") == ["1"] && request.query("per_page") == ["100"]
      return Self.fine(
        isFirst
          ? [
            ["queue_name": "ingest", "queue_id": .string(Self.queue)],
            ["queue_name": "ingest-dead", "queue_id": .string(Self.dead)],
          ] : [])
    }
    guard request.method == "POST", request.headers["content-type"] == "application/json",
      let body = request.json?.object
    else { return Self.refused(405, 10405, "Method not allowed") }
    return state.withLock { state in
      switch request.path {
      case "\(root)/\(Self.queue)/messages/pull": Self.pull(body, &state)
      case "\(root)/\(Self.queue)/messages/ack": Self.acknowledge(body, &state)
      case "\(root)/\(Self.dead)/messages":
        Self.push(body, &state)
      case _: Self.refused(404, 7003, "Could not route to \(request.path)")
      }
    }
  }

  private static func pull(_ body: JSONObject, _ state: inout State) -> HTTPResponse {
    guard body.keys == ["batch_size", "visibility_timeout_ms"], let size = body["batch_size"]?.int,
      (1...100).contains(size), let life = body["visibility_timeout_ms"]?.int, life <= 43_200_000
    else { return refused(400, 10026, "bad pull") }
    state.pulls.append(.object(body))
    let taken = state.waiting.prefix(Int(size))
    state.waiting.removeFirst(taken.count)
    let messages = taken.map { one -> JSON in
      state.leases += 1
      let lease = "lease-\(state.leases)"
      state.leased[lease] = one
      return [
        "body": .string(one.body), "id": .string(one.id), "timestamp_ms": 1_689_615_013_586, "attempts": 1,
        "metadata": ["CF-sourceMessageSource": "dash", "CF-Content-Type": .string(one.type)],
        "lease_id": .string(lease),
      ]
    }
    return fine(["message_backlog_count": 0, "messages": .array(messages)])
  }

  private static func acknowledge(_ body: JSONObject, _ state: inout State) -> HTTPResponse {
    guard let acks = body["acks"]?.array, body["retries"] == [] else { return refused(400, 10027, "bad ack") }
    for ack in acks {
      if let lease = ack["lease_id"]?.string, let one = state.leased.removeValue(forKey: lease) {
        state.acknowledged.append(one.id)
      }
    }
    return fine(["ackCount": .int(Int64(acks.count)), "retryCount": 0, "warnings": []])
  }

  private static func push(_ body: JSONObject, _ state: inout State) -> HTTPResponse {
    guard body["content_type"] == "text", let text = body["body"]?.string else {
      return refused(400, 10028, "")
    }
    state.dead.append(text)
    return fine(.null)
  }
}

/// Plays Amazon SQS as Amazon's own pages describe it, signature included, and takes nothing else:
/// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
/// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html
private final class SQSStandIn: Sendable {
  struct State {
    var waiting: [(id: String, body: String)] = []
    var hidden: [String: (id: String, body: String)] = [:]
    var deleted: [String] = []
    var sent: [String] = []
    var handles = 0
    var refusesDeletion = false
  }

  private let state = Mutex(State())
  var now: State { state.withLock { $0 } }
  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

  func answer(_ request: HTTPRequest) -> HTTPResponse {
    guard request.method == "POST", request.target == "/",
      request.headers["content-type"] == "application/x-amz-json-1.0",
      let target = request.headers["x-amz-target"], target.hasPrefix("AmazonSQS."), let body = request.json
    else { return .json(404, ["__type": "com.amazon.coral.service#UnknownOperationException"]) }
    guard AWSSignature.isRight(request, service: "sqs", secret: "wJalrXUtnFEMI-EXAMPLE") else {
      return .json(
        403, ["__type": "com.amazon.coral.service#InvalidSignatureException", "message": "no match"])
    }
    return state.withLock { state in
      switch String(target.dropFirst("AmazonSQS.".count)) {
      case "GetQueueUrl":
        body["QueueName"] == "ingest" || body["QueueName"] == "dead"
          ? .json(200, ["QueueUrl": .string("https://sqs.example.com/1/\(body["QueueName"]?.string ?? "")")])
          : .json(
            400,
            [
              "__type": "com.amazonaws.sqs#QueueDoesNotExist",
              "message": "The specified queue does not exist.",
            ])
      case "ReceiveMessage": Self.receive(body, &state)
      case "DeleteMessageBatch": Self.delete(body, &state)
      case "SendMessage": Self.send(body, &state)
      case _: .json(400, ["__type": "UnknownOperationException"])
      }
    }
  }

  private static let bad = HTTPResponse.json(400, ["__type": "com.amazonaws.sqs#InvalidParameterValue"])

  private static func receive(_ body: JSON, _ state: inout State) -> HTTPResponse {
    guard body["QueueUrl"] == "https://sqs.example.com/1/ingest", let most = body["MaxNumberOfMessages"]?.int,
      (1...10).contains(most), let wait = body["WaitTimeSeconds"]?.int, (0...20).contains(wait),
      body["VisibilityTimeout"] == 60
    else { return bad }
    let taken = state.waiting.prefix(Int(most))
    state.waiting.removeFirst(taken.count)
    if taken.isEmpty { return .json(200, [:]) }
    let messages = taken.map { one -> JSON in
      state.handles += 1
      let handle = "handle-\(state.handles)"
      state.hidden[handle] = one
      return [
        "MessageId": .string(one.id), "ReceiptHandle": .string(handle), "Body": .string(one.body),
        "Attributes": ["ApproximateReceiveCount": "1"],
        "MessageAttributes": ["kind": ["DataType": "String", "StringValue": "test"]],
      ]
    }
    return .json(200, ["Messages": .array(messages)])
  }

  private static func delete(_ body: JSON, _ state: inout State) -> HTTPResponse {
    guard let entries = body["Entries"]?.array, (1...10).contains(entries.count) else { return bad }
    if state.refusesDeletion {
      return .json(
        200, ["Failed": [["Id": "m0", "Code": "InternalError", "Message": "later", "SenderFault": false]]])
    }
    for entry in entries {
      if let handle = entry["ReceiptHandle"]?.string, let one = state.hidden.removeValue(forKey: handle) {
        state.deleted.append(one.id)
      }
    }
    return .json(200, ["Successful": [], "Failed": []])
  }

  private static func send(_ body: JSON, _ state: inout State) -> HTTPResponse {
    guard body["QueueUrl"] == "https://sqs.example.com/1/dead", let text = body["MessageBody"]?.string else {
      return bad
    }
    state.sent.append(text)
    return .json(200, ["MessageId": "x"])
  }
}

@Suite("A queue of a service", .timeLimit(.minutes(2)))
struct QueueSourceTests {
  /// What the engine is asked, and what it says.
  private final class Desk: Sendable {
    let taken = Mutex<[QueuedMessage]>([])

    var asked: QueueTriggerDesk {
      QueueTriggerDesk(
        room: { 1_000 },
        take: { messages in
          self.taken.withLock { $0 += messages }
          return messages.map { message in
            guard case .bytes(let bytes) = message.body, (try? JSON(parsing: bytes)) != nil else {
              return .deadLetter(
                Problem("message-not-json", Bilingual("no", pt: "não"), remedy: Bilingual("", pt: "")))
            }
            return .stored
          }
        })
    }
  }

  private static func spec(_ queue: String, dead: String? = nil, prefetch: Int = 16) -> QueueTriggerSpec {
    QueueTriggerSpec(connection: "service", source: .queue(queue), deadLetter: dead, prefetch: prefetch)
  }

  private static func consumer(
    _ spec: QueueTriggerSpec, _ connection: Connection, _ credential: Credential?, _ curl: CurlClient,
    _ desk: QueueTriggerDesk, _ brokers: Brokers
  ) throws -> QueueConsumer {
    try QueueReading.consumer(
      spec, reader: "r", brokers, curl: curl, now: { SystemClock().now },
      connection: { () async throws(Failure) in (connection, credential) }, desk: desk, log: { _ in })
  }

  private static func wait(_ isThere: @escaping @Sendable () -> Bool) async {
    await OwnThread.run { while !isThere() { poll(nil, 0, 5) } }
  }

  private static func cloudflare(_ site: Site) -> Connection {
    ServiceBench.connection(
      "cloudflare", site.url + "/client/v4", ["account_id": .string(CloudflareQueueStandIn.account)])
  }

  @Test(
    "of Cloudflare is read by its name; a message is acknowledged once it is stored, and a dead one is kept"
  )
  func cloudflare() async throws {
    let stand = CloudflareQueueStandIn()
    let site = try Site { stand.answer($0) }
    let (desk, brokers) = (Desk(), Brokers())
    stand.change { state in
      state.waiting = [
        ("a", Base64.encode(Array("{\"n\": 1}".utf8)), "json"), ("b", "{\"n\": 2}", "text"),
        ("c", "no JSON", "text"),
      ]
    }
    let consumer = try Self.consumer(
      Self.spec("ingest", dead: "ingest-dead"), Self.cloudflare(site), ServiceBench.bearer, site.client,
      desk.asked,
      brokers)
    let running = Task { await consumer.run() }
    await Self.wait { stand.now.acknowledged.count == 3 }
    stand.change { $0.waiting = [("d", "3", "text")] }
    await Self.wait { stand.now.acknowledged.count == 4 }
    running.cancel()
    await running.value
    #expect(
      desk.taken.withLock { $0.map(\.key) } == [
        "cloudflare a", "cloudflare b", "cloudflare c", "cloudflare d",
      ])
    #expect(desk.taken.withLock { $0[0].body } == .bytes(Array("{\"n\": 1}".utf8)))
    #expect(desk.taken.withLock { $0[0].headers["cf-content-type"] } == "json")
    #expect(stand.now.dead == ["no JSON"] && stand.now.pulls.first?["visibility_timeout_ms"] == 60_000)
    #expect(consumer.status.stored == 3 && consumer.status.deadLetters == 1)
    await site.stop()
  }

  @Test("of Cloudflare that is not there, or not for this token, says so and is tried again")
  func broken() async throws {
    let stand = CloudflareQueueStandIn()
    let site = try Site { stand.answer($0) }
    let brokers = Brokers()
    for (queue, token, words) in [
      ("other", ServiceBench.bearer, "no queue `other`"),
      (
        "ingest", Credential(name: "c", type: "bearer", values: [("token", Secret("other"))]),
        "10000: Authentication error"
      ),
    ] {
      let consumer = try Self.consumer(
        Self.spec(queue), Self.cloudflare(site), token, site.client, Desk().asked, brokers)
      let running = Task { await consumer.run() }
      await Self.wait { consumer.status.failures >= 2 }
      #expect(consumer.status.lastFailure?.contains(words) == true, "\(consumer.status.lastFailure ?? "")")
      running.cancel()
      await running.value
    }
    await site.stop()
  }

  private static func sqs(_ site: Site) -> Connection {
    ServiceBench.connection(
      "sqs", site.url, ["url": .null, "endpoint": .string(site.url), "region": "us-east-1"])
  }

  @Test("of SQS is read ten at a time, with signed requests; each message is deleted once it is stored")
  func sqs() async throws {
    let stand = SQSStandIn()
    let site = try Site { stand.answer($0) }
    let (desk, brokers) = (Desk(), Brokers())
    stand.change { state in
      state.waiting = (0..<25).map { ("m\($0)", "{\"n\": \($0)}") } + [("bad", "no JSON")]
    }
    let consumer = try Self.consumer(
      Self.spec("ingest", dead: "dead", prefetch: 100), Self.sqs(site), ServiceTests.aws, site.client,
      desk.asked,
      brokers)
    let running = Task { await consumer.run() }
    await Self.wait { stand.now.deleted.count == 26 }
    running.cancel()
    await running.value
    #expect(stand.now.deleted.first == "m0" && stand.now.sent == ["no JSON"])
    #expect(
      desk.taken.withLock { $0.first?.headers } == [
        "message_id": "m0", "ApproximateReceiveCount": "1", "kind": "test",
      ])
    await site.stop()
  }

  @Test("of SQS whose messages cannot be deleted brings them again, under the same key")
  func again() async throws {
    let stand = SQSStandIn()
    let site = try Site { stand.answer($0) }
    let (desk, brokers) = (Desk(), Brokers())
    stand.change { state in
      state.waiting = [("m1", "1")]
      state.refusesDeletion = true
    }
    let consumer = try Self.consumer(
      Self.spec("ingest"), Self.sqs(site), ServiceTests.aws, site.client, desk.asked, brokers)
    let running = Task { await consumer.run() }
    await Self.wait { consumer.status.failures >= 1 }
    stand.change { state in
      state.refusesDeletion = false
      state.waiting = Array(state.hidden.values)
    }
    await Self.wait { stand.now.deleted == ["m1"] }
    running.cancel()
    await running.value
    #expect(desk.taken.withLock { $0.map(\.key) } == ["sqs m1", "sqs m1"])
    await site.stop()
  }

  @Test(
    "of what others say is SQS (moto) is read too",
    .enabled(if: S3Bench.moto != nil, "moto cannot be had: PyPI does not answer."))
  func moto() async throws {
    let url = try #require(S3Bench.moto?.greeting)
    let (desk, brokers, curl) = (Desk(), Brokers(), try CurlClient(version: "test"))
    let connection = ServiceBench.connection(
      "sqs", url, ["url": .null, "endpoint": .string(url), "region": "us-east-1"])
    var place = try AWSPlace(
      "sqs", target: "AmazonSQS", version: "1.0", endpoint: url, region: "us-east-1", keyID: "AKIDEXAMPLE",
      secret: "wJalrXUtnFEMI-EXAMPLE", token: nil)
    place.egress = Egress(allow: [CIDR("127.0.0.0/8")].compactMap(\.self))
    let service = AWSService("SQS", place, curl, now: { SystemClock().now })
    let queue = try await service.ask("CreateQueue", ["QueueName": "esteira"])["QueueUrl"]
    for number in 0..<12 {
      _ = try await service.ask(
        "SendMessage", ["QueueUrl": queue ?? "", "MessageBody": .string("{\"n\": \(number)}")])
    }
    let consumer = try Self.consumer(
      Self.spec("esteira"), connection, ServiceTests.aws, curl, desk.asked, brokers)
    let running = Task { await consumer.run() }
    await Self.wait { consumer.status.stored == 12 }
    running.cancel()
    await running.value
    let left = try await service.ask(
      "GetQueueAttributes", ["QueueUrl": queue ?? "", "AttributeNames": ["All"]])["Attributes"]
    #expect(
      left?["ApproximateNumberOfMessages"] == "0" && left?["ApproximateNumberOfMessagesNotVisible"] == "0")
    await curl.stop()
  }
}
