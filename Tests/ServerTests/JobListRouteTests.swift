import API
import Access
import Engine
import Model
import Testing

@testable import Server

@Suite("Lists and pictures of jobs over HTTP", .timeLimit(.minutes(1)))
struct JobListRouteTests {
  /// Three jobs of `hello`, one of `broken`, which fails.
  private func filled() async throws -> (server: TestServer, ids: [String]) {
    let server = try TestServer()
    let broken = SourceFile(
      name: "broken.yaml",
      source: """
        apiVersion: esteira/v1
        id: broken
        namespace: demo
        inputs:
          name: {type: string, default: x}
        steps:
          first: {value: "${{ inputs.name }}"}
          fail: {end: {status: failed, message: "It timed out"}, needs: [first]}
        """)
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello, broken]))
    var ids: [String] = []
    for pipeline in ["hello", "hello", "broken", "hello"] {
      ids.append(try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~\(pipeline)")).id)
    }
    return (server, ids)
  }

  private func ids(_ server: TestServer, _ query: [(name: String, value: String)]) async throws -> [String] {
    let answer = try await server.send(APIRequest(.get, "/api/v1/jobs", query: query))
    #expect(answer.status == 200, "\(answer.json)")
    return (answer.json["items"]?.array ?? []).compactMap { $0["id"]?.string }
  }

  @Test("a search finds jobs over the whole data set, beside the other filters")
  func search() async throws {
    let (server, jobs) = try await filled()
    #expect(try await ids(server, [("q", "status:failed")]) == [jobs[2]])
    #expect(try await ids(server, [("q", "pipeline:hel*")]) == [jobs[3], jobs[1], jobs[0]])
    #expect(try await ids(server, [("q", "-pipeline:hel* by:me"), ("namespace", "demo")]) == [jobs[2]])
    #expect(try await ids(server, [("q", "-by:me")]).isEmpty)
    #expect(try await ids(server, [("status", "failed,success"), ("pipeline", "broken")]) == [jobs[2]])
    #expect(try await ids(server, [("trigger_type", "schedule")]).isEmpty)
    #expect(try await ids(server, [("trigger_type", "schedule,manual")]).count == 4)
    #expect(try await ids(server, [("until", "1969-01-01T00:00:00Z")]).isEmpty)
    #expect(try await ids(server, [("sort", "created_at"), ("limit", "2")]) == [jobs[0], jobs[1]])
    #expect(
      try await ids(server, [("sort", "created_at"), ("cursor", jobs[1])]) == [jobs[2], jobs[3]])
  }

  @Test("a search that cannot be read is told with the character")
  func fault() async throws {
    let server = try TestServer()
    let answer = try await server.send(
      APIRequest(.get, "/api/v1/jobs", query: [("q", "status:failed colour:red")]))
    let document = try ProblemDocument(answer.json)
    #expect(document.status == 422 && document.code == "invalid-search")
    #expect(document.errors.first?.column == 15 && document.errors.first?.pointer == "/q")
  }

  @Test("a page is kept only until something is committed, and for those who may see the same")
  func kept() async throws {
    let (server, jobs) = try await filled()
    for _ in 0..<2 { #expect(try await ids(server, []) == jobs.reversed()) }
    let next = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~hello")).id
    #expect(try await ids(server, []) == [next] + jobs.reversed())
    #expect(try await ids(server, [("limit", "1")]) == [next])
    let list = APIRequest(.get, "/api/v1/jobs")
    for (namespace, count) in [("demo", 5), ("other", 0)] {
      let person = Principal(
        kind: .person, id: "x", actor: "x",
        grants: [Grant(namespace: namespace, permissions: Permissions(["jobs:read"]) ?? .none)])
      guard case .bytes(let bytes) = await server.router.handle(list, as: person).body else { continue }
      #expect(try JSON(parsing: bytes)["items"]?.array?.count == count, "\(namespace)")
    }
  }

  @Test("pages are made once for a version and a question, and few are kept")
  func pages() throws {
    let pages = KeptPages()
    func key(_ text: String) -> KeptPages.Key {
      KeptPages.Key(
        Caller(principal: .local("ana"), request: APIRequest(.get, "/x", query: [("limit", text)])))
    }
    var made = 0
    func page(_ text: String, _ version: Int64?) throws -> [UInt8] {
      try pages.page(key(text), version: version) {
        made += 1
        return [UInt8(truncatingIfNeeded: made)]
      }
    }
    #expect(try page("1", 7) == [1] && page("1", 7) == [1] && page("2", 7) == [2] && made == 2)
    #expect(try page("1", 8) == [3] && page("1", 7) == [4], "What an older version made is not told later.")
    #expect(try page("1", nil) == [5] && page("1", nil) == [6])
    for number in 0...KeptPages.mostPages { _ = try page("\(number)", 9) }
    let before = made
    _ = try page("0", 9)
    #expect(made == before + 1, "When there are too many, all go.")
  }

  static let refused: [[(name: String, value: String)]] = [
    [("limit", "0")], [("limit", "201")], [("limit", "-1")], [("limit", "x")], [("cursor", "x")],
    [("sort", "name; DROP TABLE")], [("status", "' OR 1=1")],
  ]

  @Test("a limit or an order that is none is 400, a cursor of another list 422", arguments: refused)
  func refusal(_ query: [(name: String, value: String)]) async throws {
    let expected = query.first?.name == "cursor" ? 422 : 400
    #expect(try await TestServer().send(APIRequest(.get, "/api/v1/jobs", query: query)).status == expected)
  }

  @Test("no list takes a limit above the highest in silence")
  func limits() async throws {
    let server = try TestServer()
    let lists = server.router.routes.map(\.shape).filter { shape in
      guard case .json = shape.output else { return false }
      return shape.method == .get && !shape.path.contains("{") && shape.permission != .open
    }
    for shape in lists {
      let answer = try await server.send(APIRequest(.get, shape.path, query: [("limit", "100000")]))
      let other = try await server.send(APIRequest(.get, shape.path))
      // Where a limit means nothing, it changes nothing.
      #expect(answer.status == 400 || answer.json == other.json, "\(shape.path)")
    }
  }

  @Test("a timeline has a span for each state of the job and its steps")
  func timeline() async throws {
    let (server, jobs) = try await filled()
    let timeline = try await server.call(JobCalls.timeline, JobPath(id: jobs[2]))
    #expect(!timeline.isCut)
    let job = timeline.spans.filter { $0.path == nil }
    #expect(job.last?.outcome == "failed" && job.allSatisfy { $0.to != nil })
  }

  @Test("two jobs are compared row by row; one that may not be seen is not there")
  func compare() async throws {
    let (server, jobs) = try await filled()
    let comparison = try await server.call(JobCalls.compare, ComparePath(id: jobs[0], other: jobs[2]))
    let rows = Dictionary(uniqueKeysWithValues: comparison.rows.map { ($0.name, $0) })
    #expect(rows["pipeline"]?.differs == true && rows["revision"]?.differs == false)
    #expect(rows["status"]?.right == "failed" && rows["duration"]?.differs == false)
    #expect(rows["inputs.name"]?.left == "world" && rows["inputs.name"]?.right == "x")
    #expect(rows["steps.greet.status"]?.right == nil && rows["steps.greet.status"]?.left == "success")
    let same = try await server.call(JobCalls.compare, ComparePath(id: jobs[0], other: jobs[1]))
    #expect(same.rows.allSatisfy { !$0.differs })

    let elsewhere = TestServer.hello.source.replacing("namespace: demo", with: "namespace: secret")
    _ = try await server.call(
      PipelineCalls.apply, ApplyRequest(files: [SourceFile(name: "x.yaml", source: elsewhere)]))
    let hidden = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "secret~hello")).id
    let viewer = Principal(
      kind: .person, id: "vera", actor: "vera",
      grants: [Grant(namespace: "demo", permissions: Permissions(["jobs:read"]) ?? .none)])
    let path = "/api/v1/jobs/\(jobs[0])/compare/\(hidden)"
    #expect(await server.router.handle(APIRequest(.get, path), as: viewer).status == 404)
    #expect(await server.router.handle(APIRequest(.get, path), actor: "local:ana").status == 200)
  }
}

@Suite("The fold of a timeline", .timeLimit(.minutes(1)))
struct TimelineFoldTests {
  @Test("a step that is queued, fails, waits, runs again and asks has a span for each")
  func states() {
    var fold = TimelineFold(most: 100)
    fold.take(second: 1, ["fact": "status", "status": "running"], ["fact": "queued", "path": "a"])
    fold.take(second: 2, ["fact": "started", "path": "a", "attempt": 1])
    fold.take(second: 3, ["fact": "retrying", "path": "a", "due": "x"])
    fold.take(second: 5, ["fact": "started", "path": "a", "attempt": 2])
    fold.take(second: 6, ["fact": "lost", "path": "a"], ["fact": "question", "path": "a"])
    fold.take(
      second: 8, ["fact": "resolved", "path": "a"], ["fact": "ended", "path": "a", "status": "success"])
    fold.take(second: 9, ["fact": "asked", "path": "b"])
    let shown = fold.spans.map { span in
      let (from, to) = (span.from.wholeSeconds, span.to.map { "\($0.wholeSeconds)" } ?? "")
      return "\(span.path ?? "-") \(span.state)\(span.attempt.map { "#\($0)" } ?? "") \(from)-\(to)"
    }
    #expect(
      shown == [
        "- running 1-", "a queued 1-2", "a running#1 2-3", "a retrying 3-5", "a running#2 5-6",
        "a needs_attention 6-8", "b waiting 9-",
      ])
    #expect(!fold.isCut)
  }

  @Test("it ends with how the step and the job ended, and shows no more spans than it may")
  func ends() {
    var fold = TimelineFold(most: 2)
    fold.take(
      second: 1, ["fact": "status", "status": "running"], ["fact": "started", "path": "a", "attempt": 1])
    fold.take(
      second: 2, ["fact": "ended", "path": "a", "status": "failed"], ["fact": "started", "path": "b"])
    fold.take(second: 3, ["fact": "status", "status": "failed"])
    #expect(fold.spans.map(\.outcome) == ["failed", "failed"] && fold.isCut)
  }
}

extension TimelineFold {
  fileprivate mutating func take(second: Int64, _ facts: JSON...) {
    take(facts, at: Timestamp(microseconds: second * 1_000_000))
  }
}

@Suite("Which form of an answer is wanted", .timeLimit(.minutes(1)))
struct AcceptingTests {
  static let wishes: [(accept: String?, form: String)] = [
    (nil, "application/json"), ("", "application/json"), ("*/*", "application/json"),
    ("text/plain", "text/plain"), ("text/*, application/json;q=0.9", "text/plain"),
    ("text/plain;q=0.5, application/json", "application/json"), ("image/png", "application/json"),
    ("TEXT/PLAIN", "text/plain"), ("text/plain, */*", "text/plain"),
    ("application/json;q=0, text/plain;q=0.1", "text/plain"), ("text/plain;q=nan", "text/plain"),
    (String(repeating: "text/plain,", count: 1_000), "application/json"),
  ]

  @Test("is what the header says, by weight and by how exactly it says it", arguments: wishes)
  func form(_ accept: String?, _ form: String) {
    #expect(Accepting.form(of: accept, among: ["application/json", "text/plain"]) == form)
  }
}
