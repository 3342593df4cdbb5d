import API
import Engine
import Model
import Testing

@testable import Server

@Suite("Lists in an order", .timeLimit(.minutes(1)))
struct ListOrderTests {
  private struct Row: Equatable {
    var name: String
    var at: Int64?
  }

  private static var order: ListOrder<Row> { ListOrder(name: \.name, ["at": { $0.at }]) }
  private static let rows = [
    Row(name: "demo~b", at: 2), Row(name: "demo~a", at: 2), Row(name: "demo~c", at: nil),
    Row(name: "a-b~z", at: 1), Row(name: "a~z", at: nil),
  ]

  private func names(_ rows: [Row], _ sort: String?, limit: Int = 2) throws -> [String] {
    var (names, cursor): ([String], String?) = ([], nil)
    repeat {
      let page = try Self.order.page(rows, .init(sort: sort, cursor: cursor, limit: limit))
      #expect(page.rows.count <= limit)
      names += page.rows.map(\.name)
      cursor = page.next
    } while cursor != nil
    return names
  }

  @Test("page after page the whole list comes once, and what has no value comes last either way")
  func orders() throws {
    #expect(try names(Self.rows, nil) == ["a~z", "a-b~z", "demo~a", "demo~b", "demo~c"])
    #expect(try names(Self.rows, "-name") == ["demo~c", "demo~b", "demo~a", "a-b~z", "a~z"])
    #expect(try names(Self.rows, "at") == ["a-b~z", "demo~a", "demo~b", "a~z", "demo~c"])
    #expect(try names(Self.rows, "-at") == ["demo~b", "demo~a", "a-b~z", "demo~c", "a~z"])
  }

  @Test(
    "what comes and goes between two pages moves no other row", arguments: ["name", "-name", "at", "-at"])
  func keyset(sort: String) throws {
    let first = try Self.order.page(Self.rows, .init(sort: sort, cursor: nil, limit: 2))
    let rest = try names(Self.rows, sort).dropFirst(2)
    // One goes that was seen, and even the one that the page ended with.
    var changed = Self.rows.filter { !first.rows.contains($0) }
    changed.append(Row(name: "demo~bb", at: 2))
    let second = try Self.order.page(changed, .init(sort: sort, cursor: first.next, limit: 200))
    #expect(second.rows.map(\.name).filter { $0 != "demo~bb" } == Array(rest))
  }

  @Test("a word that there is not is refused with those that there are")
  func unknown() throws {
    let problem = #expect(throws: Problem.self) {
      try Self.order.page(Self.rows, .init(sort: "size", cursor: nil, limit: nil))
    }
    #expect(problem?.code == "invalid-request")
    #expect(problem?.remedy?.english == "There are: name, -name, at, -at.")
  }

  @Test("a cursor of another order is refused, and so is one that was made up")
  func cursors() throws {
    let next = try #require(try Self.order.page(Self.rows, .init(sort: "at", cursor: nil, limit: 1)).next)
    for (sort, cursor) in [("name", next), ("at", "demo~a"), ("at", "=AAAA"), ("at", "=")] {
      let problem = #expect(throws: Problem.self) {
        try Self.order.page(Self.rows, .init(sort: sort, cursor: cursor, limit: 1))
      }
      #expect(problem?.code == "invalid-cursor", "\(sort) \(cursor)")
    }
  }

  @Test("a row that is not wanted takes no place on a page")
  func filtered() throws {
    let wish = ListOrder<Row>.Wish(sort: nil, cursor: nil, limit: 2)
    let page = try Self.order.page(Self.rows, wish) { (row) throws(Problem) in row.name.hasPrefix("demo~") }
    #expect(page.rows.map(\.name) == ["demo~a", "demo~b"] && page.next == "demo~b")
  }

  private static func file(_ id: String) -> SourceFile {
    SourceFile(
      name: "\(id).yaml",
      source: """
        apiVersion: esteira/v1
        id: \(id)
        namespace: demo
        triggers: {daily: {schedule: {cron: "0 \(id.utf8.count) * * *"}}}
        steps: {a: {value: 1}}
        """)
  }

  @Test("every list that says a word takes it, both ways, and refuses any other with 400")
  func routes() async throws {
    let server = try TestServer()
    for id in ["one", "three", "seven"] {
      _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.file(id)]))
    }
    let shapes = [
      PipelineCalls.list.shape, ScheduleCalls.list.shape, AccessCalls.credentials.shape,
      AccessCalls.connections.shape, NamespaceCalls.list.shape, QueueCalls.list.shape, JobCalls.list.shape,
    ]
    for shape in shapes {
      let words = try #require(shape.input.json["properties"]?["sort"]?["enum"]?.array).compactMap(\.string)
      #expect(words.count > 1)
      for word in words {
        let answer = try await server.send(APIRequest(shape, input: ["sort": .string(word)]))
        #expect(answer.status == 200, "\(word)")
      }
      let refused = try await server.send(APIRequest(shape, input: ["sort": "colour"]))
      #expect(refused.status == 400 && refused.json["code"] == "invalid-request")
      for word in words { #expect(refused.json["detail"]?.string?.contains(word) == true) }
    }
    let byTime = try await server.call(ScheduleCalls.list, SchedulesQuery(sort: "next_at"))
    #expect(byTime.items.map(\.id) == ["demo~one~daily", "demo~seven~daily", "demo~three~daily"])
    let last = try await server.call(ScheduleCalls.list, SchedulesQuery(sort: "-next_at", limit: 2))
    #expect(last.items.map(\.id) == ["demo~three~daily", "demo~seven~daily"])
    let rest = SchedulesQuery(sort: "-next_at", limit: 2, cursor: last.nextCursor)
    #expect(try await server.call(ScheduleCalls.list, rest).items.map(\.id) == ["demo~one~daily"])
    let names = try await server.call(PipelineCalls.list, PipelinesQuery(sort: "-name", limit: 2))
    #expect(names.items.map(\.name) == ["three", "seven"] && names.nextCursor == "demo~seven")
  }
}
