/// What the engine adds to writing the rows that it writes.
///
/// Engine, raw, engine, raw …: ratios of neighbours, because a machine changes its speed by the minute.
struct ChainFigures {
  var pairs: Int
  static let steps = 40
  static let jobs = 10

  func measure() async throws -> [Figure] {
    var slices: [Slice] = []
    for _ in 0...pairs { slices.append(try await Slice.chain(steps: Self.steps, jobs: Self.jobs)) }
    // The first one warms up.
    slices.removeFirst()
    let (jobs, commits) = (Double(Self.jobs), Double(Self.steps + 1))
    return [
      Figure(
        "R_chain", "a chain of 40 ÷ 41 raw commits of its rows", slices.map { $0.engine / $0.raw }, ""),
      Figure(
        "chain_commits", "commits a step of it",
        Double(slices[0].commits) / Double(slices[0].steps), ""),
      Figure(
        "chain_after_admission", "the same without the job's start",
        slices.map { $0.afterAdmission / ($0.raw * (commits - 1) / commits) }, ""),
      Figure("chain_time", "the chain of 40", slices.map { $0.engine / jobs * 1_000 }, "ms"),
      Figure("chain_raw_time", "its raw commits", slices.map { $0.raw / jobs * 1_000 }, "ms"),
      Figure("chain_cpu", "CPU a step of it", slices.map { $0.engineCPU / Double($0.steps) * 1e6 }, "µs"),
    ]
  }
}

/// Many jobs at once.
struct ThroughputFigures {
  var pairs: Int
  static let atOnce = 256
  static let steps = 20
  static let waves = 4

  static func slice() async throws -> Slice {
    try await Slice.throughput(atOnce: atOnce, steps: steps, waves: waves)
  }

  func measure() async throws -> [Figure] {
    var slices: [Slice] = []
    for _ in 0...pairs { slices.append(try await Self.slice()) }
    // The first one warms up.
    slices.removeFirst()
    func aStep(_ name: String, _ title: String, _ unit: String, _ value: (Slice) -> Double) -> Figure {
      Figure(name, title, slices.map { value($0) / Double($0.steps) }, unit)
    }
    return [
      Figure("R_tput", "256 chains of 20: engine ÷ raw writer", slices.map { $0.raw / $0.engine }, ""),
      Figure("tput", "256 chains of 20", slices.map { Double($0.steps) / $0.engine }, "steps/s"),
      Figure("tput_raw", "the raw writer of their rows", slices.map { Double($0.steps) / $0.raw }, "steps/s"),
      aStep("tput_cpu", "CPU a step", "µs") { $0.engineCPU * 1e6 },
      aStep("tput_raw_cpu", "CPU of the raw writer a step", "µs") { $0.rawCPU * 1e6 },
      aStep("tput_rows", "rows a step", "") { Double($0.rows) },
      aStep("tput_outbox", "changes of the outbox a step", "") { Double($0.messages) },
      aStep("tput_commits", "commits a step", "") { Double($0.commits) },
      aStep("tput_fsyncs", "fsyncs a step", "") { Double($0.files.syncs) },
      aStep("tput_wal", "WAL a step", "bytes") { Double($0.files.logBytes) },
    ]
  }
}
