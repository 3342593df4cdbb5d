import Crypto
import Engine
import Model
import Net

/// `cloudflare.kv`: one key of Workers KV.
///
/// https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/subresources/values/
struct CloudflareKV: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  private static let outputLimit = 4 << 20
  private static let valueLimit = 25 << 20
  private static let fileLimit = 4 << 20
  private static let page = 1_000
  private static let mostKeys = 10_000
  static let longestKey = 512

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    var place = try CloudflareAPI.place(attempt, client)
    place.service.answerLimit = Self.valueLimit
    let operation = attempt.with["operation"]?.string ?? "get"
    let call = Call(attempt: attempt, place: place)
    switch operation {
    case "put": return try await call.put()
    case "delete": return try await call.delete()
    case "list": return try await call.list()
    default: return try await call.get()
    }
  }

  private struct Call: Sendable {
    let attempt: Attempt
    let place: CloudflareAPI.Place

    private func root() throws(Failure) -> String {
      guard let account = place.account,
        let namespace = attempt.with["namespace_id"]?.string ?? place.namespace
      else {
        throw Failure(
          .configuration, code: "invalid-connection",
          "The connection `\(attempt.connection?.name ?? "")` needs an `account_id`, and here or there a "
            + "`namespace_id`.")
      }
      return "/accounts/\(account)/storage/kv/namespaces/\(namespace)"
    }

    private func key() throws(Failure) -> String {
      guard let key = attempt.with["key"]?.string else {
        throw Failure(.configuration, code: "invalid-with", "Give the `key`.")
      }
      guard key != ".", key != "..", (1...CloudflareKV.longestKey).contains(key.utf8.count) else {
        throw Failure(
          .data, code: "kv-key", "A key of KV has 1 to \(CloudflareKV.longestKey) bytes, and is not . or ...")
      }
      return key
    }

    func get() async throws(Failure) -> AttemptOutput {
      let key = try key()
      let file = attempt.with["fallback_file"]?.string
      // A connection that names no account stands for none: on a machine alone there is the file.
      if place.account == nil, let file { return try await fallback(key, file) }
      do throws(Failure) {
        let answer = try await place.service.ask("GET", "\(try root())/values/\(ServiceCall.part(key))")
        if answer.status == 404 {
          throw Failure(.data, code: "kv-not-found", "KV has no key `\(key.prefix(200))`.")
        }
        try answer.check(saying: CloudflareAPI.words(answer))
        return try output(key, answer.body, source: "kv")
      } catch {
        let mayFall =
          error.code == "kv-not-found" || [.transient, .timeout, .rateLimited].contains(error.errorClass)
        guard mayFall, let file else { throw error }
        attempt.services.log(.warn, "\(error.message) \(file) is taken instead.")
        return try await fallback(key, file)
      }
    }

    private func fallback(_ key: String, _ file: String) async throws(Failure) -> AttemptOutput {
      let folder = attempt.files
      let bytes = await OwnThread.run { () -> [UInt8]? in
        guard let folder, RelativePath.isSafe(file) else { return nil }
        return SmallFile.read("\(folder)/\(file)", limit: CloudflareKV.fileLimit)
      }
      guard let bytes else {
        throw Failure(
          .configuration, code: "file-not-found",
          "There is no file `\(file.prefix(200))` of at most 4 MiB beside the pipeline; add it and apply the "
            + "pipeline again.")
      }
      return try output(key, bytes, source: "file")
    }

    private func output(_ key: String, _ bytes: [UInt8], source: String) throws(Failure) -> AttemptOutput {
      guard bytes.count <= CloudflareKV.outputLimit else {
        throw Failure(
          .outputTooLarge, code: "output-too-large",
          "The value of `\(key.prefix(200))` has \(bytes.count) bytes, more than 4 MiB.")
      }
      let form = attempt.with["parse"]?.string ?? "auto"
      var value: JSON?
      if form != "text" { value = try? JSON(parsing: bytes) }
      if form == "json", value == nil {
        throw Failure(.data, code: "invalid-json", "The value of `\(key.prefix(200))` is no JSON.")
      }
      if value == nil {
        guard let text = String(validating: bytes, as: UTF8.self) else {
          throw Failure(.data, code: "not-text", "The value of `\(key.prefix(200))` is no text.")
        }
        value = .string(text)
      }
      var output = JSONObject([
        ("key", .string(key)), ("value", value ?? .null), ("source", .string(source)),
      ])
      for member in value?.object ?? JSONObject() where output[member.key] == nil {
        output[member.key] = member.value
      }
      return AttemptOutput(.object(output))
    }

    func put() async throws(Failure) -> AttemptOutput {
      let key = try key()
      guard let value = attempt.with["value"] else {
        throw Failure(.configuration, code: "invalid-with", "Give the `value` to put.")
      }
      let bytes = value.string.map { Array($0.utf8) } ?? value.serialized()
      guard bytes.count <= CloudflareKV.valueLimit else {
        throw Failure(
          .data, code: "kv-value", "The value has \(bytes.count) bytes; KV keeps at most 25 MiB.")
      }
      var query: [(name: String, value: String)] = []
      if let text = attempt.with["expires"]?.string {
        guard let life = Duration(text: text), life >= .seconds(60) else {
          throw Failure(
            .data, code: "invalid-with", "`expires`: \(text.prefix(40)) is no duration from 60s on.")
        }
        query.append(("expiration_ttl", "\(life.components.seconds)"))
      }
      var (body, type) = (bytes, "application/octet-stream")
      if let metadata = attempt.with["metadata"] {
        // A border that neither part can hold: it is made of their hash.
        let border = "esteira-\(SHA256.hex(bytes + metadata.serialized()).prefix(40))"
        body = Self.parts(border, [("value", bytes), ("metadata", metadata.serialized())])
        type = "multipart/form-data; boundary=\(border)"
      }
      let answer = try await place.service.ask(
        "PUT", "\(try root())/values/\(ServiceCall.part(key))", query: query, body: body, type: type)
      try answer.check(saying: CloudflareAPI.words(answer))
      return AttemptOutput(["key": .string(key), "value": .null, "source": "kv"])
    }

    private static func parts(_ border: String, _ parts: [(name: String, bytes: [UInt8])]) -> [UInt8] {
      var body: [UInt8] = []
      for part in parts {
        body += Array("--\(border)\r\ncontent-disposition: form-data; name=\"\(part.name)\"\r\n\r\n".utf8)
        body += part.bytes + [13, 10]
      }
      return body + Array("--\(border)--\r\n".utf8)
    }

    func delete() async throws(Failure) -> AttemptOutput {
      let key = try key()
      let answer = try await place.service.ask("DELETE", "\(try root())/values/\(ServiceCall.part(key))")
      // One that is gone is as good.
      if answer.status != 404 { try answer.check(saying: CloudflareAPI.words(answer)) }
      return AttemptOutput(["key": .string(key), "value": .null, "source": "kv"])
    }

    func list() async throws(Failure) -> AttemptOutput {
      let root = try root()
      var keys: [JSON] = []
      var cursor: String?
      repeat {
        var query = [(name: "limit", value: "\(CloudflareKV.page)")]
        if let prefix = attempt.with["prefix"]?.string { query.append(("prefix", prefix)) }
        if let cursor { query.append(("cursor", cursor)) }
        let answer = try await place.service.ask("GET", "\(root)/keys", query: query)
        try answer.check(saying: CloudflareAPI.words(answer))
        keys += (answer.json["result"]?.array ?? []).map { one in
          [
            "name": one["name"] ?? "", "expiration": one["expiration"] ?? .null,
            "metadata": one["metadata"] ?? .null,
          ]
        }
        let next = answer.json["result_info"]?["cursor"]?.string ?? ""
        cursor = next.isEmpty ? nil : next
      } while cursor != nil && keys.count < CloudflareKV.mostKeys
      return AttemptOutput([
        "key": .null, "value": .null, "source": "kv", "keys": .array(keys), "truncated": .bool(cursor != nil),
      ])
    }
  }
}
