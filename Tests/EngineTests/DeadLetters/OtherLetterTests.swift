import Engine
import Model
import Testing

@Suite("A signal that nobody took", .timeLimit(.minutes(1)))
struct SignalLetterTests {
  private static let waiter = """
    inputs: {k: {type: string}}
    steps: {one: {wait: {signal: {name: paid, key: "${{ inputs.k }}"}}}}
    outputs: {n: "${{ steps.one.output.n }}"}
    """

  private func expired(_ backend: Backend = .memory) async throws -> Harness {
    let harness = try Harness(backend)
    try await harness.apply(Self.waiter)
    try await harness.send("paid", key: "a", ["n": 1], id: "p1", keep: .seconds(60))
    harness.clock.advance(by: .seconds(61))
    _ = try await harness.deadLetters(1)
    return harness
  }

  @Test(
    "is replayed to the job that waits now, once, though its message id came before", arguments: Backend.all)
  func delivered(backend: Backend) async throws {
    let harness = try await expired(backend)
    let job = try await harness.start(key: "a")
    try await harness.happened(job, "awaiting", "one")
    guard case .signalled(let receipt) = try await harness.node.replay(1, actor: "local:bia") else {
      return #expect(Bool(false), "No signal.")
    }
    #expect(receipt.delivered == [job] && !receipt.isDuplicate)
    #expect(try await harness.ended(job).outputs == ["n": 1])
    #expect(try harness.letter().became?["outcome"] == "delivered")
    #expect(try harness.signals().map(\.state) == [.taken])
    let again = await refusal { _ = try await harness.node.replay(1, actor: "local:bia") }
    #expect(again?.code == "letter-handled" && again?.message.english.contains("\(job)") == true)
    // Whoever sends it once more is told that it came.
    #expect(try await harness.send("paid", key: "a", ["n": 1], id: "p1").isDuplicate)
  }

  @Test("is kept for as long as before where nobody waits, and is the same letter after that")
  func kept() async throws {
    let harness = try await expired()
    guard
      case .signalled(let receipt) = try await harness.node.replay(
        1, edit: ["n": 2], actor: "local:bia")
    else { return #expect(Bool(false), "No signal.") }
    #expect(receipt.isKept)
    #expect(try harness.letter().state == .replayed)
    harness.clock.advance(by: .seconds(61))
    try await harness.onlooker.until { try harness.letter().state == .open }
    #expect(try harness.letter().tries == 2)
    guard case .signalled = try await harness.node.replay(1, actor: "local:bia") else {
      return #expect(Bool(false), "No signal.")
    }
    let job = try await harness.start(key: "a")
    #expect(try await harness.ended(job).outputs == ["n": 2])
    #expect(try harness.readModel.deadLetters(DeadLetterFilter(), before: nil, limit: 9).count == 1)
  }

  @Test("is not sent where its message id came again under another")
  func duplicate() async throws {
    let harness = try await expired()
    // Rows of what was are remembered a day.
    harness.clock.advance(by: .seconds(3 * 86_400))
    try await harness.send("other")
    #expect(try await harness.send("paid", key: "a", ["n": 3], id: "p1").isKept)
    guard case .signalled(let receipt) = try await harness.node.replay(1, actor: "local:bia") else {
      return #expect(Bool(false), "No signal.")
    }
    #expect(receipt.isDuplicate)
    #expect(try harness.letter().became?["outcome"] == "duplicate")
  }
}

@Suite("A job that a trigger started and that failed", .timeLimit(.minutes(1)))
struct JobLetterTests {
  private static let file = """
    inputs: {date: {type: string, default: none}}
    triggers: {inbox: {queue: {connection: c, list: l}, inputs: {date: "${{ trigger.message.date }}"}}}
    steps: {items: {for_each: "['a']", uses: test.keyed, with: {hold: true, door: work}}}
    """

  private func fail(_ harness: Harness) async {
    await harness.stage.holding("work")
    await harness.stage.end("work", .failure(Failure(.data, code: "told", "told to fail")))
  }

  private func failed(_ backend: Backend = .memory) async throws -> (Harness, ID<Job>) {
    let harness = try Harness(backend)
    try await harness.apply(Self.file)
    guard case .started(let job) = try await harness.node.hand(Letters.message("d")) else {
      throw Problem("test", Bilingual("No job.", pt: "Sem job."))
    }
    await fail(harness)
    _ = try await harness.ended(job.job)
    return (harness, job.job)
  }

  @Test("has a letter that points at it, and its replay goes on in place", arguments: Backend.all)
  func replayed(backend: Backend) async throws {
    let (harness, job) = try await failed(backend)
    let letter = try harness.letter()
    #expect(letter.kind == .job && letter.job == job && letter.pipeline == Letters.name)
    #expect(letter.source["trigger"] == "inbox" && letter.body == nil)
    #expect(letter.fingerprint.hasPrefix("items-failed demo/test items"))
    let edit = await refusal { _ = try await harness.node.replay(1, edit: 1, actor: "local:bia") }
    #expect(edit?.code == "letter-not-editable")
    try await harness.crashAndReopen()
    try await harness.node.rehearseReplay(1, actor: "local:bia")
    guard case .retried(job) = try await harness.node.replay(1, actor: "local:bia") else {
      return #expect(Bool(false), "Not retried.")
    }
    #expect(try harness.letter().state == .replayed && harness.acts() == [.replayed])
    let live = await refusal { _ = try await harness.node.replay(1, actor: "local:bia") }
    #expect(live?.code == "letter-handled")
    await harness.stage.holding("work")
    await harness.stage.end("work", .success(AttemptOutput(1)))
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(try harness.letter().became == ["outcome": "retried", "jobs": [.string(job.description)]])
    #expect(try harness.jobs(of: "test").count == 1)
  }

  @Test("that fails again raises the count of its letter, and a retry by hand closes it")
  func again() async throws {
    let (harness, job) = try await failed()
    try await harness.node.retry(job, actor: "local:carla")
    #expect(try harness.letter().state == .replayed && harness.letter().handledBy == "local:carla")
    await fail(harness)
    _ = try await harness.ended(job)
    #expect(try harness.letter().state == .open && harness.letter().tries == 2)
    #expect(try harness.readModel.deadLetters(DeadLetterFilter(), before: nil, limit: 9).count == 1)
  }

  @Test("has none where a person started it, or started it over")
  func byHand() async throws {
    let (harness, job) = try await failed()
    let started = try await harness.node.start(harness.request(key: "mine"))
    await fail(harness)
    _ = try await harness.ended(started.job)
    let rerun = try await harness.node.rerun(RerunRequest(job: job, from: .start, actor: "local:bia"))
    await fail(harness)
    _ = try await harness.ended(rerun.job)
    try await harness.node.retry(rerun.job, actor: "local:bia")
    await fail(harness)
    _ = try await harness.ended(rerun.job)
    #expect(try harness.readModel.deadLetters(DeadLetterFilter(), before: nil, limit: 9).map(\.job) == [job])
  }

  @Test("has none above the bound of its namespace, and a row says so")
  func full() async throws {
    let harness = try Harness { $0.openLetters = 0 }
    try await harness.apply(Self.file)
    guard case .started(let job) = try await harness.node.hand(Letters.message("d")) else {
      return #expect(Bool(false), "No job.")
    }
    await fail(harness)
    _ = try await harness.ended(job.job)
    #expect(try harness.readModel.deadLetters(DeadLetterFilter(), before: nil, limit: 9).isEmpty)
    let refusals = try harness.readModel.refusals(in: "demo", limit: 9)
    #expect(refusals.map(\.reason) == ["letters-full"] && refusals[0].key == "job \(job.job)")
  }
}

@Suite("A step whose crash budget is used (S5)", .timeLimit(.minutes(1)))
struct StepLetterTests {
  /// A poison job neither stalls for ever nor disappears: bee-queue #106, boringnode/queue #30.
  @Test("has a letter, whoever started its job, and its replay runs the step again", arguments: Backend.all)
  func step(backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(
      """
      triggers: {inbox: {queue: {connection: c, list: l}}}
      steps: {work: {uses: test.keyed, with: {hold: true}}}
      """)
    guard case .started(let job) = try await harness.node.hand(Letters.message("d")) else {
      return #expect(Bool(false), "No job.")
    }
    for crash in 1...3 {
      await harness.stage.begun("work", crash)
      try await harness.crashAndReopen()
    }
    _ = try await harness.ended(job.job)
    // One letter: that of the job would say the same.
    let letters = try harness.readModel.deadLetters(DeadLetterFilter(), before: nil, limit: 9)
    #expect(letters.map(\.kind) == [.step] && letters[0].fingerprint == "crash-budget demo/test work")
    #expect(letters[0].source["path"] == "work" && letters[0].source["crashes"] == 3)
    guard case .retried(job.job) = try await harness.node.replay(1, actor: "local:bia") else {
      return #expect(Bool(false), "Not retried.")
    }
    await harness.stage.begun("work", 4)
    await harness.stage.end("work", .success(AttemptOutput(1)))
    #expect(try await harness.ended(job.job).summary.status == .success)
  }
}

@Suite("Letters of files and of ends", .timeLimit(.minutes(1)))
struct FilesLetterTests {
  private static func body(_ inputs: String) -> String {
    """
    inputs: {n: {type: integer, default: 1}}
    triggers: {inbox: {files: {path: /srv/inbox}\(inputs)}}
    steps: {own: {value: "${{ trigger.files[0].name }}"}}
    outputs: {name: "${{ steps.own.output }}"}
    """
  }

  private func buried() async throws -> (Harness, FilesTriggerDesk) {
    let harness = try Harness()
    try await harness.apply(Self.body(", inputs: {n: \"${{ trigger.files[0].absent }}\"}"))
    let desk = harness.node.filesDesk(Letters.name, trigger: "inbox")
    try await take(desk, "b1")
    _ = try await harness.deadLetters(1)
    try await harness.apply(Self.body(""))
    return (harness, desk)
  }

  private func take(_ desk: FilesTriggerDesk, _ id: String) async throws {
    let batch = FileBatch(
      id: id,
      files: [
        ArrivedFile(
          path: "/srv/done/a.csv", name: "a.csv", sha256: "aa", size: 1,
          modifiedAt: Timestamp(microseconds: 0), originalPath: "/srv/inbox/a.csv")
      ])
    try await desk.begin(batch)
    try await desk.fire(batch)
  }

  @Test("take their contents again, so that no later file of the same content starts a second job")
  func taken() async throws {
    let (harness, desk) = try await buried()
    #expect(try await desk.known(["aa"]).isEmpty)
    let job = try await harness.replayed()
    #expect(try await harness.ended(job.job).outputs == ["name": "a.csv"])
    #expect(try await desk.known(["aa"]) == ["aa"])
  }

  @Test("are not sent where a content came again meanwhile and is a job's")
  func came() async throws {
    let (harness, desk) = try await buried()
    try await take(desk, "b2")
    _ = try await harness.ended(try await harness.job(of: "test"))
    let problem = await refusal { _ = try await harness.node.replay(1, actor: "local:bia") }
    #expect(problem?.code == "contents-taken")
    #expect(try harness.letter().state == .open && harness.jobs(of: "test").count == 1)
  }

  @Test("of a join that was given up gather again, and lead to its one job")
  func join() async throws {
    let harness = try Harness()
    for id in ["left", "right"] { try await harness.apply("steps: {own: {value: 1}}", id: id) }
    try await harness.apply(
      """
      triggers: {both: {pipeline: {all: [left, right], key: one, within: 1h}}}
      steps: {own: {value: "${{ size(trigger.jobs) }}"}}
      outputs: {n: "${{ steps.own.output }}"}
      """, id: "join")
    func run(_ id: String) async throws {
      let name = PipelineName(namespace: "demo", name: id)
      let job = try await harness.node.start(JobRequest(pipeline: name, actor: "local:test")).job
      _ = try await harness.ended(job)
    }
    try await run("left")
    try await harness.gathered(1, of: "join")
    harness.clock.advance(by: .seconds(7_200))
    #expect(try await harness.deadLetters(1)[0].error["code"] == "join-expired")
    try await run("right")
    try await harness.gathered(1, of: "join")
    _ = try await harness.node.replay(1, actor: "local:bia")
    let job = try await harness.job(of: "join")
    #expect(try await harness.ended(job).outputs == ["n": 2])
    #expect(try harness.letter().became?["jobs"] == [.string(job.description)])
  }
}
