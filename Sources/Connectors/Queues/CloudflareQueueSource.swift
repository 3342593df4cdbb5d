import Crypto
import Engine
import Model
import Net

/// A queue of Cloudflare, by its pull API: what is taken is leased until it is acknowledged, and comes again
/// once the lease is over.
///
/// https://developers.cloudflare.com/queues/configuration/pull-consumers/
actor CloudflareQueueSource: QueueSource {
  private let place: CloudflareAPI.Place
  private let loop: BrokerLoop
  private let queue: String
  private let deadLetter: String?
  private let visibility: Duration
  /// The ids of the queue and of the one for what cannot be read.
  private var paths: (queue: String, dead: String?)?
  private var pause = firstPause

  static let mostMessages = 100
  private static let mostPages = 10
  /// The API answers at once where there is nothing: it is asked again after so long, doubled.
  private static let firstPause = Duration.milliseconds(500)

  init(
    _ attempt: Attempt, _ curl: CurlClient, on loop: BrokerLoop, queue: String, spec: QueueTriggerSpec
  ) throws(Failure) {
    place = try CloudflareAPI.place(attempt, curl)
    (self.loop, self.queue, deadLetter, visibility) = (loop, queue, spec.deadLetter, spec.visibility)
  }

  func open() async throws(Failure) {
    guard let account = place.account else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The connection `\(place.service.attempt.connection?.name ?? "")` needs an `account_id`.")
    }
    let root = "/accounts/\(account)/queues"
    let main = try await id(of: queue, root)
    var dead: String?
    if let deadLetter { dead = try await id(of: deadLetter, root) }
    paths = ("\(root)/\(main)/messages", dead.map { "\(root)/\($0)/messages" })
  }

  /// The API knows queues by their ids; people by their names.
  private func id(of name: String, _ root: String) async throws(Failure) -> String {
    if CloudflareAPI.isID(name) { return name }
    for page in 1...Self.mostPages {
      let answer = try await ask("GET", root, query: [("page", "\(page)"), ("per_page", "100")])
      let found = answer["result"]?.array ?? []
      if let one = found.first(where: { $0["queue_name"]?.string == name }), let id = one["queue_id"]?.string
      {
        return id
      }
      if found.isEmpty { break }
    }
    throw Failure(.configuration, code: "queue-unknown", "Cloudflare has no queue `\(name.prefix(200))`.")
  }

  func close() async { paths = nil }

  /// A lease has its time, and nobody asks for a sign of life.
  func beat() async throws(Failure) {}

  func receive(_ most: Int, wait: Duration) async throws(Failure) -> [Delivery] {
    guard let paths else { return [] }
    let answer = try await ask(
      "POST", "\(paths.queue)/pull",
      json: [
        "batch_size": .int(Int64(min(most, Self.mostMessages))),
        "visibility_timeout_ms": .int(visibility.milliseconds),
      ])
    let found = answer["result"]?["messages"]?.array ?? []
    guard found.isEmpty else {
      pause = Self.firstPause
      return try found.map { one throws(Failure) in try Self.delivery(one) }
    }
    await loop.pause(until: .now + min(pause, wait))
    pause = min(wait, pause * 2)
    return []
  }

  func acknowledge(_ done: [Delivery], dead: [Delivery]) async throws(Failure) {
    guard let paths else { return }
    if let place = paths.dead {
      for delivery in dead {
        let text = String(decoding: delivery.raw.first ?? [], as: UTF8.self)
        _ = try await ask("POST", place, json: ["body": .string(text), "content_type": "text"])
      }
    }
    let acks = (done + dead).map { delivery -> JSON in
      ["lease_id": .string(String(decoding: delivery.reference, as: UTF8.self))]
    }
    _ = try await ask("POST", "\(paths.queue)/ack", json: ["acks": .array(acks), "retries": []])
  }

  private func ask(
    _ method: String, _ path: String, query: [(name: String, value: String)] = [], json: JSON? = nil
  ) async throws(Failure) -> JSON {
    let answer = try await place.service.ask(method, path, query: query, json: json)
    try answer.check(saying: CloudflareAPI.words(answer))
    guard answer.json["success"] == true else {
      throw Failure(
        .data, code: "queue-answer", "Cloudflare answered something else than its documentation says.")
    }
    return answer.json
  }

  /// JSON and bytes come in base64, text as it is.
  private static func delivery(_ one: JSON) throws(Failure) -> Delivery {
    guard let id = one["id"]?.string, let lease = one["lease_id"]?.string, let body = one["body"]?.string
    else {
      throw Failure(
        .data, code: "queue-answer", "Cloudflare answered a message without its id, lease or body.")
    }
    var headers = JSONObject([("message_id", .string(id))])
    for name in ["attempts", "timestamp_ms"] { headers[name] = one[name].map { .string($0.text) } }
    for member in one["metadata"]?.object ?? JSONObject() {
      headers[member.key.lowercased()] = .string(ScriptInput.plain(member.value))
    }
    var bytes = Array(body.utf8)
    if let type = headers["cf-content-type"]?.string, ["json", "bytes"].contains(type) {
      // What is none is no JSON either, which the trigger says.
      bytes = Base64.decode(body) ?? bytes
    }
    return Delivery(
      message: QueuedMessage(key: "cloudflare \(id)", body: .bytes(bytes), headers: headers),
      reference: Array(lease.utf8), raw: [bytes])
  }
}
