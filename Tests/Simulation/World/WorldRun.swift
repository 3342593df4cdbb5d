import Foundation
import Model
import Stores

/// A store that outlives the nodes over it.
enum Disk: String, CaseIterable, Sendable { case memory, sqlite }

/// One world from its beginning to its end.
struct WorldRun: Sendable {
  var seed: UInt64
  var violation: Violation?
  var trace: [[UInt8]]
  var story: [String]
  var faults: [Fault: Int]
  /// That passed in it.
  var time: Duration
  var jobs: Int

  init(_ seed: UInt64, on disk: Disk = .memory, _ options: WorldOptions = WorldOptions()) throws {
    self.seed = seed
    (trace, story, faults, time, jobs) = ([], [], [:], .zero, 0)
    switch disk {
    case .memory:
      let store = MemoryStore()
      try run(World(seed: seed, store, store, options))
    case .sqlite:
      let folder = NSTemporaryDirectory() + "esteira-world-" + UUID().uuidString
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let store = try SQLiteStore(path: folder + "/esteira.db", now: Timestamp(microseconds: 0))
      try run(World(seed: seed, store, store, options))
    }
  }

  private mutating func run(_ world: World) throws {
    do { try world.run() } catch let violation as Violation { self.violation = violation }
    (trace, story, faults) = (world.ledger.trace, world.story, world.faults)
    (time, jobs) = (world.clock.monotonic, world.ledger.jobs.count)
  }
}

/// Makes a failing world smaller: without the faults that it does not need, and with fewer turns.
struct Shrinking {
  let seed: UInt64
  private(set) var options = WorldOptions()
  private(set) var violation: Violation

  init(_ seed: UInt64, _ violation: Violation) throws {
    (self.seed, self.violation) = (seed, violation)
    for fault in Fault.allCases {
      var fewer = options
      fewer.without.insert(fault)
      try keepIfBroken(fewer)
    }
    // Fewer turns are another history, so each number is tried, the smallest first.
    for turns in 0..<options.turns {
      var fewer = options
      fewer.turns = turns
      if try keepIfBroken(fewer) { break }
    }
  }

  @discardableResult
  private mutating func keepIfBroken(_ fewer: WorldOptions) throws -> Bool {
    guard let found = try WorldRun(seed, fewer).violation, found.invariant == violation.invariant else {
      return false
    }
    (options, violation) = (fewer, found)
    return true
  }

  /// Of many in a row the last is enough.
  private static func passesTime(_ story: [String], _ index: Int) -> Bool {
    index < story.count && story[index].hasPrefix("nothing is to do")
  }

  /// What happened, the broken rule last.
  func story(last count: Int) throws -> [String] {
    var told = options
    told.tells = true
    let run = try WorldRun(seed, told)
    let moved = run.story.indices.filter {
      !Self.passesTime(run.story, $0) || !Self.passesTime(run.story, $0 + 1)
    }
    let lines = moved.suffix(count).map { run.story[$0] }
    let faults = run.faults.keys.filter { !options.without.contains($0) }.map(\.rawValue).sorted()
    let needed = faults.isEmpty ? "none" : faults.joined(separator: ", ")
    return [
      "\(options.turns) turns with faults; needed: \(needed)",
      lines.count < run.story.count ? "… \(run.story.count - lines.count) lines before these" : "",
    ] + lines + ["BROKEN \(run.violation?.description ?? "nothing: the world is not the same again")"]
  }
}

extension WorldRun {
  init(_ seed: UInt64, _ options: WorldOptions) throws { try self.init(seed, on: .memory, options) }
}
