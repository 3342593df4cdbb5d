import Engine
import Model

/// Work that goes on in another system under a name made from the step's key: whoever tries again finds it
/// there. Only work that was seen to end otherwise than well is begun anew, under the next number.
struct OutsideRun: Sendable {
  private let attempt: Attempt
  /// From 1.
  let number: Int
  /// What the other system calls it, where an attempt has learned that.
  let reference: String?

  init(_ attempt: Attempt) async throws(Failure) {
    let load = attempt.services.checkpoints.load
    let kept = try await OwnThread.run { () throws(Failure) in try load() }
    let last = kept?["run"]?.int.map { Int($0) } ?? 1
    let hasEnded = kept?["ended"] == true
    self.attempt = attempt
    (number, reference) = hasEnded ? (last + 1, nil) : (last, kept?["reference"]?.string)
  }

  /// Such as `esteira.0190…`, and `esteira.0190….2` once the first has failed.
  var name: String { "esteira.\(attempt.stepKey)" + (number > 1 ? ".\(number)" : "") }

  func begun(_ reference: String) async {
    await save(["run": .int(Int64(number)), "reference": .string(reference)])
  }

  /// It failed, or was told to stop: the next attempt begins another.
  func ended() async { await save(["run": .int(Int64(number)), "ended": true]) }

  private func save(_ state: JSON) async {
    let save = attempt.services.checkpoints.save
    do throws(Failure) {
      try await OwnThread.run { () throws(Failure) in try save(state) }
    } catch { attempt.services.log(.warn, "How far it came could not be kept: \(error.message)") }
  }
}

/// Asks another system again and again how far it is, ever more slowly.
struct Polling: Sendable {
  private let attempt: Attempt
  private let longest: Duration
  private var pause = Duration.seconds(1)
  private var failures = 0

  /// So many questions in a row may stay without a usable answer.
  static let mostFailures = 10
  static let standard = Duration.seconds(30)

  static let member: (String, JSON) = (
    "poll",
    [
      "type": "string",
      "description": "The longest pause between two questions how far it is, such as `10s`; 30 s if missing.",
    ]
  )

  init(_ attempt: Attempt) throws(Failure) {
    self.attempt = attempt
    longest = try AMQPSending.duration(attempt.with["poll"], "poll") ?? Self.standard
  }

  mutating func wait() async {
    await attempt.services.pause(min(pause, longest))
    pause = min(longest, pause * 3 / 2)
  }

  mutating func heard() { failures = 0 }

  /// Passes over a failure that may pass; throws any other, and the last of many.
  mutating func passOver(_ failure: Failure) throws(Failure) {
    failures += 1
    let mayPass = [.transient, .timeout, .rateLimited].contains(failure.errorClass)
    guard mayPass, failures < Self.mostFailures else { throw failure }
    attempt.services.log(.warn, "\(failure.message) It is asked again.")
  }
}
