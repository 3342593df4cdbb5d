import Model
import Testing

@testable import Engine

/// What steps order of their node, beside people, other pipelines and crashes.
@Suite("An order that a step gives its node", .timeLimit(.minutes(1)))
struct StepOrderTests {
  private static let target = PipelineName(namespace: "demo", name: "target")

  private func harness(_ backend: Backend = .memory, faulty: Bool = false) async throws -> Harness {
    let harness = try Harness(backend, faulty: faulty)
    for id in ["target", "foreign"] {
      try await harness.apply(
        """
        concurrency: {limit: 1}
        triggers: {inbox: {queue: {connection: c, list: l}}}
        steps: {own: {uses: test.keyed, with: {hold: true, door: \(id)}}}
        """, id: id)
    }
    harness.stage.grant(
      PipelineGrant(
        principal: PipelineName(namespace: "demo", name: "test"), rights: PipelineGrant.Right.allCases,
        targets: [Self.target]))
    return harness
  }

  private func name(_ id: String) -> PipelineName { PipelineName(namespace: "demo", name: id) }

  private func order(_ harness: Harness, _ word: String, _ more: String = "") async throws -> ID<Job> {
    try await harness.start(
      """
      steps: {s: {uses: test.keyed, with: {ask: \(word), target: target\(more)}}}
      outputs: {s: "${{ steps.s.output }}"}
      """)
  }

  /// Queued jobs and waiting messages of a pipeline that is paused then; its first job runs.
  private func fill(_ harness: Harness, _ id: String, _ count: Int = 2) async throws -> [QueuedItem.Name] {
    let request = JobRequest(pipeline: name(id), actor: "local:test")
    _ = try await harness.node.start(request)
    await harness.stage.holding(id)
    var items: [QueuedItem.Name] = []
    for _ in 0..<count {
      items.append(.init(kind: .job, id: try await harness.node.start(request).job.description))
    }
    try await harness.node.write([.pause(pause(id, "ana", harness))])
    for number in 0..<count {
      let message = HandedMessage(
        pipeline: name(id), trigger: "inbox", message: .int(Int64(number)), actor: "local:ana")
      guard case .stored(let stored, reason: _) = try await harness.node.hand(message) else { continue }
      items.append(.init(kind: .message, id: stored.description))
    }
    return items
  }

  private func pause(_ id: String, _ by: String, _ harness: Harness) -> PauseRecord {
    PauseRecord(pipeline: name(id), by: by, reason: "", at: harness.clock.now, until: nil)
  }

  private func tell(_ harness: Harness, _ items: [QueuedItem.Name]) {
    harness.stage.keep(nil)
    for item in items { harness.stage.keep(QueuedItem(name: item, content: [:])) }
  }

  @Test(
    "purges what is the pipeline's own, though it names jobs and messages of another", arguments: Backend.all)
  func foreign(backend: Backend) async throws {
    let harness = try await harness(backend)
    let (own, foreign) = (try await fill(harness, "target"), try await fill(harness, "foreign"))
    #expect(own.count == 4 && foreign.count == 4)
    tell(harness, foreign + own)
    let view = try await harness.ended(try await order(harness, "purge"))
    #expect(view.outputs == ["s": ["gone": 4]])
    #expect(try harness.waiting(of: "target").isEmpty)
    #expect(try harness.waiting(of: "foreign").count == 2)
    for job in foreign.prefix(2).compactMap({ ID<Job>($0.id) }) {
      #expect(try harness.readModel.job(job)?.status == .queued)
    }
    let taken = try harness.readModel.refusals(in: "demo", limit: 9).filter { $0.reason == "purged" }
    #expect(Set(taken.map(\.key)) == Set(own.suffix(2).map(\.id)))
    #expect(taken.allSatisfy { $0.pipeline == "target" && $0.actor.hasPrefix("pipeline:demo/test/") })
  }

  @Test("counts what its attempt purged before the node was lost", arguments: Backend.all)
  func crash(backend: Backend) async throws {
    let harness = try await harness(backend)
    let own = try await fill(harness, "target")
    // One that ended in another way, one that never was, and one twice.
    let missing = QueuedItem.Name(kind: .job, id: "01900000-0000-7000-8000-000000000001")
    let cancelled = own[0]
    try await harness.node.cancel(
      try #require(ID<Job>(cancelled.id)), actor: "local:ana", reason: "by hand")
    tell(harness, own + [missing, own[1]])
    let job = try await order(harness, "purge", ", hold_first: true")
    await harness.stage.holding("s")
    await harness.crash()
    try await harness.reopen()
    #expect(try await harness.ended(job).outputs == ["s": ["gone": 3]])
  }

  @Test("clears files that were being moved for a trigger that is gone, and not while it is there")
  func forsaken() async throws {
    let harness = try await harness()
    let files = """
      triggers: {drop: {files: {path: /in, match: "*", claim: move, to: /work}, enabled: false}}
      steps: {own: {value: 1}}
      """
    try await harness.apply(files, id: "target")
    let file = ArrivedFile(
      path: "/taken/a", name: "a", sha256: String(repeating: "0", count: 64), size: 1,
      modifiedAt: harness.clock.now, originalPath: "/in/a")
    try await harness.node.filesDesk(Self.target, trigger: "drop").begin(FileBatch(id: "b1", files: [file]))
    let row = try #require(try harness.waiting(of: "target").first)
    #expect(try await harness.ended(try await order(harness, "queue")).outputs == ["s": ["count": 0]])
    tell(harness, [.init(kind: .message, id: row.id.description)])
    #expect(try await harness.ended(try await order(harness, "purge")).outputs == ["s": ["gone": 0]])
    try await harness.apply("steps: {own: {value: 1}}", id: "target")
    #expect(try await harness.ended(try await order(harness, "queue")).outputs == ["s": ["count": 1]])
    #expect(harness.stage.queued.first?.content["body"]?["batch"] != nil)
    #expect(try await harness.ended(try await order(harness, "purge")).outputs == ["s": ["gone": 1]])
    #expect(try harness.waiting(of: "target").isEmpty)
  }

  @Test("is no pause where a person's comes first, be it in the same moment")
  func pause() async throws {
    let harness = try await harness(faulty: true)
    let job = try await order(harness, "pause", ", hold: true")
    await harness.stage.holding("s")
    let held = try #require(harness.faulty).hold()
    let (node, persons) = (harness.node, pause("target", "ana", harness))
    async let write: Void = node.write([.pause(persons)])
    await held.begun()
    await harness.stage.end("s")
    held.letGo()
    try await write
    #expect(try await harness.ended(job).outputs == ["s": ["by": "ana", "ours": false]])
    #expect(try harness.readModel.pause(of: Self.target)?.by == "ana")
  }

  @Test("ends its own pause alone, also where a person's takes its place in the same moment")
  func resume() async throws {
    let harness = try await harness(faulty: true)
    let job = try await order(harness, "resume-own", ", hold: true")
    await harness.stage.holding("s")
    try await harness.node.write([.pause(pause("target", "pipeline:demo/test/\(job)", harness))])
    let held = try #require(harness.faulty).hold()
    let (node, persons) = (harness.node, pause("target", "ana", harness))
    async let write: Void = node.write([.pause(persons)])
    await held.begun()
    await harness.stage.end("s")
    held.letGo()
    try await write
    #expect(try await harness.ended(job).outputs == ["s": ["resumed": false]])
    #expect(try harness.readModel.pause(of: Self.target)?.by == "ana")
  }
}

@Suite("Withdrawing from lines")
struct WithdrawTests {
  private static let pipeline = PipelineName(namespace: "demo", name: "target")
  private static let place = TriggerLines.Place(pipeline, "inbox")

  private static func row(
    _ number: Int, _ state: TriggerMessageRow.State = .waiting, of pipeline: PipelineName = pipeline,
    group: String? = nil
  ) -> TriggerMessageRow {
    TriggerMessageRow(
      id: ID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 + UInt64(number)), pipeline: pipeline,
      trigger: "inbox", kind: "queue", state: state, key: "k\(number)", group: group,
      part: group.map { _ in "a" },
      actor: "local:ana", receivedAt: Timestamp(microseconds: Int64(number)), body: [])
  }

  private static func lines(_ rows: [TriggerMessageRow]) -> TriggerLines {
    var lines = TriggerLines()
    for row in rows {
      lines.know(row)
      if row.state == .waiting { lines.line(up: .message(row.id), at: row.place) }
    }
    return lines
  }

  @Test("leaves the order of the others, and the one that is under way")
  func order() {
    let rows = (0..<6).map { Self.row($0) }
    var lines = Self.lines(rows)
    _ = lines.begin(Self.place, at: .zero)
    let taken = lines.withdraw([rows[0].id, rows[2].id, rows[5].id], of: Self.pipeline) { _ in true }
    #expect(taken == [rows[2].id, rows[5].id])
    #expect(lines.messages(at: Self.place) == [0, 1, 3, 4].map { rows[$0].id })
  }

  @Test("takes nothing of another pipeline, and files that are being moved only where nobody watches them")
  func states() {
    let other = PipelineName(namespace: "other", name: "target")
    let rows = [
      Self.row(0, of: other), Self.row(1, .claiming), Self.row(2, .gathered, group: "g"), Self.row(3),
    ]
    let all = Set(rows.map(\.id))
    var lines = Self.lines(rows)
    #expect(lines.withdraw(all, of: Self.pipeline) { _ in false } == [rows[2].id, rows[3].id])
    #expect(lines.withdraw(all, of: Self.pipeline) { _ in true } == [rows[1].id, rows[2].id])
    #expect(lines.withdraw(all, of: other) { _ in true } == [rows[0].id])
  }

  @Test("takes about as long for a whole line as for one message of it")
  func time() {
    let rows = (0..<TriggerLines.mostOpen).map { Self.row($0) }
    let (one, all) = (Self.lines(rows), Self.lines(rows))
    func time(_ lines: TriggerLines, _ ids: Set<ID<TriggerMessage>>) -> Duration {
      var lines = lines
      return ContinuousClock().measure {
        #expect(lines.withdraw(ids, of: Self.pipeline) { _ in false }.count == ids.count)
      }
    }
    let single = (0..<5).map { _ in time(one, [rows[7].id]) }.min() ?? .zero
    // One pass for each message would take ten thousand times as long.
    #expect(time(all, Set(rows.map(\.id))) < single * 500)
  }
}
