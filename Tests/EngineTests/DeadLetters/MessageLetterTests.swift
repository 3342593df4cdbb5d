import Engine
import Model
import Testing

@Suite("A message of which nothing could be made", .timeLimit(.minutes(1)))
struct MessageLetterTests {
  @Test("is replayed once the pipeline is mended, and then never again", arguments: Backend.all)
  func once(backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(Letters.dated)
    let came = harness.clock.now
    try await harness.handDead("yesterday", key: "m1")
    let letter = try harness.letter()
    #expect(letter.kind == .message && letter.pipeline == Letters.name && letter.state == .open)
    #expect(letter.fingerprint == "invalid-input demo/test inbox" && letter.tries == 1)
    #expect(try harness.content(of: letter).original == ["date": "yesterday"])
    try await harness.apply(Letters.lenient)
    harness.clock.advance(by: .seconds(3_600))

    let job = try await harness.replayed()
    #expect(job.isNew)
    let outputs = try await harness.ended(job.job).outputs
    // When it came is what its pipeline reads, not when it was sent again.
    #expect(outputs?["date"] == "yesterday")
    #expect(outputs?["time"]?.string.flatMap { Timestamp(rfc3339: $0) } == came)
    let handled = try harness.letter()
    #expect(handled.state == .replayed && handled.handledBy == "local:bia")
    #expect(handled.handledAt == harness.clock.now && handled.firstAt == came)
    #expect(handled.became == ["outcome": "started", "jobs": [.string(job.job.description)]])
    #expect(try harness.acts() == [.replayed])

    try await harness.crashAndReopen()
    let again = await refusal { _ = try await harness.node.replay(1, actor: "local:bia") }
    #expect(again?.code == "letter-handled")
    #expect(again?.message.english.contains("local:bia") == true)
    #expect(again?.message.english.contains(job.job.description) == true)
    #expect(try harness.jobs(of: "test").count == 1 && harness.waiting(of: "test").isEmpty)
  }

  @Test("leads to the job that its key has led to meanwhile")
  func existing() async throws {
    let harness = try Harness()
    try await harness.apply(Letters.dated)
    try await harness.handDead("yesterday", key: "m1")
    try await harness.apply(Letters.lenient)
    guard case .started(let job) = try await harness.node.hand(Letters.message("yesterday", key: "m1")) else {
      return #expect(Bool(false), "No job.")
    }
    let found = try await harness.replayed()
    #expect(found.job == job.job && !found.isNew)
    #expect(try harness.letter().became?["outcome"] == "existing")
    #expect(try harness.jobs(of: "test").count == 1)
  }

  @Test("can be sent with other content, which is kept beside the first", arguments: Backend.all)
  func edited(backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(Letters.dated)
    try await harness.handDead("yesterday", key: "m1")
    // Its key has a job already: other content is another message.
    guard case .started = try await harness.node.hand(Letters.message("2026-11-19", key: "m1")) else {
      return #expect(Bool(false), "No job.")
    }
    let job = try await harness.replayed(edit: ["date": "2026-11-20"])
    #expect(job.isNew)
    #expect(try await harness.ended(job.job).outputs?["date"] == "2026-11-20")
    let content = try harness.content(of: try harness.letter())
    #expect(content.original == ["date": "yesterday"] && content.edited == ["date": "2026-11-20"])
    #expect(try harness.acts() == [.edited, .replayed])
    #expect(try !String(decoding: harness.letter().edited ?? [], as: UTF8.self).contains("2026"))
    let listed = try harness.readModel.deadLetters(DeadLetterFilter(), before: nil, limit: 9)
    #expect(listed.map(\.body) == [[]] && listed.map(\.edited) == [[]])
  }

  @Test("that fails again is the same letter, open once more, with what was put in place of it")
  func again() async throws {
    let harness = try Harness()
    try await harness.apply(Letters.dated)
    try await harness.handDead("yesterday", key: "m1")
    harness.clock.advance(by: .seconds(60))
    guard
      case .handed(.deadLetter(let problem)) = try await harness.node.replay(
        1, edit: ["date": "today"], actor: "local:bia")
    else { return #expect(Bool(false), "Not dead again.") }
    #expect(problem.code == "invalid-input")
    let letter = try harness.letter()
    #expect(letter.state == .open && letter.tries == 2 && letter.handledBy == nil && letter.became == nil)
    #expect(letter.lastAt == harness.clock.now && letter.firstAt < letter.lastAt)
    #expect(try harness.content(of: letter).original == ["date": "yesterday"])
    #expect(try harness.readModel.deadLetters(DeadLetterFilter(), before: nil, limit: 9).count == 1)
    // As it stands now: the edit is sent.
    try await harness.apply(Letters.lenient)
    let job = try await harness.replayed()
    #expect(try await harness.ended(job.job).outputs?["date"] == "today")
    #expect(try harness.acts() == [.edited, .replayed, .replayed])
  }

  @Test("waits before a paused trigger like any other, also over a crash, and is told apart then")
  func paused() async throws {
    let harness = try Harness(.sqlite)
    try await harness.apply(Letters.dated)
    try await harness.handDead("yesterday", key: "m1")
    try await harness.apply(Letters.lenient)
    try await Letters.pause(harness)
    guard case .handed(.stored) = try await harness.node.replay(1, actor: "local:bia") else {
      return #expect(Bool(false), "Not stored.")
    }
    #expect(try harness.letter().state == .replayed && harness.letter().became == nil)
    let waits = await refusal { _ = try await harness.node.replay(1, actor: "local:bia") }
    #expect(waits?.code == "letter-handled" && waits?.message.english.contains("waits") == true)
    try await harness.crashAndReopen()
    try await harness.node.write([.resume(Letters.name)])
    let job = try await harness.job(of: "test")
    _ = try await harness.ended(job)
    #expect(try harness.letter().became == ["outcome": "started", "jobs": [.string(job.description)]])
    #expect(try harness.jobs(of: "test").count == 1)
  }

  @Test("is not sent where another with its key waits already")
  func sameKey() async throws {
    let harness = try Harness()
    try await harness.apply(Letters.dated)
    try await harness.handDead("yesterday", key: "m1")
    try await Letters.pause(harness)
    guard case .stored = try await harness.node.hand(Letters.message("2026-11-20", key: "m1")) else {
      return #expect(Bool(false), "Not stored.")
    }
    let problem = await refusal { _ = try await harness.node.replay(1, actor: "local:bia") }
    #expect(problem?.code == "letter-waits")
    #expect(try harness.letter().state == .open)
  }

  @Test(
    "is discarded for a reason, which stays, and a row says that nothing came of it", arguments: Backend.all)
  func discarded(backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(Letters.dated)
    try await harness.handDead("yesterday", key: "m1")
    let empty = await refusal { try await harness.node.discard(1, reason: "", actor: "local:bia") }
    #expect(empty?.code == "unusable-request")
    try await harness.node.discard(1, reason: "test data", actor: "local:bia")
    let letter = try harness.letter()
    #expect(letter.state == .discarded && letter.note == "test data" && letter.handledBy == "local:bia")
    let refusals = try harness.readModel.refusals(in: "demo", limit: 9)
    #expect(refusals.map(\.reason) == ["discarded"] && refusals[0].actor == "local:bia")
    #expect(refusals[0].trigger == "inbox" && refusals[0].idempotencyKey == "m1")
    for attempt in 1...2 {
      let problem = await refusal {
        if attempt == 1 { _ = try await harness.node.replay(1, actor: "local:bia") }
        if attempt == 2 { try await harness.node.discard(1, reason: "again", actor: "local:bia") }
      }
      #expect(problem?.code == "letter-handled")
      #expect(problem?.message.english.contains("test data") == true)
    }
    let unknown = await refusal { try await harness.node.discard(7, reason: "x", actor: "local:bia") }
    #expect(unknown?.code == "no-letter")
  }

  @Test("can be looked at before: what would be refused is, and nothing happens")
  func rehearsed() async throws {
    let harness = try Harness()
    try await harness.apply(Letters.dated)
    try await harness.handDead("yesterday")
    try await harness.node.rehearseReplay(1, actor: "local:bia")
    try await harness.node.rehearseDiscard(1)
    #expect(try harness.letter().state == .open && harness.acts().isEmpty)
    try await harness.apply("steps: {own: {value: 1}}")
    let gone = await refusal { try await harness.node.rehearseReplay(1, actor: "local:bia") }
    #expect(gone?.code == "no-trigger")
  }

  @Test("stays in its line where its namespace has too many letters, until there is room")
  func full() async throws {
    let harness = try Harness { $0.openLetters = 1 }
    try await harness.apply(Letters.dated)
    try await harness.handDead("yesterday", key: "m1")
    let second = Letters.message("someday", key: "m2")
    guard case .stored(_, reason: let reason) = try await harness.node.hand(second)
    else { return #expect(Bool(false), "Not stored.") }
    #expect(reason.english.contains("dead letters"))
    #expect(try harness.waiting(of: "test").count == 1)
    try await harness.node.discard(1, reason: "done by hand", actor: "local:bia")
    harness.clock.advance(by: .seconds(2))
    try await harness.quiet(["test"])
    #expect(try harness.letter(2).state == .open)
  }

  @Test("is sent once where two people replay it at the same time", arguments: Backend.all)
  func together(backend: Backend) async throws {
    let harness = try Harness(backend, faulty: true)
    try await harness.apply(Letters.dated)
    try await harness.handDead("yesterday", key: "m1")
    try await harness.apply(Letters.lenient)
    // The engine's thread stands in a commit, so that both have seen the letter open.
    let held = try #require(harness.faulty).hold()
    let node = harness.node
    let setting = CatalogWrite.setting(
      namespace: "demo", name: "x", value: 1, by: "ana", at: harness.clock.now)
    async let other: Void = node.write([setting])
    await held.begun()
    let codes = await withTaskGroup(of: String.self) { group in
      for actor in ["local:bia", "local:carla"] {
        group.addTask {
          do throws(Problem) {
            _ = try await node.replay(1, actor: actor)
            return "sent"
          } catch { return error.code }
        }
      }
      for _ in 0..<1_000 { await Task.yield() }
      held.letGo()
      return await group.reduce(into: []) { $0.append($1) }
    }
    try await other
    #expect(codes.sorted() == ["letter-handled", "sent"])
    _ = try await harness.ended(try await harness.job(of: "test"))
    #expect(try harness.jobs(of: "test").count == 1 && harness.acts() == [.replayed])
  }

  @Test("becomes exactly one job, wherever the node is lost while it is replayed", arguments: LosingNode.all)
  func lost(losing: LosingNode) async throws {
    let harness = try Harness(faulty: true)
    try await harness.apply(Letters.dated)
    try await harness.handDead("yesterday", key: "m1")
    try await harness.apply(Letters.lenient)
    let faulty = try #require(harness.faulty)
    faulty.fail(losing.fault, after: losing.commits)
    let (first, happened) = AsyncStream.makeStream(of: Bool.self)
    let (broken, node, onlooker) = (harness.nextBreak(), harness.node, harness.onlooker)
    Task {
      await broken()
      happened.yield(true)
    }
    Task {
      _ = try await node.replay(1, actor: "local:bia")
      try await onlooker.end(of: try await onlooker.job(of: "test"))
      happened.yield(false)
    }
    var outcomes = first.makeAsyncIterator()
    var isBroken = await outcomes.next() == true
    if !isBroken, !faulty.heal() { isBroken = await outcomes.next() == true }
    if isBroken {
      harness.stage.drop()
      try await harness.reopen()
    }
    // Whoever heard nothing asks again: it is sent now, or was.
    do { _ = try await harness.node.replay(1, actor: "local:bia") } catch {
      #expect(error.code == "letter-handled")
    }
    _ = try await harness.ended(try await harness.job(of: "test"))
    try await harness.quiet(["test"])
    #expect(try harness.jobs(of: "test").count == 1)
    #expect(try harness.letter().became?["jobs"]?.array?.count == 1)
    #expect(try harness.acts() == [.replayed])
  }
}
