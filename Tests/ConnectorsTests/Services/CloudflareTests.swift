import Engine
import Foundation
import Model
import Net
import Synchronization
import Testing

@testable import Connectors

/// Plays Workers KV as Cloudflare's own pages describe its API, and takes nothing else:
/// https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/subresources/values/
/// https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/subresources/keys/methods/list/
/// https://developers.cloudflare.com/kv/api/write-key-value-pairs/ (limits)
private final class KVStandIn: Sendable {
  static let account = "023e105f4ecef8ad9ca31a8372d0c353"
  static let namespace = "0f2ac74b498b48028cb68387c421e279"

  struct Entry: Hashable {
    var value: [UInt8]
    var metadata: JSON?
    var life: String?
  }

  private let state = Mutex<[String: Entry]>([:])
  private let outage = Mutex<Int?>(nil)
  var entries: [String: Entry] { state.withLock { $0 } }

  /// As if somebody else had put them.
  func fill(_ keys: [String]) {
    state.withLock { entries in
      for key in keys { entries[key] = Entry(value: [49], metadata: nil, life: nil) }
    }
  }
  func fail(with status: Int?) { outage.withLock { $0 = status } }

  private static func refused(_ status: Int, _ code: Int64, _ message: String) -> HTTPResponse {
    .json(
      status,
      [
        "result": .null, "success": false, "errors": [["code": .int(code), "message": .string(message)]],
        "messages": [],
      ])
  }

  func answer(_ request: HTTPRequest) -> HTTPResponse {
    if let status = outage.withLock({ $0 }) { return HTTPResponse(status: status) }
    guard request.headers["authorization"] == "Bearer t0ken-of-ana" else {
      return Self.refused(401, 10000, "Authentication error")
    }
    let parts = request.path.split(separator: "/").map { String($0) }
    guard
      parts.prefix(7).elementsEqual(["client", "v4", "accounts", Self.account, "storage", "kv", "namespaces"]
      ),
      parts.count >= 9, parts[7] == Self.namespace
    else { return Self.refused(404, 7003, "Could not route to \(request.path)") }
    if parts.count == 9, parts[8] == "keys", request.method == "GET" { return list(request) }
    guard parts.count == 10, parts[8] == "values", let key = PercentEncoding.decode(parts[9]) else {
      return Self.refused(404, 7003, "Could not route to \(request.path)")
    }
    return state.withLock { entries in
      switch request.method {
      case "GET":
        guard let entry = entries[key] else { return Self.refused(404, 10009, "get: 'key not found'") }
        return HTTPResponse(status: 200, type: "application/octet-stream", entry.value)
      case "PUT":
        guard let entry = Self.entry(request) else { return Self.refused(400, 10012, "put: 'bad body'") }
        entries[key] = entry
      case "DELETE": entries[key] = nil
      default: return Self.refused(405, 10405, "Method not allowed")
      }
      return .json(200, ["result": [:], "success": true, "errors": [], "messages": []])
    }
  }

  private static func entry(_ request: HTTPRequest) -> Entry? {
    let life = request.query("expiration_ttl").first
    if let life, (Int(life) ?? 0) < 60 { return nil }
    let type = request.headers["content-type"] ?? ""
    guard type.hasPrefix("multipart/form-data; boundary=") else {
      return type == "application/octet-stream" ? Entry(value: request.body, life: life) : nil
    }
    let border = "--" + type.dropFirst("multipart/form-data; boundary=".count)
    var found: [String: String] = [:]
    for part in String(decoding: request.body, as: UTF8.self).components(separatedBy: border).dropFirst()
      .dropLast()
    {
      let halves = part.components(separatedBy: "\r\n\r\n")
      guard halves.count == 2, halves[1].hasSuffix("\r\n"),
        let name = halves[0].components(separatedBy: "name=\"").last?.components(separatedBy: "\"").first
      else { return nil }
      found[name] = String(halves[1].dropLast())
    }
    guard let value = found["value"], let text = found["metadata"],
      let metadata = try? JSON(parsing: Array(text.utf8))
    else { return nil }
    return Entry(value: Array(value.utf8), metadata: metadata, life: life)
  }

  private func list(_ request: HTTPRequest) -> HTTPResponse {
    guard let limit = request.query("limit").first.flatMap({ Int($0) }), (10...1_000).contains(limit) else {
      return Self.refused(400, 10029, "list keys: 'limit must be between 10 and 1000'")
    }
    let prefix = request.query("prefix").first ?? ""
    let start = request.query("cursor").first.flatMap { Int($0) } ?? 0
    let names = entries.keys.filter { $0.hasPrefix(prefix) }.sorted()
    let page = names.dropFirst(start).prefix(limit)
    let next = start + page.count < names.count ? "\(start + page.count)" : ""
    let result = page.map { name -> JSON in
      guard let metadata = entries[name]?.metadata else { return ["name": .string(name)] }
      return ["name": .string(name), "metadata": metadata]
    }
    return .json(
      200,
      [
        "result": .array(result), "success": true, "errors": [], "messages": [],
        "result_info": ["count": .int(Int64(page.count)), "cursor": .string(next)],
      ])
  }
}

@Suite("A key of Cloudflare KV", .timeLimit(.minutes(1)))
struct CloudflareTests {
  private struct World {
    let stand = KVStandIn()
    let site: Site
    let bench: ServiceBench

    init() throws {
      let stand = stand
      site = try Site { stand.answer($0) }
      bench = try ServiceBench()
    }

    func run(
      _ with: JSON, _ credential: Credential? = ServiceBench.bearer,
      account: JSON = .string(KVStandIn.account),
      files: String? = nil
    ) async -> Result<JSON, Failure> {
      let connector = CloudflareKV(client: site.client)
      let connection = ServiceBench.connection(
        "cloudflare", site.url + "/client/v4",
        ["account_id": account, "namespace_id": .string(KVStandIn.namespace)])
      return await bench.run(
        connector, bench.attempt(with, of: connector, connection, credential, files: files))
    }
  }

  @Test("is written, read as what it is, and removed; a name may hold anything")
  func roundTrip() async throws {
    let world = try World()
    for key in ["NEWS_WATCHLIST_CONFIG", "a/b c?d#é%2F"] {
      let put = await world.run([
        "operation": "put", "key": .string(key), "value": ["sources": [["id": 1]], "key": "own"],
        "expires": "2m",
      ])
      #expect(put.value?["source"] == "kv", "\(put.failure?.message ?? "")")
      #expect(world.stand.entries[key]?.life == "120")
      let value = await world.run(["key": .string(key)]).value
      #expect(
        value?["sources"] == [["id": 1]] && value?["value"]?["key"] == "own" && value?["key"] == .string(key))
      #expect(
        await world.run(["key": .string(key), "parse": "text"]).value?["value"]?.string?.hasPrefix("{")
          == true)
      for _ in 1...2 {
        let gone = await world.run(["operation": "delete", "key": .string(key)])
        #expect(gone.failure == nil, "What is gone is as good.")
      }
      #expect(await world.run(["key": .string(key)]).failure?.code == "kv-not-found")
    }
    #expect(await world.run(["operation": "put", "key": "t", "value": "as it is\n"]).failure == nil)
    #expect(await world.run(["key": "t"]).value?["value"] == "as it is\n")
    #expect(await world.run(["key": "t", "parse": "json"]).failure?.code == "invalid-json")
    await world.site.stop()
  }

  @Test("carries metadata, which a list shows, page by page")
  func lists() async throws {
    let world = try World()
    _ = await world.run(["operation": "put", "key": "a1", "value": "v", "metadata": ["by": "é"]])
    #expect(world.stand.entries["a1"] == .init(value: [118], metadata: ["by": "é"], life: nil))
    world.stand.fill((0..<1_200).map { "k\($0)" })
    let all = await world.run(["operation": "list"]).value
    #expect(all?["keys"]?.array?.count == 1_201 && all?["truncated"] == false)
    let some = await world.run(["operation": "list", "prefix": "a"]).value
    #expect(some?["keys"] == [["name": "a1", "expiration": .null, "metadata": ["by": "é"]]])
    await world.site.stop()
  }

  @Test("that is not there, or cannot be asked for, is that of a file; a wrong token is no such case")
  func fallback() async throws {
    let world = try World()
    let files = try world.bench.bench.files(["config/w.json": "{\"sources\": []}"])
    let with: JSON = ["key": "w", "fallback_file": "config/w.json"]
    for status in [nil, 500, 503, 429] as [Int?] {
      world.stand.fail(with: status)
      let value = await world.run(with, files: files).value
      #expect(value?["source"] == "file" && value?["sources"] == [])
    }
    world.stand.fail(with: nil)
    let other = Credential(name: "c", type: "bearer", values: [("token", Secret("other"))])
    let found = await world.run(with, other, files: files).failure
    #expect(
      found?.errorClass == .credential && found?.message.contains("10000: Authentication error") == true)
    #expect(
      await world.run(["key": "w", "fallback_file": "none.json"], files: files).failure?.code
        == "file-not-found")
    let asked = world.site.asked.count
    let alone = await world.run(with, nil, account: .null, files: files).value
    #expect(alone?["source"] == "file" && world.site.asked.count == asked, "Nobody is asked.")
    await world.site.stop()
  }

  @Test("is refused where it is too large, too long or none at all")
  func bounds() async throws {
    let world = try World()
    let large = String(repeating: "x", count: (25 << 20) + 1)
    #expect(
      await world.run(["operation": "put", "key": "k", "value": .string(large)]).failure?.code == "kv-value")
    _ = await world.run([
      "operation": "put", "key": "k", "value": .string(String(repeating: "x", count: (4 << 20) + 1)),
    ])
    #expect(await world.run(["key": "k"]).failure?.errorClass == .outputTooLarge)
    #expect(
      await world.run(["operation": "put", "key": "k", "value": 1, "expires": "59s"]).failure?.code
        == "invalid-with")
    #expect(await world.run(["key": ".."]).failure?.code == "kv-key")
    await world.site.stop()
  }
}
