import Foundation

/// What can be measured by itself.
struct Parts: Sendable {
  var name: String
  var measure: @Sendable () async throws -> [Figure]

  static let all: [Parts] = [
    Parts(name: "chain") { try await ChainFigures(pairs: number("BENCH_PAIRS", 11)).measure() },
    Parts(name: "throughput") { try await ThroughputFigures(pairs: number("BENCH_PAIRS", 11)).measure() },
    Parts(name: "peers") { try await PeerFigures(rounds: number("BENCH_ROUNDS", 3)).measure() },
    Parts(name: "start") { try await WaitFigures().acceptToStart() },
    Parts(name: "program") { try ProgramFigures().measure() },
    Parts(name: "sleep") { try await WaitFigures().sleepShare() },
    Parts(name: "parked") {
      try await ParkedFigures(parked: number("BENCH_PARKED", 100_000), running: 1_000).measure()
    },
    Parts(name: "queue") { try await QueueFigures(jobs: number("BENCH_QUEUED", 1_000_000)).measure() },
  ]

  /// Smaller numbers are for a first look: a ratio may then mean another thing.
  private static func number(_ name: String, _ fallback: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? fallback
  }

  static func child(_ words: [String]) async throws {
    switch words.first {
    case "lay" where words.count == 5:
      try await ParkedGround.lay(
        words[1], words[2], parked: Int(words[3]) ?? 0, running: Int(words[4]) ?? 0)
    case "load" where words.count == 4:
      try await ParkedGround.load(words[1], words[2], running: Int(words[3]) ?? 0)
    case _: throw BenchError("There is no such part: \(words).")
    }
  }
}
