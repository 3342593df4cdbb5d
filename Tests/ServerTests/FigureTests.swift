import API
import Access
import Engine
import Model
import Testing

@testable import Server

extension Principal {
  /// Somebody who may do these, by namespace.
  static func fixture(_ grants: [String: String]) -> Principal {
    Principal(
      kind: .person, id: "1", actor: "ana",
      grants: grants.sorted { $0.key < $1.key }.map { namespace, words in
        Grant(
          namespace: namespace,
          permissions: Permissions(words.split(separator: " ").map(String.init)) ?? .none)
      })
  }
}

@Suite("Sums of how work goes", .timeLimit(.minutes(1)))
struct FigureTests {
  private static let now = Timestamp(microseconds: 1_800_000_000_000_000)

  private static func job(
    _ hours: Double, _ status: JobStatus, took: Int? = nil, _ errorClass: ErrorClass? = nil
  ) -> JobMeasure {
    let created = now + .milliseconds(-Int(hours * 3_600_000))
    return JobMeasure(
      createdAt: created, startedAt: took.map { _ in created },
      completedAt: took.map { created + .milliseconds($0) }, status: status, errorClass: errorClass)
  }

  private static func figures(_ jobs: [JobMeasure], since hours: Int = 24) throws -> JobFigures {
    var figuring = JobFiguring(try FigureWindow(since: now + .seconds(-hours * 3_600), now: now))
    for job in jobs { figuring.add(job) }
    return figuring.figures(isTruncated: false)
  }

  @Test("count jobs, rates, durations and errors")
  func counted() throws {
    let figures = try Self.figures([
      Self.job(0.5, .success, took: 100), Self.job(0.6, .partial, took: 300),
      Self.job(1.5, .failed, took: 200, .timeout),
      Self.job(2.5, .failed, took: 400, .credential), Self.job(2.6, .failed, took: 1, .transient),
      Self.job(2.7, .failed, took: 1, .exit), Self.job(3, .timeout, took: 1),
      Self.job(4, .cancelled, took: 1),
      Self.job(5, .running), Self.job(6, .queued),
    ])
    #expect(figures.jobs == 10 && figures.perHour == 10.0 / 24)
    #expect(figures.successRate == 2.0 / 7)
    #expect(figures.errors == ["timeout": 2, "auth": 1, "network": 1, "other": 1])
    #expect(figures.duration == DurationSummary(count: 8, mean: 125, p95: 400))
    #expect(figures.series.count == 24)
    #expect(figures.series.last == SeriesItem(at: Self.now + .seconds(-3_600), started: 2, succeeded: 2))
    #expect(figures.series.map(\.started).reduce(0, +) == 10)
  }

  @Test("of nothing are no division by zero")
  func nothing() throws {
    let figures = try Self.figures([], since: 0)
    #expect(figures.successRate == nil && figures.perHour == 0 && figures.duration.mean == nil)
    #expect(figures.series.count == 1)
  }

  @Test("take the 95th of a hundred", arguments: [(1, 1), (19, 19), (20, 19), (100, 95), (101, 96)])
  func percentile(count: Int, expected: Int64) {
    let summary = DurationSummary((1...Int64(count)).shuffled())
    #expect(summary.p95 == expected && summary.count == count)
    #expect(DurationSummary([.max, .max]).mean == .max)
  }

  @Test("have a window of at most 31 days, by the day when it is long")
  func window() throws {
    #expect(throws: Problem.self) { try FigureWindow(since: Self.now + .seconds(1), now: Self.now) }
    #expect(throws: Problem.self) {
      try FigureWindow(since: Self.now + .seconds(-31 * 86_400 - 1), now: Self.now)
    }
    #expect(try FigureWindow(since: Self.now + .seconds(-31 * 86_400), now: Self.now).series.count == 31)
    #expect(try FigureWindow(since: Self.now + .seconds(-2 * 86_400), now: Self.now).series.count == 48)
  }
}

@Suite("The routes of sums, queues, workers and namespaces", .timeLimit(.minutes(1)))
struct OverviewRouteTests {
  private static let waiting = SourceFile(
    name: "wait.yaml",
    source: """
      apiVersion: esteira/v1
      id: wait
      namespace: other
      triggers: {inbox: {queue: {connection: c, list: l}}}
      steps: {signal: {wait: {signal: {name: go}}}}
      """)

  private func server(_ adjust: (inout Backend) -> Void = { _ in }) async throws -> TestServer {
    let server = try TestServer { backend in
      backend.now = { SystemClock().now }
      adjust(&backend)
    }
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello, Self.waiting]))
    return server
  }

  private func answer<Input, Output>(
    _ server: TestServer, _ endpoint: Endpoint<Input, Output>, _ input: Input, _ principal: Principal
  ) async throws -> Output {
    let request = APIRequest(endpoint.shape, input: input.json)
    return try Output(TestServer.json(await server.router.handle(request, as: principal)))
  }

  @Test("sum up what the caller sees, and nothing else")
  func summary() async throws {
    let server = try await server()
    let started = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~hello"))
    for await _ in try await server.node.follow(try #require(ID<Job>(started.id)), after: 0) {}
    let waits = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "other~wait"))
    while try await server.call(JobCalls.get, JobPath(id: waits.id)).job.status != "waiting" {
      try Task.checkCancellation()
    }
    let all = try await server.call(MetricsCalls.summary, MetricsQuery())
    #expect(all.figures.jobs == 2 && all.figures.successRate == 1 && all.waiting == 1)
    let mine = try await answer(
      server, MetricsCalls.summary, MetricsQuery(), .fixture(["demo": "metrics:read"]))
    #expect(mine.figures.jobs == 1 && mine.waiting == 0)
    let pipeline = try await server.call(MetricsCalls.pipeline, PipelineMetricsQuery(id: "other~wait"))
    #expect(pipeline.figures.jobs == 1 && pipeline.figures.successRate == nil)
    let none = APIRequest(MetricsCalls.pipeline.shape, input: PipelineMetricsQuery(id: "other~none").json)
    #expect(try await server.send(none).status == 404)
    let old = APIRequest(
      MetricsCalls.summary.shape, input: MetricsQuery(since: Timestamp(microseconds: 0)).json)
    #expect(try await server.send(old).status == 422)
    let unknown = APIRequest(MetricsCalls.connector.shape, input: ConnectorMetricsQuery(name: "x.y").json)
    #expect(try await server.send(unknown).status == 404)
  }

  @Test("show what waits before a trigger, and an empty queue by its name")
  func queues() async throws {
    let server = try await server()
    let name = PipelineName(namespace: "other", name: "wait")
    try await server.node.write([
      .pause(PauseRecord(pipeline: name, by: "ana", reason: "x", at: SystemClock().now, until: nil))
    ])
    for number in 1...2 {
      _ = try await server.call(
        TriggerCalls.send,
        TriggerMessageRequest(id: "other~wait", name: "inbox", message: .int(Int64(number))))
    }
    let queues = try await server.call(QueueCalls.list, QueuesQuery()).items
    #expect(queues.map(\.name) == ["trigger~other~wait~inbox"] && queues.map(\.waiting) == [2])
    let demo = Principal.fixture(["demo": "queues:read"])
    #expect(try await answer(server, QueueCalls.list, QueuesQuery(), demo).items.isEmpty)
    let path = QueuePath(name: "trigger~other~wait~inbox")
    let hidden = APIRequest(QueueCalls.get.shape, input: path.json)
    #expect(await server.router.handle(hidden, as: demo).status == 404)
    #expect(try await server.call(QueueCalls.get, path).waiting == 2)
    let empty = try await server.call(QueueCalls.get, QueuePath(name: "jobs~demo~hello"))
    #expect(
      empty == QueueItem(name: "jobs~demo~hello", kind: "jobs", namespace: "demo", waiting: 0, oldestAt: nil))
    for wrong in [
      "x", "trigger~other~wait", "trigger~other~wait~none", "jobs~other~none", "outbox~none", "~",
    ] {
      let request = APIRequest(QueueCalls.get.shape, input: QueuePath(name: wrong).json)
      #expect(try await server.send(request).status == 404, "\(wrong)")
    }
  }

  @Test("show the one node that works")
  func workers() async throws {
    let server = try await server()
    let workers = try await server.call(WorkerCalls.list, Nothing()).items
    #expect(workers.map(\.id) == ["test"] && workers[0].attempts.isEmpty)
    #expect(workers[0].places.map(\.place) == ["node", "process", "outside"])
    #expect(workers[0].places[0].slots == 256 && workers[0].places[2].slots == 10_000)
    #expect(try await server.call(WorkerCalls.get, WorkerPath(id: "test")) == workers[0])
    let none = APIRequest(WorkerCalls.get.shape, input: WorkerPath(id: "other").json)
    #expect(try await server.send(none).status == 404)
    #expect(try await TestServer(isReadOnly: true).call(WorkerCalls.list, Nothing()).items.isEmpty)
  }

  @Test("show namespaces by what stands in them, and only those that are seen")
  func namespaces() async throws {
    let server = try await server()
    _ = try await server.call(AccessCalls.setSetting, SettingRequest(id: "third~x", value: 1))
    let all = try await server.call(NamespaceCalls.list, NamespacesQuery()).items
    #expect(all.map(\.name) == ["demo", "other", "third"])
    #expect(all.map(\.pipelines) == [1, 1, 0] && all.map(\.settings) == [0, 0, 1])
    let first = try await server.call(NamespaceCalls.list, NamespacesQuery(limit: 2))
    #expect(first.items == Array(all.prefix(2)))
    let rest = try await server.call(NamespaceCalls.list, NamespacesQuery(cursor: first.nextCursor))
    #expect(rest.items == Array(all.suffix(1)) && rest.nextCursor == nil)
    let viewer = Principal.fixture(["demo": "namespaces:read"])
    #expect(
      try await answer(server, NamespaceCalls.list, NamespacesQuery(), viewer).items.map(\.name) == ["demo"])
    let foreign = APIRequest(NamespaceCalls.get.shape, input: NamespacePath(namespace: "other").json)
    let missing = APIRequest(NamespaceCalls.get.shape, input: NamespacePath(namespace: "none").json)
    #expect(await server.router.handle(foreign, as: viewer).status == 404)
    #expect(try await server.send(missing).status == 404)
  }

  @Test("change a setting on the condition that nobody else did")
  func settings() async throws {
    let server = try await server()
    let path = SettingPath(namespace: "demo", name: "limit")
    let get = APIRequest(NamespaceCalls.setting.shape, input: path.json)
    #expect(try await server.send(get).status == 404)
    let change = SettingChange(namespace: "demo", name: "limit", value: ["a": 1])
    _ = try await server.call(NamespaceCalls.setSetting, change)
    let shown = await server.router.handle(get, actor: "local:test")
    let tag = try #require(shown.entityTag)
    var put = APIRequest(
      NamespaceCalls.setSetting.shape,
      input: SettingChange(namespace: "demo", name: "limit", value: 2).json)
    put.ifMatch = "\"\(tag)\""
    #expect(try await server.send(put).status == 200)
    #expect(try await server.send(put).status == 412)
    var deletion = APIRequest(NamespaceCalls.deleteSetting.shape, input: path.json)
    deletion.ifMatch = "\"\(tag)\""
    #expect(try await server.send(deletion).status == 412)
    #expect(try await server.call(AccessCalls.settings, ListQuery(namespace: "demo")) == ["limit": 2])
    _ = try await server.call(NamespaceCalls.deleteSetting, path)
    let null = APIRequest(
      NamespaceCalls.setSetting.shape,
      input: SettingChange(namespace: "demo", name: "limit", value: .null).json)
    #expect(try await server.send(null).status == 400)
    #expect(try await server.send(deletion).status == 404)
  }

  @Test("tell what a connector needs, how it fails and how it is used")
  func connector() async throws {
    let description = ConnectorDescription(
      name: "x.get", title: Bilingual("Get", pt: "Obter"), summary: Bilingual("Gets.", pt: "Obtém."),
      with: ["type": "object"], output: [:], effect: .always(.pure), connection: .optional(kind: "http"),
      defaultTimeout: .seconds(300), place: .process,
      examples: [.init(Bilingual("One", pt: "Um"), yaml: "uses: x.get")],
      failures: [
        .init(
          .data, code: "bad", Bilingual("it is bad", pt: "é ruim"),
          remedy: Bilingual("Mend it.", pt: "Conserte."))
      ])
    let server = try await server { $0.connectors = [description] }
    let item = try await server.call(ConnectorCalls.get, ConnectorPath(name: "x.get"))
    #expect(item.item.places == ["process"] && item.connection == "optional" && item.connectionKind == "http")
    #expect(item.defaultTimeout == "5m" && item.examples.map(\.yaml) == ["uses: x.get"])
    #expect(item.failures.map(\.code) == ["bad"] && item.with == ["type": "object"])
    let none = APIRequest(ConnectorCalls.get.shape, input: ConnectorPath(name: "none").json)
    #expect(try await server.send(none).status == 404)
    let metrics = try await server.call(MetricsCalls.connector, ConnectorMetricsQuery(name: "x.get"))
    #expect(metrics.steps == 0 && metrics.jobs == 0 && metrics.duration.count == 0)
  }

  @Test("name the state of the schema of pipeline files")
  func schema() async throws {
    let server = try await server()
    let response = await server.router.handle(
      APIRequest(PipelineCalls.schema.shape, input: Nothing().json), as: .anonymous)
    #expect(response.entityTag?.count == 32 && response.status == 200)
  }
}
