import Engine
import Foundation
import Model
import Stores
import Testing

@Suite("A simulated world", .timeLimit(.minutes(10)))
struct SimulationTests {
  /// `SEEDS=n` asks for more of them, `SEED=n` for one alone.
  static let seeds: [UInt64] = {
    let environment = ProcessInfo.processInfo.environment
    if let one = environment["SEED"].flatMap({ UInt64($0) }) { return [one] }
    let count = environment["SEEDS"].flatMap { UInt64($0) } ?? 300
    return Array(1...max(1, count))
  }()

  @Test("keeps every rule of the engine on the memory store, whatever the seed")
  func memory() {
    for seed in Self.seeds { check(seed, .memory) }
  }

  @Test("keeps every rule of the engine on SQLite")
  func sqlite() {
    for seed in Self.seeds.prefix(max(1, Self.seeds.count / 10)) { check(seed, .sqlite) }
  }

  @Test("gives the same facts for the same seed, on both stores")
  func repeats() throws {
    for seed in Self.seeds.prefix(20) {
      let first = try run(seed, .memory)
      #expect(try run(seed, .memory).trace == first.trace, "seed \(seed)")
      #expect(try run(seed, .sqlite).trace == first.trace, "seed \(seed) on SQLite")
    }
  }

  @Test("crashes, and gives other histories for other seeds")
  func differs() throws {
    let worlds = try Self.seeds.prefix(20).map { try run($0, .memory) }
    guard worlds.count == 20 else { return }
    #expect(worlds.contains { $0.crashes > 2 })
    #expect(Set(worlds.map(\.trace)).count == 20)
  }

  private func check(_ seed: UInt64, _ disk: Disk) {
    do { _ = try run(seed, disk) } catch {
      Issue.record("seed \(seed) on \(disk.rawValue): \(error). Again: SEED=\(seed) make simulate")
    }
  }

  private func run(_ seed: UInt64, _ disk: Disk) throws -> World {
    switch disk {
    case .memory:
      let store = MemoryStore()
      return try run(World(seed: seed, store, store))
    case .sqlite:
      let folder = NSTemporaryDirectory() + "esteira-world-" + UUID().uuidString
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let store = try SQLiteStore(path: folder + "/esteira.db", now: Timestamp(microseconds: 0))
      return try run(World(seed: seed, store, store))
    }
  }

  private func run(_ world: World) throws -> World {
    try world.run()
    return world
  }
}
