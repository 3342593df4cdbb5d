import Crypto
import Engine
import Foundation
import Model
import Net
import Synchronization
import Testing

@testable import Connectors

/// Plays an index as Elasticsearch's own page describes the bulk API, and takes nothing else:
/// https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
/// https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html
private final class SearchStandIn: Sendable {
  struct State {
    var documents: [String: JSON] = [:]
    var requests = 0
    /// Ids that find no room, and so many times.
    var busy: [String: Int] = [:]
    var operations: [Int] = []
    var queries: [String] = []
  }

  private let state = Mutex(State())
  var now: State { state.withLock { $0 } }
  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

  func answer(_ request: HTTPRequest) -> HTTPResponse {
    guard request.headers["authorization"] == "Basic \(Base64.encode(Array("ana:s3cr3t-pw".utf8)))" else {
      return .json(
        401,
        ["error": ["type": "security_exception", "reason": "unable to authenticate user"], "status": 401])
    }
    guard request.method == "POST", request.path == "/events/_bulk",
      request.headers["content-type"] == "application/x-ndjson", request.body.last == 10
    else {
      return .json(400, ["error": ["type": "illegal_argument_exception", "reason": "no"], "status": 400])
    }
    return state.withLock { state in
      state.requests += 1
      state.queries.append(request.query)
      let lines = request.body.split(separator: 10, omittingEmptySubsequences: false).dropLast()
      var rest = lines.map { (try? JSON(parsing: Array($0))) ?? .null }[...]
      var items: [JSON] = []
      while let action = rest.popFirst() {
        guard let member = action.object?.members.first, let id = member.value["_id"]?.string,
          ["index", "create", "update", "delete"].contains(member.key)
        else {
          return .json(400, ["error": ["type": "illegal_argument_exception", "reason": "Malformed action"]])
        }
        let source = member.key == "delete" ? JSON.null : rest.popFirst() ?? .null
        items.append(Self.item(member.key, id, source, &state))
      }
      state.operations.append(items.count)
      let hasErrors = items.contains { ($0.object?.members.first?.value["status"]?.int ?? 0) >= 400 }
      return .json(200, ["took": 3, "errors": .bool(hasErrors), "items": .array(items)])
    }
  }

  private static func item(_ operation: String, _ id: String, _ source: JSON, _ state: inout State) -> JSON {
    func result(_ status: Int64, _ more: JSONObject) -> JSON {
      var members = JSONObject([("_index", "events"), ("_id", .string(id)), ("status", .int(status))])
      for member in more { members[member.key] = member.value }
      return .object(JSONObject([(operation, .object(members))]))
    }
    func error(_ status: Int64, _ type: String, _ reason: String) -> JSON {
      result(status, ["error": ["type": .string(type), "reason": .string(reason)]])
    }
    if let left = state.busy[id], left > 0 {
      state.busy[id] = left - 1
      return error(429, "es_rejected_execution_exception", "rejected execution")
    }
    if source["date"] == "no date" {
      return error(400, "document_parsing_exception", "failed to parse field [date] of type [date]")
    }
    let isThere = state.documents[id] != nil
    switch operation {
    case "create" where isThere:
      return error(409, "version_conflict_engine_exception", "document already exists")
    case "delete":
      state.documents[id] = nil
      return result(isThere ? 200 : 404, ["result": isThere ? "deleted" : "not_found"])
    case "update":
      guard let document = source["doc"], source["doc_as_upsert"] == true else {
        return error(400, "action_request_validation_exception", "script or doc is missing")
      }
      if state.documents[id] == document { return result(200, ["result": "noop"]) }
      state.documents[id] = document
    default: state.documents[id] = source
    }
    return result(isThere ? 200 : 201, ["result": isThere ? "updated" : "created"])
  }
}

@Suite("Documents into an index", .timeLimit(.minutes(1)))
struct SearchTests {
  private struct World {
    let stand = SearchStandIn()
    let site: Site
    let bench: ServiceBench

    init() throws {
      let stand = stand
      site = try Site { stand.answer($0) }
      bench = try ServiceBench()
    }

    func run(_ with: JSON, _ credential: Credential? = ServiceBench.basic, number: Int = 1) async -> Result<
      JSON, Failure
    > {
      let connector = SearchIndex(client: site.client)
      return await bench.run(
        connector,
        bench.attempt(
          with, of: connector, ServiceBench.connection("elasticsearch", site.url), credential, number: number)
      )
    }
  }

  @Test("have the id of their own, and a second attempt writes the same ones")
  func ownIDs() async throws {
    let world = try World()
    let with: JSON = [
      "index": "events", "id": "event_id", "refresh": "wait_for", "routing": "source",
      "documents": [["event_id": "e1", "source": "aneel"], ["event_id": 7]],
    ]
    let first = await world.run(with).value
    #expect(first?["created"] == 2 && first?["updated"] == 0 && first?["took_ms"] == 3)
    #expect(await world.run(with, number: 2).value?["updated"] == 2)
    #expect(
      world.stand.now.documents == ["e1": ["event_id": "e1", "source": "aneel"], "7": ["event_id": 7]])
    #expect(world.stand.now.queries == ["refresh=wait_for", "refresh=wait_for"])
    #expect(
      world.site.asked.first.map { String(decoding: $0.body, as: UTF8.self) }
        == "{\"index\":{\"_id\":\"e1\",\"routing\":\"aneel\"}}\n{\"event_id\":\"e1\",\"source\":\"aneel\"}\n"
        + "{\"index\":{\"_id\":\"7\"}}\n{\"event_id\":7}\n")
    await world.site.stop()
  }

  @Test("without an id have one of the step and their place")
  func madeIDs() async throws {
    let world = try World()
    let with: JSON = ["index": "events", "documents": [["a": 1], ["a": 1]]]
    for number in 1...2 { _ = await world.run(with, number: number) }
    #expect(
      world.stand.now.documents.count == 2, "The same text twice is two documents, an attempt twice is none.")
    await world.site.stop()
  }

  @Test("come from the lines of an artifact, in batches")
  func batches() async throws {
    let world = try World()
    let text = (0..<2_500).map { "{\"id\": \"d\($0)\"}\n" }.joined()
    let handle = world.bench.bench.keep(text, name: "items.ndjson", mediaType: "application/x-ndjson")
    let value = await world.run(["index": "events", "id": "id", "file": handle.json]).value
    #expect(value?["created"] == 2_500 && world.stand.now.operations == [1_000, 1_000, 500])
    let large = JSON.string(String(repeating: "x", count: 3 << 20))
    let big = await world.run(["index": "events", "documents": [["t": large], ["t": large]]]).value
    #expect(big?["created"] == 2 && world.stand.now.operations.suffix(2) == [1, 1], "5 MiB are the most.")
    await world.site.stop()
  }

  @Test("that find no room are sent again, and those alone")
  func busy() async throws {
    let world = try World()
    world.stand.change { $0.busy = ["b": 2] }
    let with: JSON = ["index": "events", "id": "id", "documents": [["id": "a"], ["id": "b"], ["id": "c"]]]
    #expect(await world.run(with).value?["created"] == 3)
    #expect(world.stand.now.operations == [3, 1, 1] && world.bench.paused == [.seconds(1), .seconds(3)])
    world.stand.change { $0.busy = ["b": 100] }
    let found = await world.run(with).failure
    #expect(found?.errorClass == .rateLimited && found?.code == "index-failed")
    await world.site.stop()
  }

  @Test("that are refused are told by place, id and reason, and fail the step beyond what it allows")
  func partly() async throws {
    let world = try World()
    let documents: JSON = [["id": "a"], ["id": "b", "date": "no date"], ["id": "c"]]
    let found = await world.run(["index": "events", "id": "id", "documents": documents]).failure
    #expect(found?.errorClass == .data && found?.code == "index-failed")
    #expect(found?.message.contains("failed to parse field [date]") == true, "\(found?.message ?? "")")
    let value = await world.run(["index": "events", "id": "id", "documents": documents, "allow_failed": 1])
      .value
    #expect(value?["failed"] == 1 && value?["updated"] == 2)
    #expect(value?["errors"]?[0]?["place"] == 1 && value?["errors"]?[0]?["status"] == 400)
    await world.site.stop()
  }

  @Test("are left as they are, changed or removed")
  func operations() async throws {
    let world = try World()
    func run(_ operation: String, _ document: JSON) async -> JSON? {
      await world.run(
        ["index": "events", "id": "id", "operation": .string(operation), "documents": [document]]
      ).value
    }
    #expect(await run("create", ["id": "a", "n": 1])?["created"] == 1)
    #expect(await run("create", ["id": "a", "n": 2])?["existing"] == 1)
    #expect(world.stand.now.documents["a"] == ["id": "a", "n": 1])
    #expect(await run("update", ["id": "a", "n": 1])?["unchanged"] == 1)
    #expect(await run("update", ["id": "b"])?["created"] == 1)
    #expect(await run("delete", ["id": "a"])?["deleted"] == 1)
    #expect(await run("delete", ["id": "a"])?["not_found"] == 1)
    await world.site.stop()
  }

  @Test("are refused to a wrong password, in the index's words")
  func refused() async throws {
    let world = try World()
    let found = await world.run(["index": "events", "documents": [["a": 1]]], ServiceBench.wrong).failure
    #expect(found?.errorClass == .credential && found?.message.contains("unable to authenticate") == true)
    await world.site.stop()
    let strange = try Site { _ in .json(200, ["items": []]) }
    let connector = SearchIndex(client: strange.client)
    let answer = await world.bench.run(
      connector,
      world.bench.attempt(
        ["index": "events", "documents": [["a": 1]]], of: connector,
        ServiceBench.connection("elasticsearch", strange.url))
    ).failure
    #expect(answer?.code == "index-answer")
    await strange.stop()
  }
}
