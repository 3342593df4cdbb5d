import Model
import Pipelines
import Synchronization

@testable import Engine

/// The executor of one node's life, and the connections of its clients: all that a node does outside goes
/// through here, and nothing of it any more once the node is dead.
final class Outside: Performer {
  private struct Life {
    var reports: [Input] = []
    var asides: [@Sendable () -> Void] = []
    /// The node dies before the effect after these; nil: it lives on.
    var effectsLeft: Int?
    var isDead = false
  }

  private let life = Mutex(Life())
  private let log: Log

  init(_ log: Log) { self.log = log }

  var isDead: Bool { life.withLock(\.isDead) }
  /// Whether something is on its way to the node.
  var hasWork: Bool { life.withLock { !($0.reports.isEmpty && $0.asides.isEmpty) } }

  /// Until it is called again the node has so many effects left to live.
  func live(effects: Int?) { life.withLock { $0.effectsLeft = effects } }

  func takeReports() -> [Input] {
    life.withLock { life in
      defer { life.reports = [] }
      return life.reports
    }
  }

  func takeAsides() -> [@Sendable () -> Void] {
    life.withLock { life in
      defer { life.asides = [] }
      return life.asides
    }
  }

  private func effect(_ change: (inout Life) -> Void = { _ in }) {
    life.withLock { life in
      if life.isDead { return }
      if life.effectsLeft == 0 {
        life.isDead = true
        return
      }
      if let left = life.effectsLeft { life.effectsLeft = left - 1 }
      change(&life)
    }
  }

  private func show(_ happening: Happening) { effect { [log] _ in log.add(happening) } }

  func answer(_ request: Int, _ answer: Answer) { show(.answered(request: request, answer)) }

  /// What is reported comes from outside and is no effect of the node.
  var report: @Sendable (Input) -> Void {
    { [self] input in life.withLock { life in if !life.isDead { life.reports.append(input) } } }
  }

  func execute(_ work: Executor.Work) { show(.began(work, examines: false)) }
  func examine(_ work: Executor.Work) { show(.began(work, examines: true)) }
  func endInPlace(_ call: CallPlan, _ with: JSON) -> AttemptEnd? { nil }
  func countLines(_ job: JobNumber, _ namespace: String, _ node: NodeNumber, _ handle: ArtifactHandle) {}
  func readLines(_ job: JobNumber, _ namespace: String, _ slice: LineSlice) {}

  func cancel(_ job: JobNumber, _ node: NodeNumber, token: UInt32) {
    show(.stopAsked(job, node, token: token))
  }

  func settle(_ attempt: AttemptIdentity) { effect() }
  func forget(_ job: ID<Job>) { effect() }
  func deliver(_ sending: Sending) { show(.sent(sending)) }
  func aside(_ body: @escaping @Sendable () -> Void) { effect { $0.asides.append(body) } }
}
