import API
import Engine
import Model
import Stores
import Testing

@testable import Server

@Suite("The routes of schedules and backfills", .timeLimit(.minutes(1)))
struct ScheduleRouteTests {
  /// Due at midnight of New Year's days: never while the test runs.
  private static let file = SourceFile(
    name: "report.yaml",
    source: """
      apiVersion: esteira/v1
      id: report
      namespace: demo
      triggers:
        yearly: {schedule: {cron: "0 0 1 1 *", timezone: America/New_York, calendar: holidays}}
        hook: {webhook: {path: x, verify: {scheme: bearer, credential: c}}}
      steps: {at: {value: "${{ string(trigger.time) }}"}}
      """)

  private func server() async throws -> TestServer {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.file]))
    return server
  }

  private func name(_ trigger: String? = "yearly") -> SchedulePath {
    SchedulePath(id: "demo~report" + (trigger.map { "~\($0)" } ?? ""))
  }

  @Test("show a schedule, and that its calendar is missing until it is set")
  func shown() async throws {
    let server = try await server()
    let list = try await server.call(ScheduleCalls.list, SchedulesQuery())
    #expect(list.items.map(\.id) == ["demo~report~yearly"])
    #expect(list.items[0].problem == "no-calendar: holidays")
    #expect(try await server.call(ScheduleCalls.list, SchedulesQuery(namespace: "other")).items.isEmpty)
    _ = try await server.call(
      AccessCalls.setSetting, SettingRequest(id: "demo~holidays", value: ["1971-01-01 Holiday"]))
    let item = try await server.call(ScheduleCalls.get, name(nil))
    #expect(item.problem == nil)
    #expect(item.cron == "0 0 1 1 *")
    #expect(item.missed == 0)
    let next = try await server.call(
      ScheduleCalls.next, NextQuery(id: item.id, from: Timestamp(microseconds: 0), limit: 2))
    #expect(next.items.map(\.due.rfc3339) == ["1970-01-01T05:00:00Z", "1971-01-01T05:00:00Z"])
    #expect(next.items.map(\.closed) == [nil, "Holiday"])
  }

  @Test("pause and resume it, with who and why")
  func paused() async throws {
    let server = try await server()
    let paused = try await server.call(
      ScheduleCalls.pause, SchedulePauseRequest(id: "demo~report~yearly", reason: "care"))
    #expect(paused.pause == nil, "The server of the test lives in 1970, before the pause.")
    let row = try server.store.schedules().first
    #expect(row?.pause?.by == "local:test")
    #expect(row?.pause?.reason == "care")
    _ = try await server.call(ScheduleCalls.resume, ResumeRequest(id: "demo~report", catchesUp: true))
    #expect(try server.store.schedules().first?.pause == nil)
    await #expect(throws: ProblemDocument.self) {
      try await server.call(ScheduleCalls.pause, SchedulePauseRequest(id: "demo~report~yearly", reason: ""))
    }
  }

  @Test("start a job now, and show what became of each due time")
  func triggered() async throws {
    let server = try await server()
    let result = try await server.call(ScheduleCalls.trigger, name())
    #expect(result.outcome == "started")
    let fires = try await server.call(ScheduleCalls.fires, FiresQuery(id: "demo~report~yearly"))
    #expect(fires.items.map(\.outcome) == ["started"])
    #expect(fires.items.map(\.job) == [result.jobs.first])
    let missed = try await server.call(
      ScheduleCalls.allFires, FiresQuery(namespace: "demo", outcome: "missed"))
    #expect(missed.items.isEmpty)
    await #expect(throws: ProblemDocument.self) {
      try await server.call(ScheduleCalls.allFires, FiresQuery(outcome: "lost"))
    }
  }

  @Test("plan a backfill without keeping it, make it, and follow it")
  func backfill() async throws {
    let server = try await server()
    _ = try await server.call(
      AccessCalls.setSetting, SettingRequest(id: "demo~holidays", value: ["2020-01-01"]))
    var request = BackfillRequest(
      schedule: "demo~report~yearly", from: try #require(Timestamp(rfc3339: "2018-06-01T00:00:00Z")),
      to: try #require(Timestamp(rfc3339: "2022-06-01T00:00:00Z")), isDryRun: true)
    let planned = try await server.call(BackfillCalls.create, request)
    #expect(planned.state == "planned")
    #expect(
      planned.dues.map(\.rfc3339) == [
        "2019-01-01T05:00:00Z", "2021-01-01T05:00:00Z", "2022-01-01T05:00:00Z",
      ])
    #expect(try await server.call(BackfillCalls.list, SignalsQuery()).items.isEmpty)
    request.isDryRun = false
    let made = try await server.call(BackfillCalls.create, request)
    var item = made
    while item.state == "running" {
      try Task.checkCancellation()
      item = try await server.call(BackfillCalls.get, BackfillPath(id: String(made.id.prefix(18))))
    }
    #expect((item.state, item.total, item.succeeded) == ("done", 3, 3))
    await #expect(throws: ProblemDocument.self) {
      try await server.call(BackfillCalls.pause, BackfillPath(id: made.id))
    }
    await #expect(throws: ProblemDocument.self) {
      try await server.call(BackfillCalls.get, BackfillPath(id: "ffff"))
    }
  }

  @Test("say what is wrong with a name, with the status of its code")
  func names() async throws {
    let server = try await server()
    for (id, status) in [
      ("demo~report~weekly", 404), ("demo~none", 404), ("report", 400), ("demo~report~hook", 404),
    ] {
      let answer = try await server.send(
        APIRequest(ScheduleCalls.get.shape, input: SchedulePath(id: id).json))
      #expect(answer.status == status, "\(id): \(answer.json.text)")
    }
  }

  @Test("read beside no node, and change nothing there")
  func readOnly() async throws {
    let server = try TestServer(isReadOnly: true)
    #expect(try await server.call(ScheduleCalls.list, SchedulesQuery()).items.isEmpty)
    await #expect(throws: ProblemDocument.self) {
      try await server.call(
        ScheduleCalls.pause, SchedulePauseRequest(id: "demo~report~yearly", reason: "care"))
    }
  }
}
