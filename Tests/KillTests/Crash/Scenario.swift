import Foundation
import Model
import Testing

/// Something that is done with a server while it is struck, and what must be true afterwards. A new one is a
/// type and a line in `CrashScenarios.all`.
protocol CrashScenario: Sendable {
  var name: String { get }
  /// Only calls on files of this name are counted; all of the installation where it is nil.
  var file: String? { get }
  /// So many places, spread evenly, stand for all where these are too many; nil where none is left out.
  var most: Int? { get }

  /// Whether a life makes the same calls however long it takes.
  var isSteady: Bool { get }

  /// Makes what is there before the server that is struck starts.
  func prepare(_ installation: Installation) throws

  /// Changes what depends on the clock, before each life that is struck.
  func renew(_ installation: Installation) throws

  /// Does what is to be done as far as it goes. It is called in the life that is struck and once more in the
  /// next one, in which it must come to its end.
  func advance(_ life: Life) throws

  /// In the last life: complains to the ledger of what is not there.
  func check(_ life: Life) throws
}

enum CrashScenarios {
  static let all: [any CrashScenario] = [
    ChainScenario(), AnswerScenario(), MessageScenario(), ScheduleScenario(), TickScenario(),
    FilesScenario(), ArtifactScenario(), FirstStartScenario(), MigrationScenario(), CheckpointScenario(),
  ]
  /// Those of which a sample is part of every run of the tests.
  static let quick = all.filter { $0.most == nil && $0.isSteady }
}

extension CrashScenario {
  var file: String? { nil }
  var most: Int? { nil }
  var isSteady: Bool { true }
  func renew(_ installation: Installation) throws {}

  /// Each of these jobs succeeded, has a history that holds all that was seen of it, and one completion of
  /// each of its steps.
  func expectSuccess(_ jobs: some Sequence<String>, steps: Int, _ life: Life) throws {
    for job in jobs {
      let (status, lines) = try life.follow(job)
      life.ledger.expect(status == 0, "The watch of job \(job) ended with \(status).")
      life.ledger.check(job, history: lines, steps: steps)
    }
  }

  /// Of this installation there are as many jobs as there should be, and none else.
  func expectJobs(_ jobs: Set<String>, _ life: Life) throws {
    let answer = try life.run("job", "ls", "-o", "id")
    let all = Set(answer.output.split(separator: "\n").map(String.init))
    life.ledger.expect(all == jobs, "There are the jobs \(all.sorted()), not \(jobs.sorted()).")
  }

  /// A server that does these things and is stopped in order.
  func withServer(_ installation: Installation, _ body: (Life) throws -> Void) throws {
    let ledger = Ledger()
    let life = try Life(installation, nil, ledger)
    try body(life)
    life.server.stop()
    try #require(ledger.faults.isEmpty, "\(ledger.faults)")
  }
}
