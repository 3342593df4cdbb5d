import API
import Model
import Testing

@testable import Server

@Suite("The routes of questions", .timeLimit(.minutes(1)))
struct AskRouteTests {
  private static let file = SourceFile(
    name: "ask.yaml",
    source: """
      apiVersion: esteira/v1
      id: ask
      namespace: demo
      steps:
        review:
          ask:
            title: Publish?
            show: {rows: 3}
            to: {users: [test], groups: [compliance]}
            quorum: 2
            choices:
              go: {approves: true}
              stop: {form: {type: object, required: [why], properties: {why: {type: string}}}}
      outputs: {choice: "${{ steps.review.output.choice }}"}
      """)

  private func asked() async throws -> (server: TestServer, job: String, ask: AskItem) {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.file]))
    let job = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~ask")).id
    let asks = try await server.call(AskCalls.list, AsksQuery())
    return (server, job, try #require(asks.items.first))
  }

  @Test("list, show and answer a question by the beginning of its id")
  func whole() async throws {
    let (server, job, ask) = try await asked()
    #expect(ask.job == job && ask.pipeline == "demo/ask" && ask.path == "review" && ask.state == "open")
    #expect(ask.assignees == ["user:test", "group:compliance"])
    let prefix = String(ask.id.prefix(18))
    let detail = try await server.call(AskCalls.get, AskPath(id: prefix))
    #expect(detail.ask == ask && detail.show == ["rows": 3] && detail.choices.count == 2)
    let mine = try await server.call(
      AskCalls.answer, AnswerRequest(id: prefix, choice: "go", shown: detail.shown))
    #expect(mine == AskResult(id: ask.id, job: job, isDecided: false, votes: 1, quorum: 2))
    let other = try await server.call(
      AskCalls.answer,
      AnswerRequest(id: prefix, choice: "go", shown: detail.shown, onBehalfOf: "local:bia"))
    #expect(other.isDecided && other.votes == 2)
    #expect(try await server.call(JobCalls.get, JobPath(id: job)).outputs == ["choice": "go"])
    #expect(try await server.call(AskCalls.list, AsksQuery()).items.isEmpty)
    let all = try await server.call(AskCalls.list, AsksQuery(state: "decided", mine: true))
    #expect(all.items.map(\.choice) == ["go"])
    let answers = try await server.call(AskCalls.get, AskPath(id: ask.id)).answers
    #expect(answers.map { $0["on_behalf_of"] } == [nil, "local:bia"])
  }

  @Test("refuse with the status that says why")
  func refused() async throws {
    let (server, job, ask) = try await asked()
    let shown = try await server.call(AskCalls.get, AskPath(id: ask.id)).shown
    func status(_ request: AnswerRequest) async throws -> String {
      let answer = try await server.send(APIRequest(AskCalls.answer.shape, input: request.json))
      return "\(answer.status) \(answer.json["code"]?.string ?? "")"
    }
    let other = String(repeating: "0", count: 64)
    #expect(try await status(AnswerRequest(id: "0000", choice: "go", shown: shown)) == "404 no-ask")
    #expect(try await status(AnswerRequest(id: ask.id, choice: "go", shown: other)) == "409 ask-changed")
    #expect(try await status(AnswerRequest(id: ask.id, choice: "no", shown: shown)) == "422 invalid-answer")
    #expect(
      try await status(AnswerRequest(id: ask.id, choice: "go", shown: shown, onBehalfOf: "caio"))
        == "403 not-assignee")
    _ = try await server.call(JobCalls.cancel, StopRequest(id: job, reason: ""))
    #expect(try await status(AnswerRequest(id: ask.id, choice: "go", shown: shown)) == "409 ask-closed")
  }

  @Test("hand a question over, and leave a reminder")
  func handOver() async throws {
    let (server, job, ask) = try await asked()
    _ = try await server.call(AskCalls.delegate, HandoverRequest(id: ask.id, to: "davi"))
    let detail = try await server.call(AskCalls.get, AskPath(id: ask.id))
    #expect(detail.ask.assignees == ["user:davi", "group:compliance"])
    _ = try await server.call(AskCalls.remind, AskPath(id: ask.id))
    let facts = try await server.call(JobCalls.events, EventsQuery(id: job)).items.flatMap(\.facts)
    #expect(facts.contains { $0["fact"] == "reminded" && $0["path"] == "review" })
  }

  @Test("why names the question, and the command that answers it")
  func why() async throws {
    let (server, job, ask) = try await asked()
    let blockers = try await server.call(JobCalls.why, JobPath(id: job)).items
    #expect(blockers.map(\.kind) == ["ask"])
    #expect(blockers.first?.remedy == "Answer with: esteira ask answer \(ask.id) go|stop")
  }
}
