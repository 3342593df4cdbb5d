import Model
import Synchronization

@testable import Engine

/// What became visible outside of the node, in the order in which it did.
enum Happening: Sendable {
  case committed(Batch, refused: [RefusedJob])
  case began(Executor.Work, examines: Bool)
  case stopAsked(JobNumber, NodeNumber, token: UInt32)
  case answered(request: Int, Answer)
  case sent(Sending)
}

/// What a client hears.
enum Answer: Sendable {
  case done
  case started(StartedJob)
  case progress(AskProgress)
  case receipt(SignalReceipt)
  case accepted(ID<TriggerMessage>)
  case outcome(TriggerOutcome)
  case refused(Problem)
}

/// Outlives the nodes.
final class Log: Sendable {
  private let happenings = Mutex<[Happening]>([])

  func add(_ happening: Happening) { happenings.withLock { $0.append(happening) } }

  func takeAll() -> [Happening] {
    happenings.withLock { happenings in
      defer { happenings = [] }
      return happenings
    }
  }
}
