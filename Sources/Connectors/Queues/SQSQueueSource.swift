import Engine
import Model
import Net

/// A queue of Amazon SQS, or of what speaks as it does: what is taken is hidden from others until it is
/// deleted, and comes again once its time is over.
///
/// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
actor SQSQueueSource: QueueSource {
  private let service: AWSService
  private let queue: String
  private let deadLetter: String?
  private let visibility: Duration
  private var urls: (queue: String, dead: String?)?

  static let kind = "sqs"
  static let mostMessages = 10
  /// The longest that SQS keeps a question open.
  private static let longestWait = Duration.seconds(20)
  private static let margin = Duration.seconds(15)

  init(_ attempt: Attempt, _ curl: CurlClient, queue: String, spec: QueueTriggerSpec) throws(Failure) {
    let place = try ServicePlace(
      attempt.connection, kind: Self.kind, members: ["region", "endpoint"],
      example: "{region: sa-east-1}")
    let key = try AWSService.key(attempt.credential, of: place.connection)
    let region = try place.text("region") ?? attempt.credential?["region"]?.reveal()
    guard let region else { throw place.invalid("no `region`") }
    let (endpoint, egress) = (try place.text("endpoint"), try Egress(of: place.connection))
    do throws(NetError) {
      var aws = try AWSPlace(
        "sqs", target: "AmazonSQS", version: "1.0", endpoint: endpoint, region: region, keyID: key.id,
        secret: key.secret, token: key.token)
      aws.egress = egress
      service = AWSService("SQS", aws, curl, now: attempt.services.now)
    } catch {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The connection `\(place.connection.name)` cannot be used: \(error)")
    }
    (self.queue, deadLetter, visibility) = (queue, spec.deadLetter, spec.visibility)
  }

  func open() async throws(Failure) {
    let main = try await url(of: queue)
    var dead: String?
    if let deadLetter { dead = try await url(of: deadLetter) }
    urls = (main, dead)
  }

  private func url(of name: String) async throws(Failure) -> String {
    if name.hasPrefix("https://") || name.hasPrefix("http://") { return name }
    let answer = try await service.ask("GetQueueUrl", ["QueueName": .string(name)])
    guard let url = answer["QueueUrl"]?.string else { throw Self.strange }
    return url
  }

  func close() async { urls = nil }

  /// What is taken has its time, and nobody asks for a sign of life.
  func beat() async throws(Failure) {}

  func receive(_ most: Int, wait: Duration) async throws(Failure) -> [Delivery] {
    guard let urls else { return [] }
    let wait = min(wait, Self.longestWait)
    let answer = try await service.ask(
      "ReceiveMessage",
      [
        "QueueUrl": .string(urls.queue), "MaxNumberOfMessages": .int(Int64(min(most, Self.mostMessages))),
        "WaitTimeSeconds": .int(wait.components.seconds),
        "VisibilityTimeout": .int(visibility.components.seconds), "AttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
      ], timeout: wait + Self.margin)
    return try (answer["Messages"]?.array ?? []).map { one throws(Failure) in try Self.delivery(one) }
  }

  func acknowledge(_ done: [Delivery], dead: [Delivery]) async throws(Failure) {
    guard let urls else { return }
    if let place = urls.dead {
      for delivery in dead {
        let text = String(decoding: delivery.raw.first ?? [], as: UTF8.self)
        _ = try await service.ask("SendMessage", ["QueueUrl": .string(place), "MessageBody": .string(text)])
      }
    }
    var rest = (done + dead)[...]
    while !rest.isEmpty {
      let entries = rest.prefix(Self.mostMessages).enumerated().map { number, delivery -> JSON in
        [
          "Id": .string("m\(number)"),
          "ReceiptHandle": .string(String(decoding: delivery.reference, as: UTF8.self)),
        ]
      }
      rest = rest.dropFirst(entries.count)
      let answer = try await service.ask(
        "DeleteMessageBatch", ["QueueUrl": .string(urls.queue), "Entries": .array(entries)])
      guard let failed = answer["Failed"]?.array, let first = failed.first else { continue }
      throw Failure(
        .transient, code: "aws-refused",
        "SQS did not delete \(failed.count) messages: \(first["Code"]?.string ?? "") "
          + "\(first["Message"]?.string ?? "").")
    }
  }

  private static let strange = Failure(
    .data, code: "queue-answer", "SQS answered something else than its documentation says.")

  private static func delivery(_ one: JSON) throws(Failure) -> Delivery {
    guard let id = one["MessageId"]?.string, let handle = one["ReceiptHandle"]?.string,
      let body = one["Body"]?.string
    else { throw strange }
    var headers = JSONObject([("message_id", .string(id))])
    for member in one["Attributes"]?.object ?? JSONObject() {
      headers[member.key] = .string(ScriptInput.plain(member.value))
    }
    for member in one["MessageAttributes"]?.object ?? JSONObject() where headers[member.key] == nil {
      let value = member.value["StringValue"] ?? member.value["BinaryValue"]
      headers[member.key] = value.map { .string(ScriptInput.plain($0)) }
    }
    return Delivery(
      message: QueuedMessage(key: "sqs \(id)", body: .bytes(Array(body.utf8)), headers: headers),
      reference: Array(handle.utf8), raw: [Array(body.utf8)])
  }
}
