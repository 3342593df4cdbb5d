import Engine
import Foundation
import Model
import Synchronization
import Testing

@testable import Engine

/// What of an erasure lies beside the store.
private final class Beside: Sendable {
  let erasures = Mutex<[Erasure]>([])
  let removedLogs = Mutex<[ID<Job>]>([])
  let artifacts = Mutex<[String: Timestamp]>([:])

  func configure(_ configuration: inout NodeConfiguration) {
    configuration.keepErasure = { [self] (erasure) throws(Problem) in
      erasures.withLock { $0.append(erasure) }
    }
    configuration.retainedFiles.removeLog = { [self] job in removedLogs.withLock { $0.append(job) } }
    configuration.retainedFiles.artifacts = { [self] _ in
      artifacts.withLock { $0.sorted { $0.key < $1.key } }.map {
        RetainedFiles.Artifact(sha256: $0.key, bytes: 1, at: $0.value)
      }
    }
    configuration.retainedFiles.removeArtifact = { [self] _, artifact, mayGo in
      mayGo() && artifacts.withLock { $0.removeValue(forKey: artifact.sha256) } != nil
    }
  }
}

@Suite("What is held about a person", .timeLimit(.minutes(1)))
struct PrivacyTests {
  private static let file = """
    inputs:
      cpf: {type: string, x-personal-data: true}
      people:
        type: array
        default: []
        items: {type: object, properties: {mail: {type: string, x-personal-data: true}, note: {type: string}}}
      free: {type: string, default: ""}
    steps: {work: {uses: test.keyed, with: {value: {n: 1}}}}
    """
  private static let cpf: JSONObject = ["cpf": "123.456.789-09"]

  private func about(_ text: String, _ harness: Harness) async throws -> [SubjectJob] {
    let subject = try #require(Subject(text))
    guard let mark = try await harness.node.mark(of: subject, in: "demo") else { return [] }
    return try harness.readModel.jobs(about: mark, in: "demo", after: JobNumber(0), limit: 99)
  }

  private func erase(_ text: String, _ harness: Harness) async throws -> Erasure {
    let subject = try #require(Subject(text))
    let mark = try #require(try await harness.node.mark(of: subject, in: "demo"))
    return try await harness.node.erase(
      ErasureOrder(
        namespace: "demo", subject: mark, basis: "LGPD art. 18, VI", reason: "request 17",
        actor: "local:ana"))
  }

  @Test("an identifier has one form, whatever its punctuation, case and composition")
  func forms() throws {
    for same in [
      ["123.456.789-09", "12345678909", " 123 456 789/09 ", "١٢٣.456.789-09"],
      ["Ana@Example.COM", "\tana@example.com\n"],
      ["José da Silva", "JOSE\u{301} DA SILVA", "josé da silva "],
      ["Straße 5", "STRASSE 5"], ["+55 (11) 99999-0000", "5511999990000"],
    ] {
      #expect(Set(same.map { Subject($0) }).count == 1, "\(same)")
      #expect(Subject(same[0]) != nil)
    }
    #expect(Subject("123.456.789-09") != Subject("123.456.789-00"))
    #expect(Subject("a-1") != Subject("1"))
    for nobody in ["", " \t", "---", "…"] { #expect(Subject(nobody) == nil, "\(nobody)") }
    #expect(Subject(String(repeating: "a", count: Subject.longest + 1)) == nil)
  }

  @Test("a text of people that names the person is known, with other punctuation too")
  func named() throws {
    let cpf = try #require(Subject("123.456.789-09"))
    #expect(cpf.stands(in: "request of 12345678909") && cpf.stands(in: "of 123 456 789 09."))
    #expect(!cpf.stands(in: "request 17 of 2026"))
    let name = try #require(Subject("José da Silva"))
    #expect(name.stands(in: "for JOSÉ DA SILVA") && !name.stands(in: "for José"))
    #expect(name.stands(in: String(repeating: "long ", count: 1_000) + "josé da silva"))
    #expect(name.stands(in: "José da Silva, request 17") && !name.stands(in: "for José da Silvares"))
    // A short one is a word of its own, or it could never be erased.
    let short = try #require(Subject("ana"))
    #expect(!short.stands(in: "after an analysis") && short.stands(in: "(Ana)"))
    let number = try #require(Subject("17"))
    #expect(!number.stands(in: "request 2 of 1 July 7") && number.stands(in: "client 17"))
  }

  @Test(
    "a job is found by what its marked inputs hold, in any form, and by nothing else", arguments: Backend.all)
  func found(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    #expect(try await about("12345678909", harness).isEmpty)
    let job = try await harness.start(
      Self.file,
      inputs: [
        "cpf": "123.456.789-09", "people": [["mail": "Ana@Example.com", "note": "secret note"]],
        "free": "open text",
      ])
    _ = try await harness.ended(job)
    for text in ["123.456.789-09", "12345678909"] {
      #expect(try await about(text, harness).map(\.id) == [job])
      #expect(try await about(text, harness).map(\.inputs) == [["cpf"]])
    }
    #expect(try await about("ana@example.com", harness).map(\.inputs) == [["people"]])
    for text in ["secret note", "open text", "demo", "98765432100"] {
      #expect(try await about(text, harness).isEmpty, "\(text)")
    }
  }

  @Test("it is found after a crash right behind its admission, under the same key", arguments: Backend.all)
  func crashed(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let first = try await harness.start(Self.file, inputs: Self.cpf)
    try await harness.crashAndReopen()
    let second = try await harness.start(Self.file, inputs: ["cpf": "12345678909"])
    #expect(try await about("12345678909", harness).map(\.id) == [first, second])
  }

  @Test("a rerun is found, also one whose newer revision marks nothing", arguments: Backend.all)
  func rerun(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file, inputs: Self.cpf)
    _ = try await harness.ended(job)
    try await harness.apply(Self.file.replacing(", x-personal-data: true", with: ""))
    let again = try await harness.node.rerun(
      RerunRequest(
        job: job, from: .start, latest: true, inputs: JSONObject(), sameKeys: false, actor: "local:ana"))
    let second = again.job
    _ = try await harness.ended(second)
    let found = try await about("12345678909", harness)
    #expect(found.map(\.id) == [job, second] && found.map(\.inputs) == [["cpf"], []])
  }

  @Test("a job with more marked values than are indexed is not admitted")
  func tooMany() async throws {
    let harness = try Harness()
    try await harness.apply(Self.file)
    let people = (0...Subject.mostOfJob).map { JSON.object(["mail": .string("a\($0)@example.com")]) }
    let problem = await #expect(throws: Problem.self) {
      try await harness.node.start(
        JobRequest(
          pipeline: PipelineName(namespace: "demo", name: "test"),
          inputs: ["cpf": "1", "people": .array(people)], actor: "local:test"))
    }
    #expect(problem?.code == "too-many-subjects")
    #expect(problem?.message.english.contains("example.com") == false)
  }

  @Test(
    "erased, it is gone with its rows, log and files, and a proof and a tombstone stay",
    arguments: Backend.all)
  func erased(_ backend: Backend) async throws {
    let beside = Beside()
    let harness = try Harness(backend) { _ in
    } configure: {
      beside.configure(&$0)
    }
    let job = try await harness.start(Self.file, inputs: Self.cpf)
    let other = try await harness.start(Self.file, inputs: ["cpf": "987.654.321-00"])
    for job in [job, other] { _ = try await harness.ended(job) }
    let erasure = try await erase("12345678909", harness)
    #expect(erasure.jobs == [job] && erasure.counts.jobs == 1 && erasure.doneAt != nil)
    #expect(try harness.readModel.job(job) == nil && harness.readModel.job(other) != nil)
    #expect(try await about("12345678909", harness).isEmpty)
    #expect(beside.removedLogs.withLock { $0 } == [job])
    let proof = try #require(try harness.readModel.deletions(in: "demo", limit: 9).first)
    #expect(proof.count == 1 && proof.days == 0 && proof.by == "local:ana")
    #expect(try harness.readModel.erasures(in: "demo", before: nil, limit: 9) == [erasure])
    #expect(beside.erasures.withLock { $0.map(\.id) } == [erasure.id])
  }

  @Test("nothing goes while a job lives, and what is held stays and is counted", arguments: Backend.all)
  func kept(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let held = try await harness.start(Self.file, inputs: Self.cpf)
    _ = try await harness.ended(held)
    let hold = Hold(
      id: ID(high: 0x7000, low: 1 << 63), namespace: "demo", subject: .job(held), reason: "case 17",
      by: "local:ana", at: harness.clock.now)
    try await harness.node.write([.hold(hold)])
    let live = try await harness.start(
      Self.file.replacing("{value: {n: 1}}", with: "{hold: true}"), inputs: Self.cpf)
    await harness.stage.holding("work")
    let problem = await #expect(throws: Problem.self) { try await erase("12345678909", harness) }
    #expect(problem?.code == "subject-live")
    #expect(problem?.message.english.contains("1 have not ended") == true)
    #expect(try harness.readModel.erasures(in: nil, before: nil, limit: 9) == [])
    await harness.stage.end("work")
    _ = try await harness.ended(live)
    let erasure = try await erase("12345678909", harness)
    #expect(erasure.jobs == [live] && erasure.counts.held == 1)
    #expect(try harness.readModel.job(held) != nil && harness.readModel.job(live) == nil)
  }

  @Test(
    "what a crash leaves of an erasure is finished by the next node, with files that were needed",
    arguments: Backend.all)
  func unfinished(_ backend: Backend) async throws {
    let beside = Beside()
    let harness = try Harness(backend) { _ in
    } configure: {
      beside.configure(&$0)
    }
    let job = try await harness.start(Self.file, inputs: Self.cpf)
    _ = try await harness.ended(job)
    beside.artifacts.withLock { $0 = ["ab": harness.clock.now, "cd": harness.clock.now] }
    let live = try await harness.start(
      Self.file.replacing("{value: {n: 1}}", with: "{hold: true}"), inputs: ["cpf": "7"])
    await harness.stage.holding("work")
    let subject = try #require(Subject("12345678909"))
    let mark = try #require(try await harness.node.mark(of: subject, in: "demo"))
    // As it stands when the process ends right behind the tombstone.
    let open = Erasure(
      id: ID(high: 0x7001, low: 1 << 63), namespace: "demo", subject: mark, jobs: [job], artifacts: ["ab"],
      basis: "b", reason: "r", by: "local:ana", at: harness.clock.now)
    try await harness.node.write([.erasure(open)])
    try await harness.node.finishErasures()
    #expect(try harness.readModel.job(job) == nil)
    // An attempt that lives may have stored the same bytes just now.
    #expect(try harness.readModel.openErasures().map(\.artifacts) == [["ab"]])
    await harness.stage.end("work")
    _ = try await harness.ended(live)
    _ = try await harness.node.retain(by: "node")
    #expect(beside.artifacts.withLock { $0.keys.sorted() } == ["cd"])
    #expect(try harness.readModel.openErasures() == [])
  }
}
