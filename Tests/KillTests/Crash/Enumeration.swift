import Foundation
import Model
import Stores
import Testing

/// Strikes one scenario at one call after the other, each time from the same beginning.
final class Enumeration {
  let scenario: any CrashScenario
  let installation: Installation
  private(set) var figures = Figures()

  struct Figures {
    var runs = 0
    var struck = 0
    var acknowledged = 0
    var lost = 0
  }

  init(_ scenario: any CrashScenario) throws {
    self.scenario = scenario
    installation = try Installation()
    try scenario.prepare(installation)
    try installation.save()
  }

  struct Outcome {
    var report: FaultReport
    /// Of the server that was struck.
    var status: Int32
    var faults: [String]
    var wasStruck: Bool { report.struck > 0 }
  }

  /// Two lives: in the first one the fault strikes, and in the second everything must come to its end.
  @discardableResult
  func run(_ fault: Fault) throws -> Outcome {
    try installation.restore()
    try scenario.renew(installation)
    let ledger = Ledger()
    let struck = try Life(installation, fault, ledger)
    // Where it died before it was ready there is nobody to ask.
    if struck.server.wasReady { try scenario.advance(struck) }
    struck.server.stop()
    let report = try FaultReport(installation)
    let status = struck.server.process.terminationStatus
    let acknowledged = ledger.count
    if report.struck > 0, fault.kind.kills {
      ledger.expect(struck.server.wasKilled, "The server was struck and ended with \(status).")
    }
    try recover(ledger)
    figures.runs += 1
    figures.struck += report.struck > 0 ? 1 : 0
    figures.acknowledged += acknowledged
    figures.lost += ledger.faults.isEmpty ? 0 : 1
    return Outcome(report: report, status: status, faults: ledger.faults)
  }

  /// The last life, and then the file without a server.
  private func recover(_ ledger: Ledger) throws {
    let life = try Life(installation, nil, ledger)
    try scenario.advance(life)
    try scenario.check(life)
    let jobs = try life.run("job", "ls", "-o", "id").output.split(separator: "\n").map(String.init)
    for job in jobs {
      let replay = try life.run("job", "replay", job)
      ledger.expect(replay.status == 0, "The replay of job \(job): \(replay.output)")
    }
    ledger.expect(life.server.process.isRunning, "The server ended: \(installation.complaint)")
    // What it acknowledged needs no orderly stop.
    kill(life.server.process.processIdentifier, SIGKILL)
    life.server.waitForDeath()
    try Self.checkStore(installation, ledger)
  }

  static func checkStore(_ installation: Installation, _ ledger: Ledger) throws {
    let store = try SQLiteStore(path: installation.data + "/esteira.db", now: Timestamp(microseconds: 1))
    let integrity = try store.integrity()
    ledger.expect(integrity == ["ok"], "The store's file: \(integrity)")
    let orphans = try store.orphans()
    ledger.expect(orphans.isEmpty, "The store's rows: \(orphans)")
  }
}
