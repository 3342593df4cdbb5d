import Model
import Synchronization
import Testing

@testable import Watchdog

@Suite("A queue of a broker that is watched", .timeLimit(.minutes(1)))
struct QueueAlertTests {
  private let key = "demo/broker queue work"

  private func set(_ patient: Patient, _ failures: Int, _ reason: String = "nobody answers") {
    let queue = WatchedQueue(
      namespace: "demo", connection: "broker", source: "work", failures: failures, reason: reason)
    patient.state.withLock { $0.queues = [queue] }
  }

  @Test("is told once it could not be read three times in a row, and when it is read again")
  func told() throws {
    let patient = Patient()
    let post = try Post(engine: patient)
    for failures in [0, 1, 2, 0, 2] {
      set(patient, failures)
      #expect(post.look(after: .seconds(15)).isEmpty)
    }
    set(patient, 3)
    let notices = post.look(after: .seconds(15))
    #expect(notices.told == ["firing \(key) queue-unread"])
    #expect(notices.first?.alert.finding.text.english == "the queue work cannot be read: nobody answers")
    set(patient, 9, "the login was refused")
    #expect(post.look(after: .seconds(15)).isEmpty)
    #expect(
      try post.watcher.standings().map { "\($0.subject) \($0.rule) \($0.verdict.isLate)" } == [
        "demo/broker queue true"
      ])
    set(patient, 0)
    #expect(post.look(after: .seconds(15)).told == ["resolved \(key) fine"])
  }

  @Test("that no trigger names any more is watched no more; the node is as well as before")
  func withdrawn() throws {
    let patient = Patient()
    let post = try Post(engine: patient)
    set(patient, 3)
    let round = post.round()
    #expect(round.notices.told == ["firing \(key) queue-unread"])
    #expect(round.isWell, "What is outside of the node does not keep the outside watcher from being told.")
    patient.state.withLock { $0.queues = [] }
    #expect(post.look(after: .seconds(15)).told == ["resolved \(key) withdrawn"])
  }
}
