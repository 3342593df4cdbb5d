import API
import Access
import Engine
import Foundation
import Model
import Testing

@testable import Server

@Suite("What is held about a person, over the API", .timeLimit(.minutes(1)))
struct PrivacyRouteTests {
  private static let cpf = "123.456.789-09"
  private static let digits = "12345678909"

  private struct World {
    var server: TestServer
    var router: Router
    var audit: AuditTrail

    func answer<Input: Wire>(
      _ shape: Shape, _ input: Input, as principal: Principal = .local("local:ana")
    ) async -> APIResponse {
      await router.handle(APIRequest(shape, input: input.json), as: principal)
    }

    func call<Input, Output>(_ endpoint: Endpoint<Input, Output>, _ input: Input) async throws -> Output {
      let response = await answer(endpoint.shape, input)
      guard response.status < 300 else { throw try ProblemDocument(try TestServer.json(response)) }
      return try Output(try TestServer.json(response))
    }

    /// Starts a job and waits for its end.
    func job(of pipeline: String, _ inputs: JSONObject) async throws -> String {
      let started = try await call(PipelineCalls.execute, ExecuteRequest(id: pipeline, inputs: inputs))
      let id = try #require(ID<Job>(started.id))
      for await _ in try await server.node.follow(id, after: 0) {}
      return started.id
    }
  }

  private static func file(_ namespace: String, _ id: String, more: String = "") -> SourceFile {
    SourceFile(
      name: "\(id).yaml",
      source: """
        apiVersion: esteira/v1
        id: \(id)
        namespace: \(namespace)
        title: Registration
        \(more)
        inputs: {cpf: {type: string, x-personal-data: true}}
        steps: {greet: {value: "${{ 'Hello, ' + inputs.cpf }}"}}
        outputs: {text: "${{ steps.greet.output }}"}

        """)
  }

  private func world() async throws -> World {
    let server = try TestServer()
    var backend = server.backend
    let access = try await TestAccess.service()
    (backend.access, backend.audit) = (access, access.audit)
    let world = World(server: server, router: Router(backend), audit: access.audit)
    let privacy =
      "privacy: {purpose: register clients, legal_basis: 'LGPD art. 7, V', data: [cpf], "
      + "contact: dpo@example.com}"
    _ = try await world.call(
      PipelineCalls.apply,
      ApplyRequest(
        files: [Self.file("demo", "client", more: privacy), Self.file("other", "client")]))
    return world
  }

  private func query(_ subject: String = cpf, limit: Int? = nil, cursor: String? = nil) -> SubjectQuery {
    SubjectQuery(namespace: "demo", subject: subject, limit: limit, cursor: cursor)
  }

  private func request(_ expected: Int? = nil, reason: String = "request 17", dry: Bool = false)
    -> ErasureRequest
  {
    ErasureRequest(
      namespace: "demo", subject: Self.digits, basis: "LGPD art. 18, VI", reason: reason, expected: expected,
      isDryRun: dry)
  }

  @Test("a person is found page by page, in one namespace, with counts of all")
  func search() async throws {
    let world = try await world()
    #expect(try await world.call(PrivacyCalls.search, query()).items == [])
    var jobs: [String] = []
    for _ in 0..<3 { jobs.append(try await world.job(of: "demo~client", ["cpf": .string(Self.cpf)])) }
    _ = try await world.job(of: "demo~client", ["cpf": "98765432100"])
    _ = try await world.job(of: "other~client", ["cpf": .string(Self.cpf)])
    let first = try await world.call(PrivacyCalls.search, query(Self.digits, limit: 2))
    #expect(first.items.map(\.id) == Array(jobs[..<2]) && first.counts["jobs"] == 3)
    #expect(first.items.allSatisfy { $0.inputs == ["cpf"] && $0.status == "success" && !$0.isHeld })
    #expect(first.nextCursor != nil)
    let second = try await world.call(PrivacyCalls.search, query(limit: 2, cursor: first.nextCursor))
    #expect(second.items.map(\.id) == [jobs[2]] && second.nextCursor == nil)
  }

  @Test("an export has each job below its id, and says how to go on")
  func export() async throws {
    let world = try await world()
    let jobs = [
      try await world.job(of: "demo~client", ["cpf": .string(Self.cpf)]),
      try await world.job(of: "demo~client", ["cpf": .string(Self.digits)]),
    ]
    let response = await world.answer(PrivacyCalls.export.shape, query(limit: 1))
    #expect(response.status == 200 && response.contentType == "application/x-tar")
    guard case .chunks(_, let chunks) = response.body else {
      Issue.record("no tar")
      return
    }
    var check = ExportCheck()
    var bytes: [UInt8] = []
    for try await chunk in chunks {
      try check.take(chunk)
      bytes += chunk
    }
    let report = try check.finish()
    #expect(report.faults == [] && report.publicKey != nil && report.files == 6)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains("/\(jobs[0])/history.jsonl") && !text.contains("/\(jobs[1])/"))
    #expect(text.contains("\"next_cursor\": \"1\""))
    let most = await world.answer(PrivacyCalls.export.shape, query(limit: SubjectExport.mostJobs + 1))
    #expect(most.status == 400)
  }

  @Test("an erasure is counted, confirmed, done once, and told without the person")
  func erase() async throws {
    let world = try await world()
    let job = try await world.job(of: "demo~client", ["cpf": .string(Self.cpf)])
    let other = try await world.job(of: "other~client", ["cpf": .string(Self.cpf)])
    let counted = try await world.call(PrivacyCalls.erase, request(dry: true))
    #expect(counted.counts["jobs"] == 1 && counted.erasure == nil)
    for (expected, status) in [(nil, 428), (2, 409)] as [(Int?, Int)] {
      #expect(await world.answer(PrivacyCalls.erase.shape, request(expected)).status == status)
    }
    #expect(try await world.call(JobCalls.get, JobPath(id: job)).job.id == job)
    let response = await world.answer(PrivacyCalls.erase.shape, request(1))
    #expect(response.status == 201)
    let done = try #require(try ErasureAnswer(try TestServer.json(response)).erasure)
    #expect(done.counts["jobs"] == 1 && done.doneAt != nil && done.by == "local:ana")
    #expect(await world.answer(JobCalls.get.shape, JobPath(id: job)).status == 404)
    #expect(try await world.call(JobCalls.get, JobPath(id: other)).job.id == other)
    #expect(try await world.call(PrivacyCalls.search, query()).items == [])
    // Nobody is left: nothing is done, and no second tombstone is made.
    #expect(try await world.call(PrivacyCalls.erase, request(0)).erasure == nil)
    let page = try await world.call(PrivacyCalls.erasures, ListQuery(namespace: "demo"))
    #expect(page.items == [done])
    #expect(try await world.call(PrivacyCalls.erasures, ListQuery(namespace: "other")).items == [])
  }

  @Test("neither the audit nor a problem nor what is stored says whom it was about")
  func silent() async throws {
    let world = try await world()
    _ = try await world.job(of: "demo~client", ["cpf": .string(Self.cpf)])
    var texts: [String] = []
    func tell<Input: Wire>(
      _ shape: Shape, _ input: Input, as principal: Principal = .local("local:ana")
    ) async {
      let response = await world.answer(shape, input, as: principal)
      if case .bytes(let bytes) = response.body { texts.append(String(decoding: bytes, as: UTF8.self)) }
    }
    let viewer = Principal(
      kind: .person, id: "vera", actor: "vera",
      grants: [Grant(namespace: "*", permissions: BuiltInRole.viewer.permissions)])
    await tell(PrivacyCalls.search.shape, query())
    await tell(PrivacyCalls.search.shape, query(cursor: "x"))
    for shape in [PrivacyCalls.search.shape, PrivacyCalls.export.shape] {
      #expect(await world.answer(shape, query(), as: viewer).status == 403)
      await tell(shape, query(), as: viewer)
    }
    _ = await world.answer(PrivacyCalls.export.shape, query())
    await tell(PrivacyCalls.erase.shape, request(9))
    await tell(PrivacyCalls.erase.shape, request(1, reason: "for \(Self.cpf)"))
    #expect(texts.last?.contains("subject-named") == true)
    await tell(PrivacyCalls.erase.shape, request(1), as: viewer)
    await tell(PrivacyCalls.erase.shape, request(1))
    await tell(PrivacyCalls.erasures.shape, ListQuery())
    var query = AuditQuery()
    query.limit = AuditQuery.mostRows
    let rows = try await world.audit.entries(query)
    #expect(rows.filter { $0.act.resourceType == "privacy" && $0.outcome == .done }.count == 3)
    #expect(rows.contains { $0.act.resourceID.hasPrefix("hmac:") && $0.act.action == "privacy:erase" })
    texts += rows.map { "\($0)" }
    for text in texts {
      #expect(!text.contains(Self.cpf) && !text.contains(Self.digits), "\(text.prefix(300))")
    }
    #expect(try await world.audit.verify().faults.isEmpty)
  }

  @Test("a person whose job lives is not erased, and the answer says what to do")
  func live() async throws {
    let world = try await world()
    let waiting = SourceFile(
      name: "wait.yaml",
      source: """
        apiVersion: esteira/v1
        id: wait
        namespace: demo
        inputs: {cpf: {type: string, x-personal-data: true}}
        steps: {rest: {wait: {for: 1h}}}

        """)
    _ = try await world.call(PipelineCalls.apply, ApplyRequest(files: [waiting]))
    let started = try await world.call(
      PipelineCalls.execute, ExecuteRequest(id: "demo~wait", inputs: ["cpf": .string(Self.cpf)]))
    let response = await world.answer(PrivacyCalls.erase.shape, request(1))
    let problem = try ProblemDocument(try TestServer.json(response))
    #expect(response.status == 409 && problem.code == "subject-live" && problem.detail.contains("1"))
    _ = try await world.call(
      JobCalls.kill, KillRequest(id: started.id, reason: "to be erased"))
    let id = try #require(ID<Job>(started.id))
    for await _ in try await world.server.node.follow(id, after: 0) {}
    #expect(try await world.call(PrivacyCalls.erase, request(1)).erasure?.counts["jobs"] == 1)
  }

  @Test("whoever is nobody is told so, without a word of what was sent")
  func nobody() async throws {
    let world = try await world()
    let response = await world.answer(PrivacyCalls.search.shape, query(" -- "))
    #expect(response.status == 422)
    #expect(try TestServer.json(response)["detail"]?.string?.contains("--") == false)
  }

  @Test("the register says what each pipeline says of itself, and which inputs are marked")
  func register() async throws {
    let world = try await world()
    _ = try await world.call(
      RetentionCalls.set, RetentionRequest(namespace: "demo", retained: "history", days: 90))
    let page = try await world.call(PrivacyCalls.register, ListQuery())
    #expect(page.items.map(\.pipeline) == ["demo/client", "other/client"])
    let item = page.items[0]
    #expect((item.purpose, item.legalBasis) == ("register clients", "LGPD art. 7, V"))
    #expect((item.data, item.contact) == (["cpf"], "dpo@example.com"))
    #expect((item.inputs, item.keptDays, item.title) == (["cpf"], 90, "Registration"))
    #expect(page.items[1].purpose == nil && page.items[1].keptDays == nil)
    let one = try await world.call(PrivacyCalls.register, ListQuery(limit: 1))
    #expect(one.items.count == 1 && one.nextCursor == "1")
  }
}
