import Crypto
import Engine
import Glibc
import Model
import Net

/// `elasticsearch.index`: documents into an index, many at a time.
///
/// https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
struct SearchIndex: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let kind = "elasticsearch"

  static func service(_ attempt: Attempt, _ client: CurlClient) throws(Failure) -> ServiceCall {
    let place = try ServicePlace(
      attempt.connection, kind: kind, members: ["url"],
      example: "{url: \"https://search.example.com:9200\"}")
    var service = ServiceCall("Elasticsearch", attempt, client, base: try place.needed("url"))
    service.headers = try WebCall.proof(of: attempt.credential).map { [$0] } ?? []
    service.timeout = .seconds(300)
    return service
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let service = try Self.service(attempt, client)
    let documents = try await SearchDocuments.read(attempt)
    var sending = SearchSending(attempt, service)
    var batch: [SearchAction] = []
    var bytes = 0
    for (place, document) in documents.enumerated() {
      let action = try SearchAction(document, at: place, attempt)
      if !batch.isEmpty,
        batch.count >= SearchSending.mostActions || bytes + action.size > SearchSending.mostBytes
      {
        try await sending.send(batch)
        (batch, bytes) = ([], 0)
      }
      batch.append(action)
      bytes += action.size
    }
    if !batch.isEmpty { try await sending.send(batch) }
    return AttemptOutput(try sending.output())
  }
}

/// The documents of a step: a list, or the lines of an artifact.
enum SearchDocuments {
  private static let fileLimit = 64 << 20

  static func read(_ attempt: Attempt) async throws(Failure) -> [JSON] {
    if let list = attempt.with["documents"]?.array {
      guard attempt.with["file"] == nil else {
        throw Failure(
          .configuration, code: "invalid-with", "Give either `documents` or `file`, and not both.")
      }
      return list
    }
    guard let value = attempt.with["file"], let handle = ArtifactHandle(value) else {
      throw Failure(
        .data, code: "not-an-artifact",
        "`file` is no artifact; give `documents`, or the handle of a step's output.")
    }
    guard handle.size <= Int64(fileLimit) else {
      throw Failure(
        .data, code: "file-too-large",
        "`\(handle.name)` has \(handle.size) bytes, more than 64 MiB: index it in parts.")
    }
    let path = "\(attempt.services.workFolder)/documents"
    try await attempt.services.fetchArtifact(handle.sha256, path)
    return try await OwnThread.run { () throws(Failure) in
      guard let bytes = SmallFile.read(path, limit: fileLimit) else { throw .workFolder(errno) }
      var documents: [JSON] = []
      for (place, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
        guard let document = try? JSON(parsing: Array(line)) else {
          throw Failure(.data, code: "invalid-json", "Line \(place + 1) of `\(handle.name)` is no JSON.")
        }
        documents.append(document)
      }
      return documents
    }
  }
}

/// One document on its way into the index.
struct SearchAction: Sendable {
  /// In the step's list, from 0.
  let place: Int
  let id: String
  /// Its one or two lines.
  let lines: [UInt8]
  var size: Int { lines.count }

  /// What Elasticsearch takes of an id.
  static let longestID = 512

  init(_ document: JSON, at place: Int, _ attempt: Attempt) throws(Failure) {
    guard let members = document.object else {
      throw Failure(
        .data, code: "index-document", "The document at place \(place) is a \(document.kind), no map.")
    }
    self.place = place
    id = try Self.id(members, at: place, attempt)
    let operation = attempt.with["operation"]?.string ?? "index"
    var meta = JSONObject([("_id", .string(id))])
    if let routing = attempt.with["routing"]?.string, let value = members[routing] {
      meta["routing"] = .string(ScriptInput.plain(value))
    }
    var lines = JSON.object(JSONObject([(operation, .object(meta))])).serialized() + [10]
    switch operation {
    case "delete": break
    case "update":
      lines += JSON.object(JSONObject([("doc", document), ("doc_as_upsert", true)])).serialized() + [10]
    default: lines += document.serialized() + [10]
    }
    self.lines = lines
  }

  /// Of the document itself, else of the step's key and its place: the same for every attempt.
  private static func id(
    _ members: JSONObject, at place: Int, _ attempt: Attempt
  ) throws(Failure) -> String {
    guard let name = attempt.with["id"]?.string else {
      return String(SHA256.hex(Array("\(attempt.stepKey) \(place)".utf8)).prefix(40))
    }
    switch members[name] {
    case .string(let text)? where (1...longestID).contains(text.utf8.count): return text
    case .int(let number)?: return "\(number)"
    case .string, .double, .bool, .null, .array, .object, nil:
      throw Failure(
        .data, code: "index-document",
        "The document at place \(place) has no `\(name.prefix(80))` of 1 to \(longestID) bytes "
          + "that could be its id.")
    }
  }
}

/// Sends batches, and keeps what became of each document.
struct SearchSending: Sendable {
  private let attempt: Attempt
  private let service: ServiceCall
  private let path: String
  private var counts: [String: Int] = [:]
  private var took: Int64 = 0
  private var errors: [JSON] = []
  private var failed = 0

  static let mostActions = 1_000
  static let mostBytes = 5 << 20
  private static let mostErrors = 100
  private static let tries = 4
  private static let firstPause = Duration.seconds(1)

  init(_ attempt: Attempt, _ service: ServiceCall) {
    (self.attempt, self.service) = (attempt, service)
    path = "/\(ServiceCall.part(attempt.with["index"]?.string ?? ""))/_bulk"
  }

  private var query: [(name: String, value: String)] {
    ["refresh", "pipeline"].compactMap { name in
      attempt.with[name]?.string.map { (name: name, value: $0) }
    }
  }

  /// Documents that the index has no room for at the moment are sent again, and those alone.
  mutating func send(_ batch: [SearchAction]) async throws(Failure) {
    var (rest, number, pause) = (batch, 1, Self.firstPause)
    while true {
      let answer = try await service.ask(
        "POST", path, query: query, body: rest.flatMap(\.lines), type: "application/x-ndjson")
      try answer.check(saying: Self.words(answer.json["error"]))
      let isLast = number == Self.tries
      rest = try take(answer.json, of: rest, isLast: isLast)
      if rest.isEmpty { return }
      attempt.services.log(
        .info, "Elasticsearch has no room for \(rest.count) documents; they are sent again.")
      await attempt.services.pause(pause)
      if Task.isCancelled { throw Failure(.cancelled, code: "requested", "Indexing was cancelled.") }
      (number, pause) = (number + 1, pause * 3)
    }
  }

  /// Those to send again.
  private mutating func take(
    _ answer: JSON, of batch: [SearchAction], isLast: Bool
  ) throws(Failure) -> [SearchAction] {
    guard let items = answer["items"]?.array, items.count == batch.count else {
      throw Failure(
        .data, code: "index-answer", "Elasticsearch answered something else than its documentation says.")
    }
    took += answer["took"]?.int ?? 0
    var again: [SearchAction] = []
    for (action, item) in zip(batch, items) {
      guard let member = item.object?.members.first, let status = member.value["status"]?.int else {
        throw Failure(
          .data, code: "index-answer", "Elasticsearch answered an item without its status.")
      }
      let (operation, found) = (member.key, member.value)
      switch status {
      case 200...299: counts[found["result"]?.string ?? operation, default: 0] += 1
      // It is there already: an earlier attempt put it.
      case 409 where operation == "create": counts["existing", default: 0] += 1
      case 404 where operation == "delete": counts["not_found", default: 0] += 1
      case 429, 503: isLast ? fail(action, status, found) : again.append(action)
      default: fail(action, status, found)
      }
    }
    return again
  }

  private mutating func fail(_ action: SearchAction, _ status: Int64, _ found: JSON) {
    failed += 1
    guard errors.count < Self.mostErrors else { return }
    errors.append([
      "place": .int(Int64(action.place)), "id": .string(action.id), "status": .int(status),
      "type": .string(found["error"]?["type"]?.string ?? ""),
      "reason": .string(String((found["error"]?["reason"]?.string ?? "").prefix(300))),
    ])
  }

  func output() throws(Failure) -> JSON {
    let allowed = attempt.with["allow_failed"]?.int ?? 0
    if Int64(failed) > allowed {
      let first = errors.first
      let isFull = errors.allSatisfy { $0["status"] == 429 || $0["status"] == 503 }
      throw Failure(
        isFull ? .rateLimited : .data, code: "index-failed",
        "\(failed) documents were not indexed. The first, at place \(first?["place"]?.text ?? "?") with the "
          + "id \(first?["id"]?.string ?? ""): \(first?["status"]?.text ?? "") "
          + "\(first?["type"]?.string ?? ""), "
          + "\(first?["reason"]?.string ?? "").")
    }
    func count(_ word: String) -> JSON { .int(Int64(counts[word] ?? 0)) }
    return [
      "created": count("created"), "updated": count("updated"), "deleted": count("deleted"),
      "unchanged": count("noop"), "existing": count("existing"), "not_found": count("not_found"),
      "failed": .int(Int64(failed)), "errors": .array(errors), "took_ms": .int(took),
    ]
  }

  private static func words(_ error: JSON?) -> String? {
    if let text = error?.string { return text }
    guard let type = error?["type"]?.string else { return nil }
    return "\(type): \(error?["reason"]?.string ?? "")"
  }
}
