import Engine

/// How soon work begins, and how well slots are used.
struct WaitFigures {
  static let starts = 1_000
  static let sleepers = 10_000
  static let slots = 100

  /// One job after the other on a node that does nothing else: from the call that asks for it to the first
  /// line of its connector. Its commit lies between.
  func acceptToStart() async throws -> [Figure] {
    let notes = NotesStart()
    var parts = MeasuredNode.Parts(["single": Source.single("bench.start")])
    parts.connectors = [notes]
    let node = try await MeasuredNode(parts, path: Folder.freshDatabase())
    var times: [Double] = []
    for job in 0..<Self.starts {
      let begin = ContinuousClock.now
      try await node.start("single")
      _ = await node.store.reaches(.ended, job + 1)
      guard let start = notes.last else { throw BenchError("The connector did not begin.") }
      times.append((start - begin).inSeconds * 1_000)
      // So that the engine's thread sleeps when the next one comes.
      try await Task.sleep(for: .milliseconds(1))
    }
    await node.stop()
    return [
      Figure("accept_to_start", "accept to start, p99", percentile(99, of: times), "ms"),
      Figure("accept_to_start_median", "accept to start, median", median(times), "ms"),
    ]
  }

  /// Jobs that sleep for 100 ms, with 100 slots: the share of the time that slots alone would take.
  func sleepShare() async throws -> [Figure] {
    let sleeps = Sleeps()
    var parts = MeasuredNode.Parts(["single": Source.single("bench.sleep")])
    parts.connectors = [sleeps]
    parts.change = { $0.nodeSlots = Self.slots }
    let node = try await MeasuredNode(parts, path: Folder.freshDatabase())
    try await node.start("single", Self.sleepers)
    _ = await node.store.reaches(.ended, Self.sleepers)
    await node.stop()
    let ideal = Sleeps.pause.inSeconds * Double(Self.sleepers) / Double(Self.slots)
    return [
      Figure(
        "sleep_share", "10,000 × sleep 100 ms with 100 slots: share of the ideal",
        ideal / sleeps.elapsed.inSeconds, "")
    ]
  }
}
