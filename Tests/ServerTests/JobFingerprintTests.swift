import API
import Engine
import Model
import Testing

@testable import Server

@Suite("Jobs that failed alike", .timeLimit(.minutes(1)))
struct JobFingerprintTests {
  private static func file(_ id: String) -> SourceFile {
    SourceFile(
      name: "\(id).yaml",
      source: """
        apiVersion: esteira/v1
        id: \(id)
        namespace: demo
        inputs: {texts: {type: array, items: {type: string}}}
        steps:
          each: {for_each: "inputs.texts", value: "${{ int(item) }}"}
          last: {needs: [each], value: "${{ int(inputs.texts[0] + 'x') }}"}
        """)
  }

  private func run(_ server: TestServer, _ id: String, _ text: String) async throws -> String {
    let started = try await server.call(
      PipelineCalls.execute, ExecuteRequest(id: "demo~\(id)", inputs: ["texts": ["1", .string(text)]]))
    let job = try #require(ID<Job>(started.id))
    for await _ in try await server.node.follow(job, after: 0) {}
    return started.id
  }

  /// As it travels.
  private func find(_ server: TestServer, _ fingerprint: String, limit: Int) async throws -> [String] {
    var (query, ids) = (JobsQuery(limit: limit), [String]())
    query.fingerprint = fingerprint
    repeat {
      let answer = try await server.send(APIRequest(JobCalls.list.shape, input: query.json))
      let page = try Page<JobItem>(answer.json)
      #expect(answer.status == 200 && page.items.count <= limit)
      ids += page.items.map(\.id)
      query.cursor = page.nextCursor
    } while query.cursor != nil
    return ids
  }

  @Test("are found by the fingerprint that each of them shows, whatever item it was, page after page")
  func found() async throws {
    let server = try TestServer()
    _ = try await server.call(
      PipelineCalls.apply, ApplyRequest(files: [Self.file("load"), Self.file("other")]))
    let alike = [
      try await run(server, "load", "a"), try await run(server, "load", "b"),
      try await run(server, "load", "c"),
    ]
    let later = try await run(server, "load", "2")
    let elsewhere = try await run(server, "other", "a")
    let items = try await server.call(JobCalls.list, JobsQuery()).items
    func shown(_ id: String) -> String? { items.first { $0.id == id }?.error?.fingerprint }
    let fingerprint = try #require(shown(alike[0]))
    #expect(fingerprint.hasSuffix(" demo/load each"))
    #expect(alike.allSatisfy { shown($0) == fingerprint })
    for limit in [1, 2, 50] {
      #expect(try await find(server, fingerprint, limit: limit) == alike.reversed())
    }
    #expect(try await find(server, try #require(shown(later)), limit: 50) == [later])
    #expect(try await find(server, try #require(shown(elsewhere)), limit: 50) == [elsewhere])
    #expect(try await find(server, "no-such-code demo/load each", limit: 50).isEmpty)
  }

  @Test(
    "a text that is no fingerprint is refused with how one looks",
    arguments: ["x", "code load each", "a /b c"])
  func refused(text: String) async throws {
    let server = try TestServer()
    let answer = try await server.send(
      APIRequest(JobCalls.list.shape, input: ["error_fingerprint": .string(text)]))
    #expect(answer.status == 400)
    let error = try #require(answer.json["errors"]?.array?.first)
    #expect(error["pointer"] == "/error_fingerprint")
    #expect(error["message"]?.string?.contains("CODE NAMESPACE/PIPELINE STEP") == true, "\(error)")
  }

  @Test("items and rounds are no part of it; a text comes back as it was")
  func text() {
    let pipeline = PipelineName(namespace: "demo", name: "nightly")
    let failure = Failure(.exit, code: "exit-code", "3", step: "load[a.b[c]].copy#2.part")
    let fingerprint = ErrorFingerprint(failure, of: pipeline)
    #expect(fingerprint.text == "exit-code demo/nightly load.copy.part")
    #expect(ErrorFingerprint(fingerprint.text) == fingerprint)
    let whole = ErrorFingerprint(Failure(.timeout, code: "deadline", "late", step: ""), of: pipeline)
    #expect(whole.text == "deadline demo/nightly " && ErrorFingerprint("deadline demo/nightly") == whole)
  }
}
