import Foundation

// `Bench [chain|throughput|64|256|program]…`: without words, all of them.
let words = Array(CommandLine.arguments.dropFirst())
let pairs = number("BENCH_PAIRS", 9)
let chainLength = number("BENCH_STEPS", 20)

if words.isEmpty || words.contains("chain") { try await reportChain() }
for atOnce in [64, 256] where words.isEmpty || words.contains("throughput") || words.contains("\(atOnce)") {
  try await reportThroughput(atOnce: atOnce)
}

if words.isEmpty || words.contains("program") { try ProgramFigures().report() }

func number(_ name: String, _ fallback: Int) -> Int {
  ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? fallback
}

/// Engine, raw, engine, raw …: ratios of neighbours, because a machine changes its speed by the minute.
func reportChain() async throws {
  var slices: [Slice] = []
  for _ in 0...pairs { slices.append(try await Slice.chain(steps: 40, jobs: 10)) }
  slices.removeFirst()
  line("R_chain", median(slices.map { $0.engine / $0.raw }), "engine/raw")
  // 40 of the 41 commits: what a step adds to its commit, without the start of the job.
  line(
    "R_chain_after_admission", median(slices.map { $0.afterAdmission / ($0.raw * 40 / 41) }), "engine/raw")
  line("chain_40_time", median(slices.map { $0.engine / 10 * 1_000 }), "ms")
  line("chain_40_raw_time", median(slices.map { $0.raw / 10 * 1_000 }), "ms")
  line("chain_40_cpu", median(slices.map { $0.engineCPU / Double($0.steps) * 1e6 }), "us/step")
  line("chain_40_raw_cpu", median(slices.map { $0.rawCPU / Double($0.steps) * 1e6 }), "us/step")
  line("chain_40_commits", median(slices.map { Double($0.commits) / 10 }), "commits/job")
}

func reportThroughput(atOnce: Int) async throws {
  var slices: [Slice] = []
  for _ in 0...pairs { slices.append(try await Slice.throughput(atOnce: atOnce, steps: chainLength)) }
  slices.removeFirst()
  func figure(_ name: String, _ unit: String, _ value: (Slice) -> Double) {
    line("chains_\(atOnce)_\(name)", median(slices.map(value)), unit)
  }
  line("R_tput_\(atOnce)", median(slices.map { $0.raw / $0.engine }), "engine/raw")
  figure("steps", "steps/s") { Double($0.steps) / $0.engine }
  figure("raw_steps", "steps/s") { Double($0.steps) / $0.raw }
  figure("cpu", "us/step") { $0.engineCPU / Double($0.steps) * 1e6 }
  figure("raw_cpu", "us/step") { $0.rawCPU / Double($0.steps) * 1e6 }
  figure("commits", "commits/step") { Double($0.commits) / Double($0.steps) }
  figure("wal", "bytes/step") { Double($0.walBytes) / Double($0.walSteps) }
  figure("starts", "jobs/s") { Double(atOnce) / $0.starting }
}
