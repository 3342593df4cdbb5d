import Engine
import Model
import Testing

@Suite("Fan-outs over the lines of an artifact", .timeLimit(.minutes(1)))
struct LinesTests {
  static func file(_ modifiers: String) -> String {
    """
    inputs: {file: {type: artifact}}
    steps:
      each:
        for_each: {lines: "${{ inputs.file }}"}
        \(modifiers)
        steps:
          one: {uses: test.pure, with: {value: "${{ item }}"}}
          two: {value: "${{ [item, steps.one.output] }}"}
    outputs:
      counts: "${{ steps.each.counts }}"
      all: "${{ steps.each.outputs.map(o, o.two[1]) }}"
    """
  }

  func start(_ harness: Harness, _ lines: [String]?, _ modifiers: String) async throws -> ID<Job> {
    var handle = ArtifactHandle(
      sha256: String(repeating: "0", count: 64), name: "gone", size: 1, mediaType: "text/plain"
    ).json
    if let lines { handle = harness.stage.shelf.put(lines, as: String(repeating: "a", count: 64)) }
    return try await harness.start(Self.file(modifiers), inputs: JSONObject([("file", handle)]))
  }

  @Test("give each item its line", arguments: Backend.all)
  func single(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await start(harness, ["a", "b", "c"], "max_parallel: 1")
    let view = try await harness.ended(job)
    #expect(view.outputs?["all"] == ["a", "b", "c"])
    #expect(harness.stage.shelf.reads == [0..<1, 1..<2, 2..<3])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("give each item its batch of lines", arguments: Backend.all)
  func batches(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await start(harness, ["a", "b", "c", "d", "e"], "batch: 2")
    #expect(try await harness.ended(job).outputs?["all"] == [["a", "b"], ["c", "d"], ["e"]])
  }

  @Test("of none succeed without an item")
  func empty() async throws {
    let harness = try Harness()
    let view = try await harness.ended(try await start(harness, [], "batch: 2"))
    #expect(view.summary.status == .success)
    #expect(view.outputs?["counts"]?["total"] == 0)
  }

  @Test("of an artifact that is missing fail the step as bad data")
  func missing() async throws {
    let harness = try Harness()
    let failure = try #require(
      try await harness.ended(try await start(harness, nil, "batch: 2")).summary.failure)
    #expect(failure.errorClass == .data)
    #expect(failure.code == "artifact-missing")
  }

  @Test("whose batch is larger than a value may be fail that item with the remedy")
  func large() async throws {
    let harness = try Harness()
    let lines = (0..<6).map { _ in String(repeating: "x", count: 1 << 20) }
    let view = try await harness.ended(try await start(harness, lines, "batch: 6"))
    #expect(view.steps.first { $0.path == "each[0]" }?.failure?.code == "slice-too-large")
  }

  @Test("are counted and read again after a crash in the middle", arguments: Backend.all)
  func crashes(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let shelf = harness.stage.shelf
    shelf.shut()
    let job = try await start(harness, ["a", "b", "c"], "batch: 2")
    await shelf.holding()
    await harness.crash()
    shelf.open()
    #expect(shelf.counts == 1)
    shelf.shut()
    try await harness.reopen()
    await shelf.holding()
    #expect(shelf.counts == 2)
    shelf.open()
    #expect(try await harness.ended(job).outputs?["all"] == [["a", "b"], ["c"]])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("that are being counted stop at a cancel")
  func cancelled() async throws {
    let harness = try Harness()
    harness.stage.shelf.shut()
    let job = try await start(harness, ["a"], "batch: 2")
    await harness.stage.shelf.holding()
    try await harness.node.cancel(job, actor: "local:ana", reason: "")
    #expect(try await harness.ended(job).summary.status == .cancelled)
    harness.stage.shelf.open()
  }
}
