import Foundation
import Testing

@Suite("A simulated world", .timeLimit(.minutes(10)))
struct SimulationTests {
  /// `SEEDS=n` asks for more of them, `SEED=n` for one alone. `make simulate` runs many more.
  static let seeds: [UInt64] = {
    let environment = ProcessInfo.processInfo.environment
    if let one = environment["SEED"].flatMap({ UInt64($0) }) { return [one] }
    let count = environment["SEEDS"].flatMap { UInt64($0) } ?? 200
    return Array(1...max(1, count))
  }()

  @Test("keeps every rule of the engine on the memory store, whatever the seed")
  func memory() throws {
    for seed in Self.seeds { try check(seed, .memory) }
  }

  /// Seeds that once broke a rule: a cancel of a job in quarantine that was forgotten, a fan-out that slept
  /// through its time out of memory, a rate that counted from before a full disk, a slot that was given to a
  /// job in quarantine.
  static let found: [UInt64] = [12, 2_138, 3_196, 7_115, 13_859]

  @Test("keeps every rule where one was broken before")
  func broken() throws {
    for seed in Self.found { try check(seed, .memory) }
  }

  @Test("keeps every rule of the engine on SQLite")
  func sqlite() throws {
    for seed in Self.seeds.prefix(max(1, Self.seeds.count / 10)) { try check(seed, .sqlite) }
  }

  @Test("gives the same facts for the same seed, on both stores")
  func repeats() throws {
    for seed in Self.seeds.prefix(10) {
      let first = try WorldRun(seed).trace
      #expect(try WorldRun(seed).trace == first, "seed \(seed)")
      #expect(try WorldRun(seed, on: .sqlite).trace == first, "seed \(seed) on SQLite")
    }
  }

  @Test("tells others of all that it stored, in the order of each lane", arguments: Disk.allCases)
  func outlet(_ disk: Disk) throws {
    var options = WorldOptions()
    options.hasOutlet = true
    let seeds = Self.seeds.prefix(disk == .memory ? 60 : 12)
    for seed in seeds {
      let run = try WorldRun(seed, on: disk, options)
      if let violation = run.violation { Issue.record("seed \(seed) on \(disk.rawValue): \(violation)") }
    }
  }

  @Test("meets every fault, and gives other histories for other seeds")
  func differs() throws {
    let runs = try (1...40).map { try WorldRun($0) }
    let missing = Fault.allCases.filter { fault in !runs.contains { $0.faults[fault] != nil } }
    #expect(missing.isEmpty)
    #expect(Set(runs.map(\.trace)).count == 40)
  }

  @Test("needs few tries for a valid file: most of those that are made are")
  func files() {
    let (valid, findings) = Files.share(of: 200)
    #expect(valid > 100, "\(findings.prefix(3))")
  }

  private func check(_ seed: UInt64, _ disk: Disk) throws {
    guard let violation = try WorldRun(seed, on: disk).violation else { return }
    Issue.record("seed \(seed) on \(disk.rawValue): \(violation). Again: make simulate SEED=\(seed)")
  }
}
