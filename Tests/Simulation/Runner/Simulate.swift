import Foundation
import Model
import Synchronization

/// `make simulate`: many seeds on all cores. Prints what went wrong in them and how fast it was; of the first
/// world that breaks a rule a minimal story, and then the exit code is 1.
@main
enum Simulate {
  /// So seldom a seed runs on SQLite, too: a hundred times the work.
  private static let sqliteEvery: UInt64 = 250

  struct Total {
    var seeds = 0
    var sqlite = 0
    var time = Duration.zero
    var jobs = 0
    var faults: [Fault: Int] = [:]
    var broken: (seed: UInt64, disk: Disk, violation: Violation)?
    var next: UInt64
    var mistakes: [String] = []
  }

  static func main() {
    let environment = ProcessInfo.processInfo.environment
    let one = environment["SEED"].flatMap { UInt64($0) }
    let first = one ?? environment["FIRST"].flatMap { UInt64($0) } ?? 1
    let count = one != nil ? 1 : environment["SEEDS"].flatMap { UInt64($0) } ?? 1_000
    let usesSQLite = environment["MUTANTS"] == nil
    let total = Mutex(Total(next: first))
    let started = ContinuousClock.now
    let threads = max(1, min(ProcessInfo.processInfo.activeProcessorCount, Int(count)))
    let done = DispatchGroup()
    for _ in 0..<threads {
      done.enter()
      let thread = Thread {
        work(total, before: first + count, usesSQLite)
        done.leave()
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
    done.wait()
    let seconds = (ContinuousClock.now - started) / .seconds(1)
    exit(total.withLock { end($0, max(0.001, seconds), environment["MUTANTS"] != nil) })
  }

  private static func work(_ total: borrowing Mutex<Total>, before end: UInt64, _ usesSQLite: Bool) {
    while true {
      let seed: UInt64? = total.withLock { total in
        guard total.next < end, total.broken == nil, total.mistakes.isEmpty else { return nil }
        defer { total.next += 1 }
        return total.next
      }
      guard let seed else { return }
      do {
        add(try WorldRun(seed, on: .memory), .memory, total)
        if usesSQLite, seed % sqliteEvery == 0 { add(try WorldRun(seed, on: .sqlite), .sqlite, total) }
      } catch { total.withLock { $0.mistakes.append("seed \(seed): \(error)") } }
    }
  }

  private static func add(_ run: WorldRun, _ disk: Disk, _ total: borrowing Mutex<Total>) {
    total.withLock { total in
      if disk == .memory { total.seeds += 1 } else { total.sqlite += 1 }
      total.time += run.time
      total.jobs += run.jobs
      for (fault, count) in run.faults { total.faults[fault, default: 0] += count }
      // The lowest seed, whichever thread was the first.
      if let violation = run.violation, total.broken.map({ run.seed < $0.seed }) ?? true {
        total.broken = (run.seed, disk, violation)
      }
    }
  }

  private static func end(_ total: Total, _ seconds: Double, _ isTerse: Bool) -> Int32 {
    for mistake in total.mistakes { print("The world itself failed. \(mistake)") }
    guard total.mistakes.isEmpty else { return 2 }
    if isTerse {
      guard let broken = total.broken else { return 0 }
      print("\(broken.seed) \(broken.violation.invariant.rawValue): \(broken.violation.text.prefix(120))")
      return 1
    }
    let hours = Double(total.time.components.seconds) / 3_600
    print(
      "\(total.seeds) seeds (\(total.sqlite) of them on SQLite, too), \(total.jobs) jobs, "
        + "\(Int(hours)) virtual hours in \(Int(seconds)) s, "
        + "\(Int(Double(total.seeds) / seconds)) seeds per second"
    )
    for fault in Fault.allCases {
      print("  \(String(total.faults[fault] ?? 0).leftPadded(9))  \(fault.rawValue)")
    }
    guard let broken = total.broken else {
      print("No rule was broken.")
      return 0
    }
    return tell(broken.seed, broken.disk, broken.violation)
  }

  private static func tell(_ seed: UInt64, _ disk: Disk, _ violation: Violation) -> Int32 {
    print("\nSeed \(seed) on \(disk.rawValue): \(violation)\nMade smaller:")
    let count = ProcessInfo.processInfo.environment["STORY"].flatMap { Int($0) } ?? 60
    do {
      for line in try Shrinking(seed, violation).story(last: count) where !line.isEmpty { print("  \(line)") }
    } catch { print("It could not be made smaller: \(error)") }
    print("Again: make simulate SEED=\(seed)")
    return 1
  }
}

extension String {
  fileprivate func leftPadded(_ width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
