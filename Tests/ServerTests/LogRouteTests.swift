import API
import Engine
import Model
import Synchronization
import Testing

@testable import Server

@Suite("Logs over HTTP", .timeLimit(.minutes(1)))
struct LogRouteTests {
  /// A router, and a job that has ended.
  private struct World {
    let router: Router
    let job: String
  }

  private static let levels = ["DEBUG", "INFO", "WARN", "ERROR"]

  private func world(_ lines: WrittenLines, rest: @escaping @Sendable () async throws -> Void = {})
    async throws -> World
  {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello]))
    let job = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~hello")).id
    var backend = server.backend
    backend.logs = LogReading { (_, query, from, limit) throws(Problem) in
      if query.path == "none" { throw Problem("no-step", Bilingual("No.", pt: "Não.")) }
      let page = lines.all.dropFirst(from).prefix(limit)
      let least = Self.levels.firstIndex(of: (query.level ?? "debug").uppercased()) ?? 0
      let shown = page.filter { line in
        (query.path.map { $0 == line.path } ?? true) && (Self.levels.firstIndex(of: line.level) ?? 0) >= least
      }
      return (Array(shown), page.count == limit ? from + page.count : nil)
    }
    return World(router: Router(LogRoutes(backend, rest: rest).routes), job: job)
  }

  private func line(_ number: Int64, _ level: String = "info", path: String = "greet") -> LogLine {
    LogLine(
      at: Timestamp(microseconds: number * 1_000_000), level: level.uppercased(), path: path, attempt: 1,
      message: "Line \(number)\nof two")
  }

  private func body(_ response: APIResponse) -> String {
    guard case .bytes(let bytes) = response.body else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("come as JSON, as one line of text each, or as lines of JSON")
  func forms() async throws {
    let world = try await world(.init([line(1), line(2, "warn", path: "other")]))
    func get(_ path: String, _ accept: String?, _ query: [(name: String, value: String)] = []) async
      -> APIResponse
    {
      var request = APIRequest(.get, "/api/v1/jobs/\(world.job)/\(path)", query: query)
      request.accept = accept
      return await world.router.handle(request, actor: "local:ana")
    }
    #expect(try JSON(parsing: body(await get("logs", nil)))["items"]?.array?.count == 2)
    let text = await get("logs", "text/plain")
    #expect(
      body(text) == "1970-01-01T00:00:01Z  INFO  greet#1  Line 1 of two\n"
        + "1970-01-01T00:00:02Z  WARN  other#1  Line 2 of two\n")
    #expect(text.contentType.hasPrefix("text/plain"))
    let lines = body(await get("logs", "application/x-ndjson", [("limit", "1")]))
    #expect(lines.split(separator: "\n").count == 1 && lines.contains("Line 1\\nof two"))
    let first = await get("logs", "application/x-ndjson", [("limit", "1")])
    #expect(first.headers.contains { $0 == ("x-next-cursor", "1") })
    #expect(body(await get("steps/other/logs", "text/plain")).hasPrefix("1970-01-01T00:00:02Z"))
    #expect(body(await get("logs", "text/plain", [("grep", "LINE 2")])).hasPrefix("1970-01-01T00:00:02Z"))
    #expect(
      body(await get("logs", "text/plain", [("since", "1970-01-01T00:00:02Z")])).hasPrefix(
        "1970-01-01T00:00:02Z"))
    #expect(await get("steps/none/logs", nil).status == 404)
    #expect(await get("logs", nil, [("limit", "201")]).status == 400)
  }

  @Test("are followed to the end of the job, and go on behind what was seen")
  func follow() async throws {
    let lines = WrittenLines((1...450).map { line(Int64($0), $0.isMultiple(of: 100) ? "error" : "info") })
    let world = try await world(lines)
    func numbers(_ query: [(name: String, value: String)] = [], last: String? = nil) async throws -> [Int] {
      let request = APIRequest(.get, "/api/v1/jobs/\(world.job)/logs/stream", query: query, lastEvent: last)
      guard case .events(let events) = await world.router.handle(request, actor: "local:ana").body else {
        return []
      }
      var numbers: [Int] = []
      for try await event in events {
        numbers.append(try NumberedLine(try JSON(parsing: event.data)).number)
        #expect(event.id == "\(numbers.last ?? 0)")
      }
      return numbers
    }
    #expect(try await numbers() == Array(1...450))
    #expect(try await numbers([("level", "error")]) == [100, 200, 300, 400])
    #expect(try await numbers(last: "448") == [449, 450])
  }
}

/// Lines that several read.
private final class WrittenLines: Sendable {
  private let lines: Mutex<[LogLine]>
  init(_ lines: [LogLine]) { self.lines = Mutex(lines) }
  var all: [LogLine] { lines.withLock(\.self) }
}
