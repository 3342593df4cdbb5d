import Engine

/// A queue of a million jobs behind 100 slots: whether taking one costs more at its end than at its start.
struct QueueFigures {
  var jobs: Int

  func measure() async throws -> [Figure] {
    var parts = MeasuredNode.Parts(["holder": Source.holder, "queued": Source.queued])
    let most = jobs + Source.slots
    parts.change = { $0.maxLiveJobs = most }
    let node = try await MeasuredNode(parts, path: Folder.freshDatabase())
    try await node.start("holder", Source.slots)
    let begin = ContinuousClock.now
    try await node.start("queued", jobs)
    let laying = (ContinuousClock.now - begin).inSeconds
    let first = node.store.moments.count
    try await node.open()
    _ = await node.store.reaches(.ended, most)
    await node.stop()
    let drain = Drain(moments: Array(node.store.moments[first...]), jobs: jobs, held: Source.slots)
    Folder.remove("engine")
    let (start, end) = (drain.start, drain.end)
    return [
      Figure(
        "queue_claim", "\(Figure.text(Double(jobs))) queued jobs: a claim at the end ÷ at the start",
        max(end.whole / start.whole, end.turn / start.turn), ""),
      Figure("queue_start", "a queued job at the start", start.whole * 1e6, "µs"),
      Figure("queue_end", "a queued job at the end", end.whole * 1e6, "µs"),
      Figure("queue_start_turn", "at the start without its commit", start.turn * 1e6, "µs"),
      Figure("queue_end_turn", "at the end without its commit", end.turn * 1e6, "µs"),
      Figure("queue_laying", "jobs admitted into the queue", Double(jobs) / laying, "jobs/s"),
    ]
  }
}

/// The commits in which a queue emptied.
struct Drain {
  /// What one job took, with its share of the commit and without.
  struct Pace: Equatable {
    var whole: Double
    var turn: Double
  }

  var moments: [RecordingStore.Moment]
  var jobs: Int
  /// Jobs that end first and only held the slots.
  var held: Int

  /// Of the first and last tenth the middle, so that neither the opening nor the last few are in it.
  var start: Pace { pace(from: held + jobs / 40, to: held + jobs * 3 / 40) }
  var end: Pace { pace(from: held + jobs * 37 / 40, to: held + jobs * 39 / 40) }

  private func pace(from first: Int, to last: Int) -> Pace {
    let part = moments.indices.filter { moments[$0].ended >= first && moments[$0].ended <= last }
    guard let begin = part.first, let end = part.last, end > begin else { return Pace(whole: 0, turn: 0) }
    let count = Double(moments[end].ended - moments[begin].ended)
    let turns = part.dropFirst().reduce(0) {
      $0 + (moments[$1].began - moments[$1 - 1].time).inSeconds
    }
    return Pace(whole: (moments[end].time - moments[begin].time).inSeconds / count, turn: turns / count)
  }
}
