import API
import Model
import Testing

@testable import Server

@Suite("The routes of dead letters", .timeLimit(.minutes(1)))
struct LetterRouteTests {
  private static func file(_ format: String) -> SourceFile {
    SourceFile(
      name: "inbox.yaml",
      source: """
        apiVersion: esteira/v1
        id: inbox
        namespace: demo
        inputs: {date: {type: string, \(format)}}
        triggers: {queue: {queue: {connection: c, list: l}, inputs: {date: "${{ trigger.message.date }}"}}}
        steps: {own: {value: 1}}
        """)
  }

  private func server(letters: Int) async throws -> TestServer {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.file("format: date")]))
    for number in 0..<letters {
      let sent = try await server.call(
        TriggerCalls.send,
        TriggerMessageRequest(
          id: "demo~inbox", name: "queue", message: ["date": .string("day \(number)")],
          idempotencyKey: "m\(number)"))
      #expect(sent.outcome == "dead_letter")
    }
    return server
  }

  private func mend(_ server: TestServer) async throws {
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.file("minLength: 1")]))
  }

  private func problem(_ work: () async throws -> Void) async -> ProblemDocument? {
    do { try await work() } catch { return error as? ProblemDocument }
    return nil
  }

  private static let fingerprint = "invalid-input demo/inbox queue"

  @Test("group, list and show what ran out")
  func reading() async throws {
    let server = try await server(letters: 3)
    let group = try #require(
      try await server.call(DeadLetterCalls.groups, LetterGroupsQuery(LetterSelection())).items.first)
    #expect(group.count == 3 && group.tries == 3 && group.example == 3 && group.kind == "message")
    #expect(group.fingerprint == Self.fingerprint && group.error["code"] == "invalid-input")

    let first = try await server.call(
      DeadLetterCalls.list, LettersQuery(LetterSelection(pipeline: "demo~inbox"), limit: 2))
    #expect(first.items.map(\.id) == [3, 2])
    let second = try await server.call(
      DeadLetterCalls.list,
      LettersQuery(LetterSelection(kind: "message"), limit: 2, cursor: first.nextCursor))
    #expect(second.items.map(\.id) == [1] && second.nextCursor == nil)
    var turned = LettersQuery(LetterSelection(kind: "message"), limit: 2)
    turned.sort = "last_at"
    let oldest = try await server.call(DeadLetterCalls.list, turned)
    #expect(oldest.items.map(\.id) == [1, 2])
    turned.cursor = oldest.nextCursor
    #expect(try await server.call(DeadLetterCalls.list, turned).items.map(\.id) == [3])
    let none = LettersQuery(LetterSelection(kind: "signal"))
    #expect(try await server.call(DeadLetterCalls.list, none).items.isEmpty)

    let detail = try await server.call(DeadLetterCalls.get, LetterPath(id: 2))
    #expect(detail.letter == first.items[1] && detail.original == ["date": "day 1"] && detail.acts.isEmpty)
    #expect(detail.letter.source["key"] == "m1" && detail.letter.source["trigger"] == "queue")
  }

  @Test("replay one once, and a second time is a conflict that says what became of it")
  func one() async throws {
    let server = try await server(letters: 1)
    try await mend(server)
    let result = try await server.call(DeadLetterCalls.replay, LettersRequest(ids: [1]))
    #expect(result.items.map(\.outcome) == ["started"] && !result.isCut)
    let job = try #require(result.items.first?.jobs.first)
    let again = await problem {
      _ = try await server.call(DeadLetterCalls.replay, LettersRequest(ids: [1]))
    }
    #expect(again?.status == 409 && again?.code == "letter-handled")
    #expect(again?.detail.contains(job) == true && again?.detail.contains("local:test") == true)
    let detail = try await server.call(DeadLetterCalls.get, LetterPath(id: 1))
    #expect(detail.letter.state == "replayed" && detail.letter.became?["jobs"] == [.string(job)])
    #expect(detail.acts.map(\.act) == ["replayed"] && detail.acts.map(\.by) == ["local:test"])
    let all = LettersQuery(LetterSelection(), state: "all")
    #expect(try await server.call(DeadLetterCalls.list, all).items.map(\.state) == ["replayed"])
    #expect(try await server.call(DeadLetterCalls.list, LettersQuery(LetterSelection())).items.isEmpty)
  }

  @Test("replay a whole group with a cap, the oldest first, and say before what would happen")
  func group() async throws {
    let server = try await server(letters: 3)
    try await mend(server)
    let selection = LetterSelection(fingerprint: Self.fingerprint)
    let dry = try await server.call(
      DeadLetterCalls.replay, LettersRequest(filter: selection, limit: 2, isDry: true))
    #expect(dry.items.map(\.id) == [1, 2] && dry.isCut)
    #expect(dry.items.allSatisfy { $0.outcome == "would_replay" && $0.jobs.isEmpty })
    #expect(try await server.call(JobCalls.list, JobsQuery()).items.isEmpty)

    let two = try await server.call(DeadLetterCalls.replay, LettersRequest(filter: selection, limit: 2))
    #expect(two.items.map(\.outcome) == ["started", "started"] && two.isCut)
    let rest = try await server.call(DeadLetterCalls.replay, LettersRequest(filter: selection))
    #expect(rest.items.map(\.id) == [3] && !rest.isCut)
    #expect(try await server.call(JobCalls.list, JobsQuery()).items.count == 3)
    // Of several, one that was handled holds up none.
    let mixed = try await server.call(DeadLetterCalls.replay, LettersRequest(ids: [1, 1, 9]))
    #expect(mixed.items.map(\.code) == ["letter-handled", "no-letter"])
  }

  @Test("send other content in place of what one holds")
  func edited() async throws {
    let server = try await server(letters: 1)
    let request = LettersRequest(ids: [1], edit: ["date": "2026-11-20"])
    #expect(try await server.call(DeadLetterCalls.replay, request).items.map(\.outcome) == ["started"])
    let detail = try await server.call(DeadLetterCalls.get, LetterPath(id: 1))
    #expect(detail.original == ["date": "day 0"] && detail.edited == ["date": "2026-11-20"])
    #expect(detail.letter.isEdited && detail.acts.map(\.act) == ["edited", "replayed"])
  }

  @Test("discard with a reason")
  func discard() async throws {
    let server = try await server(letters: 2)
    let selection = LetterSelection(pipeline: "demo~inbox")
    let silent = await problem {
      _ = try await server.call(DeadLetterCalls.discard, LettersRequest(filter: selection))
    }
    #expect(silent?.status == 422 && silent?.code == "unusable-request")
    let dry = try await server.call(
      DeadLetterCalls.discard, LettersRequest(filter: selection, reason: "test", isDry: true))
    #expect(dry.items.map(\.outcome) == ["would_discard", "would_discard"])
    let done = try await server.call(
      DeadLetterCalls.discard, LettersRequest(filter: selection, reason: "test"))
    #expect(done.items.map(\.outcome) == ["discarded", "discarded"])
    let listed = try await server.call(
      DeadLetterCalls.list, LettersQuery(LetterSelection(), state: "discarded"))
    #expect(listed.items.map(\.note) == ["test", "test"])
    #expect(try await server.call(TriggerCalls.refusals, SignalsQuery()).items.count == 2)
  }

  @Test("refuse what is not said clearly, and what is not there")
  func refused() async throws {
    let server = try await server(letters: 1)
    let named = LetterSelection(fingerprint: "f")
    for request in [
      LettersRequest(filter: named, limit: 0), LettersRequest(filter: named, limit: 1_001),
      LettersRequest(filter: LetterSelection(kind: "letter")),
    ] {
      let found = await problem { _ = try await server.call(DeadLetterCalls.replay, request) }
      #expect(found?.code == "invalid-request" && found?.status == 400)
    }
    // What no schema says: members that are right alone and wrong together.
    for request in [
      LettersRequest(), LettersRequest(ids: [1], filter: named), LettersRequest(filter: named, edit: 1),
      LettersRequest(ids: [1, 2], edit: 1),
    ] {
      let found = await problem { _ = try await server.call(DeadLetterCalls.replay, request) }
      #expect(found?.code == "unusable-request" && found?.status == 422)
    }
    let unknown = await problem {
      _ = try await server.call(DeadLetterCalls.get, LetterPath(id: 7))
    }
    #expect(unknown?.status == 404 && unknown?.code == "no-letter")
    let cursor = await problem {
      _ = try await server.call(DeadLetterCalls.list, LettersQuery(LetterSelection(), cursor: "1.x"))
    }
    #expect(cursor?.code == "invalid-cursor")
  }

  @Test("read without a server, and change nothing there")
  func readOnly() async throws {
    let server = try TestServer(isReadOnly: true)
    #expect(try await server.call(DeadLetterCalls.groups, LetterGroupsQuery(LetterSelection())).items.isEmpty)
    #expect(try await server.call(DeadLetterCalls.list, LettersQuery(LetterSelection())).items.isEmpty)
    let found = await problem {
      _ = try await server.call(DeadLetterCalls.replay, LettersRequest(ids: [1]))
    }
    #expect(found?.status == 503 && found?.code == "read-only")
  }
}
