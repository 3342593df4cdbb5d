import CLI
import Crypto
import Engine
import Model
import Stores
import Synchronization

/// Plays the people and the time of a rehearsal.
final class RehearsalDriver: Sendable {
  private let rehearsal: Rehearsal
  private let node: Node
  private let store: MemoryStore
  private let clock: RehearsalClock
  private let history: JobHistory
  private struct Script {
    var answers: [ScriptedAnswer]
    var signals: [ScriptedSignal]
  }
  private let script: Mutex<Script>
  /// How long it looks away while scripts run.
  private static let glance = Duration.milliseconds(3)

  init(
    _ rehearsal: Rehearsal, node: Node, store: MemoryStore, clock: RehearsalClock, history: JobHistory
  ) {
    self.history = history
    (self.rehearsal, self.node, self.store, self.clock) = (rehearsal, node, store, clock)
    script = Mutex(Script(answers: rehearsal.answers, signals: rehearsal.signals))
  }

  /// Returns when the job has ended, or with the reason why it was left.
  func drive(_ job: ID<Job>) async throws(Problem) -> Bilingual? {
    var stillness = 0
    while true {
      let view = try await node.view(job, limit: .max)
      if view.summary.status.hasEnded { return nil }
      if let until = rehearsal.until, let step = Self.step(until, in: view),
        step.status.hasEnded
      {
        return Bilingual("left after \(until)", pt: "parado depois de \(until)")
      }
      if view.steps.contains(where: { $0.status == .needsAttention }) {
        return Bilingual(
          "left: a step asks whether it happened", pt: "parado: um passo pergunta se aconteceu")
      }
      if try await isBusy(view) {
        stillness = 0
        await Program.pause(Self.glance)
      } else if try await play(view) || clock.skip() {
        stillness = 0
      } else {
        // The engine may just be on its way to say what it waits for.
        stillness += 1
        if stillness > Self.patience { return try await stuck(job) }
        await Program.pause(Self.glance)
      }
    }
  }

  /// The step itself, not an item or a round of it.
  private static func step(_ path: String, in view: JobView) -> StepView? {
    view.steps.last { !["item", "round"].contains($0.kind) && plain($0.path) == path }
  }

  private static let patience = 50
  /// What it waits for that will not come.
  private func stuck(_ job: ID<Job>) async throws(Problem) -> Bilingual {
    let reasons = try await node.why(job).map(\.text)
    return Bilingual(
      "left: nothing will happen any more. "
        + reasons.map { $0.english + "." }.joined(separator: " ") + " Is a --signal or an --answer missing?",
      pt: "parado: nada mais vai acontecer. "
        + reasons.map { $0.portuguese + "." }.joined(separator: " ")
        + " Falta um --signal ou um --answer?")
  }

  /// Whether an attempt of the job, or of one that it called, is under way.
  private func isBusy(_ view: JobView) async throws(Problem) -> Bool {
    if view.steps.contains(where: { $0.connector != nil && $0.status == .running }) { return true }
    for child in try children(of: view) {
      if try await isBusy(node.view(child, limit: .max)) { return true }
    }
    return false
  }

  private func children(of view: JobView) throws(Problem) -> [ID<Job>] {
    do throws(StoreError) {
      let live = JobStatus.allCases.filter { !$0.hasEnded }
      return try store.jobs(
        JobFilter(statuses: live, parent: view.summary.number), before: nil, limit: 1_000
      ).map(\.id)
    } catch {
      throw Problem("store-unavailable", Bilingual("\(error)", pt: "\(error)"))
    }
  }

  /// Gives the next scripted answer or signal that somebody waits for.
  private func play(_ view: JobView) async throws(Problem) -> Bool {
    for child in try children(of: view) where try await play(node.view(child, limit: .max)) { return true }
    for ask in try openAsks(of: view.summary.number) {
      if let answer = take(for: Self.plain(ask.row.path)) {
        try await give(answer, to: ask)
        return true
      }
    }
    guard view.steps.contains(where: { $0.status == .waiting && $0.kind == "wait" }) else { return false }
    return try await send(to: view.summary.id)
  }

  private func openAsks(of job: JobNumber) throws(Problem) -> [AskView] {
    try history.asks(AskFilter(states: [.open], job: job), before: nil, limit: 100)
  }

  private func take(for path: String) -> ScriptedAnswer? {
    script.withLock { script in
      let name = path.split(separator: ".").last.map(String.init)
      guard let index = script.answers.firstIndex(where: { $0.ask == path || $0.ask == name }) else {
        return nil
      }
      return script.answers.remove(at: index)
    }
  }

  /// As many people give it as must; the requester is none of them where another person is asked.
  private func give(_ answer: ScriptedAnswer, to ask: AskView) async throws(Problem) {
    let users = (ask.content["to"]?["users"]?.array ?? []).compactMap(\.string)
    let groups = (ask.content["to"]?["groups"]?.array ?? []).compactMap(\.string)
    for number in 0..<max(1, ask.row.quorum) {
      let person = users.indices.contains(number) ? users[number] : "tester\(number + 1)"
      _ = try await node.answer(
        GivenAnswer(
          ask: ask.row.id, by: person, groups: groups, choice: answer.choice, form: answer.form,
          shown: ask.content["shown_sha256"]?.string ?? ""))
    }
  }

  /// The first signal of the script that the job waits for.
  private func send(to job: ID<Job>) async throws(Problem) -> Bool {
    for (index, signal) in script.withLock(\.signals).enumerated() {
      do throws(Problem) {
        _ = try await node.signal(
          SignalRequest(name: signal.name, payload: signal.payload, actor: Connecting.actor), to: job)
        script.withLock { _ = $0.signals.remove(at: index) }
        return true
      } catch {
        if error.code != "no-wait" { throw error }
      }
    }
    return false
  }

  /// A path without items and rounds.
  static func plain(_ path: String) -> String {
    var (plain, depth, isRound) = ("", 0, false)
    for scalar in path.unicodeScalars {
      switch scalar {
      case "[": depth += 1
      case "]": depth -= 1
      case "#" where depth == 0: isRound = true
      case _ where depth > 0: break
      case _ where isRound && ("0"..."9").contains(scalar): break
      case _:
        isRound = false
        plain.unicodeScalars.append(scalar)
      }
    }
    return plain
  }
}

/// Random bytes; the same ones in each rehearsal whose clock stands still.
final class SeededBytes: Sendable {
  private let isFixed: Bool
  private let state = Mutex<UInt64>(0x9E37_79B9_7F4A_7C15)

  init(isFixed: Bool) { self.isFixed = isFixed }

  func bytes(_ count: Int) -> [UInt8] {
    guard isFixed else { return SecureRandom.bytes(count) }
    return (0..<count).map { _ in
      state.withLock { state in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
      }
    }
  }
}
