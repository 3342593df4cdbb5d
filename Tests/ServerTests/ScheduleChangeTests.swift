import API
import Access
import Engine
import Model
import Stores
import Testing

@testable import Server

@Suite("Schedules beside the file", .timeLimit(.minutes(1)))
struct ScheduleChangeTests {
  private static let file = SourceFile(
    name: "report.yaml",
    source: """
      apiVersion: esteira/v1
      id: report
      namespace: demo
      inputs: {day: {type: string, maxLength: 5, default: today}}
      triggers: {yearly: {schedule: {cron: "0 0 1 1 *"}}}
      steps: {at: {value: "${{ inputs.day }}"}}
      outputs: {day: "${{ steps.at.output }}"}
      """)
  private static let rule = ScheduleRule(
    cron: "0 6 1 2 *", timezone: "America/Sao_Paulo", inputs: JSONObject([("day", "first")]))

  private func server() async throws -> TestServer {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.file]))
    return server
  }

  private func request(_ name: String = "extra", _ rule: ScheduleRule = rule) -> ScheduleRequest {
    ScheduleRequest(pipeline: "demo~report", name: name, rule: rule)
  }

  private func status(_ request: APIRequest, _ server: TestServer) async throws -> String {
    let answer = try await server.send(request)
    return "\(answer.status) \(answer.json["code"]?.string ?? "")"
  }

  @Test("are made, start jobs with their inputs, and survive an apply")
  func made() async throws {
    let server = try await server()
    let response = await server.router.handle(
      APIRequest(ScheduleChangeCalls.create.shape, input: request().json), actor: "local:test")
    #expect(response.status == 201 && response.entityTag?.hasPrefix("1-") == true)
    #expect(response.location == "/api/v1/schedules/demo~report~extra")
    let items = try await server.call(ScheduleCalls.list, SchedulesQuery()).items
    #expect(items.map(\.origin).sorted() == ["api", "file"])
    var file = Self.file
    file.source += "\ntitle: Other\n"
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file]))
    let item = try await server.call(ScheduleCalls.get, SchedulePath(id: "demo~report~extra"))
    #expect(item.origin == "api" && item.inputs == JSONObject([("day", "first")]) && item.version == 1)
    #expect(item.cron == "0 6 1 2 *" && item.nextAt?.rfc3339.hasSuffix("-02-01T09:00:00Z") == true)
    let result = try await server.call(ScheduleCalls.trigger, SchedulePath(id: item.id))
    #expect(result.outcome == "started")
    let job = try await server.call(JobCalls.get, JobPath(id: try #require(result.jobs.first)))
    #expect(job.inputs == ["day": "first"] && job.job.triggerType == "schedule")
  }

  @Test("are changed on the condition that nobody else did, and deleted")
  func changed() async throws {
    let server = try await server()
    let tag = try await server.call(ScheduleChangeCalls.create, request()).tag
    let id = "demo~report~extra"
    var rule = Self.rule
    rule.cron = "0 7 * * *"
    let replacement = ScheduleReplacement(id: id, rule: rule)
    var put = APIRequest(ScheduleChangeCalls.update.shape, input: replacement.json)
    #expect(try await status(put, server) == "428 precondition-required")
    put.ifMatch = "\"7\(tag.dropFirst())\""
    #expect(try await status(put, server) == "412 precondition-failed")
    put.ifMatch = "W/\"\(tag)\""
    #expect(try await status(put, server) == "412 precondition-failed")
    put.ifMatch = "\"v7\", \"\(tag)\""
    let changed = try await server.send(put)
    #expect(changed.status == 200 && changed.json["version"] == 2 && changed.json["cron"] == nil)
    #expect(changed.json["spec"]?["cron"] == "0 7 * * *")
    #expect(try await status(put, server) == "412 precondition-failed")
    var deletion = APIRequest(ScheduleChangeCalls.delete.shape, input: SchedulePath(id: id).json)
    deletion.ifMatch = put.ifMatch
    #expect(try await status(deletion, server) == "412 precondition-failed")
    _ = try await server.call(ScheduleChangeCalls.delete, SchedulePath(id: id))
    let get = APIRequest(ScheduleCalls.get.shape, input: SchedulePath(id: id).json)
    #expect(try await status(get, server) == "404 no-schedule")
    // One that is made anew under the name of another is not the other.
    _ = try await server.call(ScheduleChangeCalls.create, request("extra", rule))
    #expect(try await status(put, server) == "412 precondition-failed")
  }

  @Test("parts of one are changed: what is not named stays, and null takes away")
  func parts() async throws {
    let server = try await server()
    let made = try await server.call(ScheduleChangeCalls.create, request()).item
    func patch(_ change: JSONObject, _ tag: String) async throws -> APIResponse {
      var request = APIRequest(
        ScheduleChangeCalls.change.shape, input: ScheduleChange(id: made.id, change: change).json)
      request.ifMatch = "\"\(tag)\""
      return await server.router.handle(request, actor: "local:ana")
    }
    let first = try await patch(["cron": "30 8 * * *"], made.tag)
    #expect(first.status == 200)
    let item = try await server.call(ScheduleCalls.get, SchedulePath(id: made.id))
    #expect(item.cron == "30 8 * * *" && item.inputs == made.inputs && item.version == 2)
    #expect(item.spec["timezone"] == made.spec["timezone"])
    #expect(try await patch(["timezone": .null], made.tag).status == 412, "It is of the state before.")
    #expect(try await patch(["timezone": .null], item.tag).status == 200)
    let bare = try await server.call(ScheduleCalls.get, SchedulePath(id: made.id))
    #expect(bare.spec["timezone"] == nil && bare.cron == "30 8 * * *")
    #expect(try await patch(["cron": .null], bare.tag).status == 400)
    #expect(try await patch(["colour": "red"], bare.tag).status == 400)
    #expect(try await patch(["cron": "every day"], bare.tag).status == 422)
  }

  @Test("schedules come page by page, by name")
  func pages() async throws {
    let server = try await server()
    for name in ["a", "b", "c"] { _ = try await server.call(ScheduleChangeCalls.create, request(name)) }
    let all = try await server.call(ScheduleCalls.list, SchedulesQuery()).items.map(\.id)
    #expect(all == ["a", "b", "c", "yearly"].map { "demo~report~\($0)" })
    let first = try await server.call(ScheduleCalls.list, SchedulesQuery(limit: 3))
    #expect(first.items.map(\.id) == Array(all.prefix(3)) && first.nextCursor == all[2])
    // One that goes meanwhile moves no other.
    _ = try await server.call(ScheduleChangeCalls.delete, SchedulePath(id: all[0]))
    let rest = try await server.call(
      ScheduleCalls.list, SchedulesQuery(limit: 3, cursor: first.nextCursor))
    #expect(rest.items.map(\.id) == [all[3]] && rest.nextCursor == nil)
  }

  @Test("a pause shows another picture of the same definition")
  func pictures() async throws {
    let server = try TestServer { $0.now = { SystemClock().now } }
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.file]))
    let made = try await server.call(ScheduleChangeCalls.create, request())
    let paused = try await server.call(
      ScheduleCalls.pause, SchedulePauseRequest(id: made.item.id, reason: "care"))
    #expect(paused.pause != nil && paused.tag != made.tag && paused.state == made.item.state)
  }

  @Test("have nothing to do with those of the file")
  func ofFile() async throws {
    let server = try await server()
    let id = "demo~report~yearly"
    let made = APIRequest(ScheduleChangeCalls.create.shape, input: request("yearly").json)
    #expect(try await status(made, server) == "409 defined-in-file")
    var put = APIRequest(
      ScheduleChangeCalls.update.shape, input: ScheduleReplacement(id: id, rule: Self.rule).json)
    put.ifMatch = "*"
    #expect(try await status(put, server) == "409 defined-in-file")
    let deletion = APIRequest(ScheduleChangeCalls.delete.shape, input: SchedulePath(id: id).json)
    #expect(try await status(deletion, server) == "409 defined-in-file")
    _ = try await server.call(ScheduleChangeCalls.create, request())
    let twice = APIRequest(ScheduleChangeCalls.create.shape, input: request().json)
    #expect(try await status(twice, server) == "409 schedule-exists")
  }

  @Test("rest while the file has a trigger of their name, and go with their pipeline")
  func shadowed() async throws {
    let server = try await server()
    _ = try await server.call(ScheduleChangeCalls.create, request())
    var file = Self.file
    file.source = file.source.replacing("yearly:", with: "extra:")
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file]))
    #expect(try await server.call(ScheduleCalls.list, SchedulesQuery()).items.map(\.origin) == ["file"])
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.file]))
    #expect(try await server.call(ScheduleCalls.list, SchedulesQuery()).items.count == 2)
    _ = try await server.call(PipelineCalls.delete, DeleteRequest(id: "demo~report"))
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.file]))
    #expect(try await server.call(ScheduleCalls.list, SchedulesQuery()).items.count == 1)
  }

  static let wrong: [(String, ScheduleRule, String)] = [
    ("a", ScheduleRule(cron: "61 * * * *"), "422 invalid-schedule"),
    ("a", ScheduleRule(cron: "${{ x }}"), "422 invalid-schedule"),
    ("a", ScheduleRule(cron: "0 0 * * *", timezone: "Mars/Base"), "422 invalid-schedule"),
    ("a", ScheduleRule(cron: "0 0 * * *", overlap: "never"), "400 invalid-request"),
    ("a", ScheduleRule(cron: "0 0 * * *", catchUp: ["last": 0]), "422 invalid-schedule"),
    ("a", ScheduleRule(cron: "0 0 * * *", jitter: "9d"), "422 invalid-schedule"),
    ("A b", ScheduleRule(cron: "0 0 * * *"), "422 invalid-schedule"),
    ("a", ScheduleRule(cron: "0 0 * * *", inputs: ["none": 1]), "422 invalid-schedule"),
    ("a", ScheduleRule(cron: "0 0 * * *", inputs: ["day": "longer"]), "422 invalid-schedule"),
    ("a", ScheduleRule(cron: "0 0 * * *", inputs: ["day": "${{ 1 }}"]), "422 invalid-schedule"),
  ]

  @Test("that could not stand in a file are refused", arguments: wrong)
  func refused(name: String, rule: ScheduleRule, expected: String) async throws {
    let server = try await server()
    let call = APIRequest(ScheduleChangeCalls.create.shape, input: request(name, rule).json)
    #expect(try await status(call, server) == expected)
    #expect(try server.store.addedSchedules(in: nil).isEmpty)
  }

  @Test("pause and resume together, each in its namespace, and leave earlier pauses alone")
  func many() async throws {
    let server = try await server()
    var other = Self.file
    other.source = other.source.replacing("namespace: demo", with: "namespace: other")
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [other]))
    _ = try await server.call(ScheduleChangeCalls.create, request())
    let paused = try await server.call(
      ScheduleChangeCalls.pauseAll, ManyPauses(namespace: "demo", reason: "care"))
    #expect(paused.schedules == ["demo~report~extra", "demo~report~yearly"])
    #expect(try server.store.schedules().filter { $0.pause != nil }.count == 2)
    let viewer = Principal.fixture(["other": "schedules:pause"])
    let call = APIRequest(ScheduleChangeCalls.pauseAll.shape, input: ManyPauses(reason: "more").json)
    let answer = await server.router.handle(call, as: viewer)
    #expect(try ManySchedules(TestServer.json(answer)).schedules == ["other~report~yearly"])
    let foreign = APIRequest(
      ScheduleChangeCalls.pauseAll.shape, input: ManyPauses(namespace: "demo", reason: "x").json)
    #expect(await server.router.handle(foreign, as: viewer).status == 404)
    let resumed = try await server.call(ScheduleChangeCalls.resumeAll, ManyResumes())
    #expect(resumed.count == 3)
    #expect(try server.store.schedules().allSatisfy { $0.pause == nil })
  }

  @Test("a line is previewed with its clock changes and warnings")
  func preview() async throws {
    let server = try await server()
    let spring = try await server.call(
      ScheduleChangeCalls.preview,
      PreviewRequest(
        cron: "30 2 * * *", timezone: "America/New_York", from: Timestamp(rfc3339: "2027-03-13T00:00:00Z"),
        count: 3))
    #expect(spring.times.map(\.note) == [nil, "moved", nil])
    #expect(spring.times[1].skipped == "02:30" && spring.warnings.count == 1)
    let both = try await server.call(
      ScheduleChangeCalls.preview, PreviewRequest(cron: "0 0 13 * 5", count: 1))
    #expect(both.warnings.count == 1)
    let bad = APIRequest(ScheduleChangeCalls.preview.shape, input: PreviewRequest(cron: "x").json)
    #expect(try await status(bad, server) == "422 bad-cron")
    let far = APIRequest(
      ScheduleChangeCalls.preview.shape, input: PreviewRequest(cron: "* * * * *", count: 1_001).json)
    #expect(try await status(far, server) == "400 invalid-request")
  }
}
