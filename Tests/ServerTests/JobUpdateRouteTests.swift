import API
import Engine
import Model
import Testing

@testable import Server

@Suite("A live job is changed over HTTP", .timeLimit(.minutes(1)))
struct JobUpdateRouteTests {
  private static let waiting = SourceFile(
    name: "waiting.yaml",
    source: """
      apiVersion: esteira/v1
      id: waiting
      namespace: demo
      job_labels: {team: risk}
      steps: {w: {wait: {signal: {name: go, key: k}}}}
      """)

  private func started() async throws -> (server: TestServer, id: String) {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.waiting, TestServer.hello]))
    return (server, try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~waiting")).id)
  }

  private func found(_ server: TestServer, _ labels: String) async throws -> [String] {
    let answer = try await server.send(APIRequest(.get, "/api/v1/jobs", query: [("labels", labels)]))
    return (answer.json["items"]?.array ?? []).compactMap { $0["id"]?.string }
  }

  @Test("lists find it by what it is called now")
  func labels() async throws {
    let (server, id) = try await started()
    #expect(try await found(server, "team=risk") == [id])
    let job = try await server.call(
      JobCalls.update, UpdateJobRequest(id: id, priority: 8, labels: [("team", nil), ("area", "tax")]))
    #expect(job.identity.priority == 8 && job.identity.labels.map(\.name) == ["area"])
    #expect(try await found(server, "team=risk") == [])
    #expect(try await found(server, "area=tax") == [id])
    #expect(try await server.call(JobCalls.get, JobPath(id: id)).job == job)
    let same = try await server.call(JobCalls.update, UpdateJobRequest(id: id))
    #expect(same == job, "Nothing named, nothing changed.")
  }

  static let wrong: [(body: JSON, status: Int, pointer: String?)] = [
    (["priority": 10], 400, "/priority"), (["priority": "high"], 400, "/priority"),
    (["labels": ["Team": "x"]], 400, "/labels/Team"), (["labels": ["": "x"]], 400, "/labels/"),
    (["labels": ["team": 5]], 400, "/labels/team"),
    (["labels": ["team": .string(String(repeating: "x", count: 257))]], 400, "/labels/team"),
    (["colour": "red"], 400, "/colour"),
  ]

  @Test("what a job cannot have is refused by name", arguments: wrong)
  func refused(_ body: JSON, _ status: Int, _ pointer: String?) async throws {
    let (server, id) = try await started()
    let answer = try await server.send(APIRequest(.patch, "/api/v1/jobs/\(id)", body: body.serialized()))
    let document = try ProblemDocument(answer.json)
    #expect(answer.status == status && document.errors.first?.pointer == pointer, "\(answer.json)")
    #expect(try await found(server, "team=risk") == [id])
  }

  @Test("it is started with a priority and labels of its own, and one that it cannot have is refused")
  func start() async throws {
    let (server, first) = try await started()
    let asked = ExecuteRequest(id: "demo~waiting", priority: 8, labels: [("team", nil), ("area", "tax")])
    let id = try await server.call(PipelineCalls.execute, asked).id
    #expect(try await found(server, "area=tax") == [id])
    #expect(try await found(server, "team=risk") == [first])
    #expect(try await server.call(JobCalls.get, JobPath(id: id)).job.identity.priority == 8)
    for body: JSON in [["priority": 10], ["labels": ["Team": "x"]], ["labels": ["team": 5]]] {
      let answer = try await server.send(
        APIRequest(.post, "/api/v1/pipelines/demo~waiting/execute", body: body.serialized()))
      #expect(answer.status == 400, "\(answer.json)")
    }
  }

  @Test("one that has ended is 409, and none is 404")
  func ended() async throws {
    let (server, _) = try await started()
    let id = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~hello")).id
    for (id, status, code) in [(id, 409, "job-ended"), ("00000000", 404, "no-job")] {
      let answer = try await server.send(
        APIRequest(JobCalls.update.shape, input: UpdateJobRequest(id: id, labels: [("team", "x")]).json))
      #expect(answer.status == status && answer.json["code"]?.string == code)
    }
  }
}
