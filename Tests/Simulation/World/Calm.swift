import Model
import Pipelines

@testable import Engine

// Nothing goes wrong any more: everything must come to its end, and in its time.
extension World {
  /// As many turns as a world may need to its end.
  private static let calmTurns = 5_000
  /// As far as the next moment may lie when nothing is under way: longer than any pause, limit and wait of
  /// the made files, and than the retries of a store and of a trigger.
  static let longestPause = Duration.seconds(150)

  func calm() throws {
    tell("from here on nothing goes wrong")
    isCalm = true
    if isDraining { try restart() }
    clients.wish(.resume)
    try endSchedule()
    var left = Self.calmTurns
    while try !hasEnded() {
      left -= 1
      try require(.ends, left > 0, "after \(Self.calmTurns) turns without a fault: \(waiting)")
      try proceed()
      try takeTurn()
    }
    try ledger.schedules.checkEnd()
    try outlet.check(
      configuration.readModel.deadLetters(DeadLetterFilter(kind: .delivery), before: nil, limit: 100_000))
    try require(.slots, ledger.slots.all.isEmpty, "\(ledger.slots.all.map(\.key)) are held by nobody")
    try require(.accepted, try store.heldSlots().isEmpty, "the store still holds slots")
  }

  /// It would be due for ever. What is due already keeps its turn.
  private func endSchedule() throws {
    var entries = try TriggerReading(configuration: configuration).entries(of: Self.after)
    entries.removeAll { $0.trigger.name == ScheduleLedger.trigger }
    inputs.append(.triggers(TriggerBook.Reading(number: 1, entries: [Self.after: entries])) { _ in })
  }

  private func hasEnded() throws -> Bool {
    guard clients.open.isEmpty, clients.unsent.isEmpty, turn.jobs.liveCount == 0, !hasWork,
      attempts.isEmpty
    else { return false }
    guard try configuration.readModel.outboxSummaries().isEmpty else { return false }
    // A part of a join may wait for one that never comes, until its time is over.
    return try store.openTriggerMessages().isEmpty
  }

  private var hasWork: Bool {
    !(inputs.isEmpty && restored.isEmpty && asides.isEmpty && turn.jobs.batch.isEmpty
      && turn.jobs.orders.isEmpty && outlet.sendings.isEmpty) || outside.hasWork
  }

  /// The next thing that happens by itself, and only then time.
  private func proceed() throws {
    if hasWork { return }
    if !clients.unsent.isEmpty { return send() }
    if !attempts.isEmpty {
      endOne()
      return endOne()
    }
    if help() { return }
    if options.hasOutlet, try openLanes() { return }
    let due = turn.jobs.due
    let pause = (due ?? clock.monotonic) - clock.monotonic
    tell("nothing is to do; the next time is \(due.map { "in \($0 - clock.monotonic)" } ?? "never")")
    // A timer that means nothing any more may be all that is left.
    if due == nil || pause > Self.longestPause, isSignalAwaited { return sendSignals() }
    try require(.ends, due != nil, "nothing is to come, and these wait: \(waiting)")
    try require(.pauses, pause <= Self.longestPause, "nothing is to come for \(pause): \(waiting)")
    clock.advance(by: max(.zero, pause))
  }

  /// What people do before they are waited for. Some questions are left to expire.
  private func help() -> Bool {
    for number in ledger.jobs {
      guard let book = ledger.books[number], let id = ledger.ids[number], !book.hasEnded else { continue }
      if book.isQuarantined {
        clients.wish(.release(id))
        return true
      }
      if book.question != nil {
        resolve(number)
        return true
      }
    }
    if ledger.asks.open.contains(where: { $0.id.low & 1 == 0 }), random.holds(80) {
      answerAsk()
      return true
    }
    // Not at once: a wait that ends by a signal which came before is the same.
    guard random.holds(60), isSignalAwaited else { return false }
    sendSignals()
    return true
  }

  private var isSignalAwaited: Bool {
    ledger.books.values.contains { !$0.hasEnded && $0.awaitsSignal }
  }

  private func sendSignals() {
    for key in ["a", "b"] { clients.wish(.signal(key: key, message: nil)) }
  }

  var waiting: String {
    let jobs = ledger.jobs.compactMap { number -> String? in
      guard let book = ledger.books[number], !book.hasEnded else { return nil }
      let nodes = book.entries.indices.filter { !book.entries[$0].status.hasEnded }.map { node in
        "\(node) \(book.entries[node].status.word)"
      }
      let place = turn.jobs.inMemory(number) == nil ? ", out of memory" : ""
      return "job \(number.value) (\(nodes.joined(separator: ", "))\(place))"
    }
    let messages = ledger.messages.open.values.map { "\($0.trigger) \($0.key)" }.sorted()
    return (jobs + messages + clients.open.values.map { "\($0)" }).joined(separator: "; ")
  }
}
