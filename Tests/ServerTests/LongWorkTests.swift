import API
import Engine
import Model
import Testing

@testable import Server

@Suite("What a call began and where it is", .timeLimit(.minutes(1)))
struct LongWorkTests {
  private static let waiting = SourceFile(
    name: "waits.yaml",
    source: """
      apiVersion: esteira/v1
      id: waits
      namespace: demo
      triggers: {daily: {schedule: {cron: "0 6 * * *"}}}
      steps:
        load:
          steps: {a: {for_each: "[1, 2]", value: "${{ item }}"}, b: {value: 2}}
        loader: {value: 3}
        go: {needs: [load, loader], wait: {signal: {name: go}}}
      """)

  private func location(_ server: TestServer, _ shape: Shape, _ input: JSON) async -> String {
    let answer = await server.router.handle(APIRequest(shape, input: input), actor: "local:test")
    return "\(answer.status) \(answer.location ?? "-")"
  }

  @Test("Location names the job of a start, a cancel and a rerun; a look names nothing")
  func locations() async throws {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.waiting]))
    let keyed: JSON = ["id": "demo~waits", "idempotency_key": "k"]
    let started = await location(server, PipelineCalls.execute.shape, keyed)
    let id = try #require(try await server.call(JobCalls.list, JobsQuery()).items.first?.id)
    let place = "/api/v1/jobs/\(id)"
    #expect(started == "202 \(place)")
    #expect(await location(server, PipelineCalls.execute.shape, keyed) == "200 -")
    #expect(await location(server, JobCalls.get.shape, ["id": .string(id)]) == "200 -")
    #expect(await location(server, JobCalls.cancel.shape, ["id": .string(id)]) == "202 \(place)")
    for await _ in try await server.node.follow(try #require(ID<Job>(id)), after: 0) {}
    #expect(await location(server, JobCalls.rerun.shape, ["id": .string(id), "dry_run": true]) == "200 -")
    let again = await location(server, JobCalls.rerun.shape, ["id": .string(id)])
    let newest = try #require(try await server.call(JobCalls.list, JobsQuery()).items.first?.id)
    #expect(newest != id && again == "202 /api/v1/jobs/\(newest)")
  }

  @Test("steps below a path are its items, its rounds and its inner steps, and no other that begins so")
  func below() async throws {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.waiting]))
    let job = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~waits")).id
    while try await server.call(JobCalls.get, JobPath(id: job)).job.status != "waiting" { await Task.yield() }
    func paths(_ parent: String, limit: Int? = nil) async throws -> [String] {
      let query = StepsQuery(id: job, parent: parent, limit: limit)
      return try await server.call(JobCalls.steps, query).items.map(\.path)
    }
    #expect(Set(try await paths("load")) == ["load.a", "load.a[0]", "load.a[1]", "load.b"])
    #expect(Set(try await paths("load.a")) == ["load.a[0]", "load.a[1]"])
    #expect(try await paths("loader").isEmpty)
    #expect(try await paths("nope").isEmpty)
    let first = try await server.call(JobCalls.steps, StepsQuery(id: job, parent: "load", limit: 3))
    let rest = try await server.call(
      JobCalls.steps, StepsQuery(id: job, parent: "load", limit: 3, cursor: first.nextCursor))
    #expect(first.items.count == 3 && rest.items.count == 1 && rest.nextCursor == nil)
  }
}
