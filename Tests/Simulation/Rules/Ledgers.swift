import Model
import Pipelines

@testable import Engine

/// Questions and their answers (S15).
struct AskLedger {
  private(set) var rows: [ID<Ask>: AskRow] = [:]
  private(set) var answers: [ID<Ask>: [AskAnswerRow]] = [:]

  var open: [AskRow] { rows.values.filter { $0.state == .open }.sorted { $0.id < $1.id } }

  func isDecided(_ ask: ID<Ask>) -> Bool {
    guard let row = rows[ask] else { return false }
    return row.decidedChoice != nil && (row.state == .decided || row.state == .expired)
  }

  mutating func take(_ batch: Batch) throws(Violation) {
    for row in batch.answers {
      // What lost is kept, too; it must not count.
      let isOpen = rows[row.ask].map { $0.state == .open } ?? batch.asks.contains { $0.id == row.ask }
      try require(.approvalsFinal, isOpen || !row.counts, "an answer of \(row.by) counts after the decision")
      answers[row.ask, default: []].append(row)
    }
    for row in batch.asks {
      if let known = rows[row.id] {
        try require(
          .approvalsFinal, known.state == .open,
          "a question that was \(known.state.word) is \(row.state.word)")
      }
      if row.state == .decided { try checkQuorum(row) }
      rows[row.id] = row
    }
  }

  private func checkQuorum(_ row: AskRow) throws(Violation) {
    var choices: [String: String] = [:]
    for answer in answers[row.id] ?? [] where answer.counts {
      choices[answer.onBehalfOf ?? answer.by] = answer.choice
    }
    let votes = choices.values.count { $0 == row.decidedChoice }
    try require(
      .approvalsFinal, votes >= row.quorum,
      "\(votes) people decided a question that asks for \(row.quorum)")
  }

  func counts(_ answer: GivenAnswer) -> Bool {
    (answers[answer.ask] ?? []).contains {
      $0.by == answer.by && $0.choice == answer.choice && $0.counts
    }
  }
}

/// Messages to waiting jobs (S13, S14).
struct SignalLedger {
  private(set) var rows: [ID<Signal>: SignalRow] = [:]
  private var byMessage: [String: ID<Signal>] = [:]
  /// Who ended by which one, where it goes to one.
  private var ends: [String: JobNumber] = [:]

  func known(_ message: String) -> Bool { byMessage[message] != nil }

  mutating func take(_ batch: Batch) throws(Violation) {
    for row in batch.signals {
      if let known = rows[row.id], known.state != .waiting {
        try require(
          .signalOnce, row.state == known.state && row.takenBy == known.takenBy,
          "the signal \(row.id) was \(known.state) by \(known.takenBy?.value ?? 0) and is \(row.state) by "
            + "\(row.takenBy?.value ?? 0)")
      }
      if let message = row.messageID {
        let first = byMessage[message]
        try require(.signalOnce, first == nil || first == row.id, "the message \(message) came in twice")
        byMessage[message] = row.id
      }
      rows[row.id] = row
    }
  }

  /// A wait ended by this signal.
  mutating func ended(_ job: JobNumber, _ node: NodeNumber, _ signal: String) throws(Violation) {
    guard let id = ID<Signal>(signal), let row = rows[id], let taker = row.takenBy else { return }
    if let other = ends[signal] {
      try require(.signalOnce, other != job, "the signal \(signal) ended two waits of \(job.value)")
    }
    if taker == job { ends[signal] = job }
  }
}

/// What triggers were given (S25, S33).
struct MessageLedger {
  private(set) var open: [ID<TriggerMessage>: TriggerMessageRow] = [:]
  private(set) var all: Set<ID<TriggerMessage>> = []
  /// Of each trigger that hears of ends: whose, and where they lead.
  static let listeners: [(source: String, trigger: String)] = [
    ("main", "one"), ("main", "both"), ("part", "both"),
  ]

  mutating func take(_ batch: Batch, _ keys: [String: ID<Job>]) throws(Violation) {
    for change in batch.triggers {
      switch change {
      case .put(let row, with: _):
        let isSame = open.values.first { other in
          other.id != row.id && other.trigger == row.trigger && other.key == row.key
        }
        try require(.messageOnce, isSame == nil, "\(row.trigger) has \(row.key) twice")
        open[row.id] = row
        all.insert(row.id)
      case .remove(let id, with: _):
        guard let row = open.removeValue(forKey: id) else {
          throw Violation(.messageOnce, "a message that is gone was settled")
        }
        try require(
          .messageOnce, leadsSomewhere(row, batch, keys),
          "\(row.trigger) \(row.key) disappeared without a row")
      case .taken, .released: break
      }
    }
  }

  private func leadsSomewhere(_ row: TriggerMessageRow, _ batch: Batch, _ keys: [String: ID<Job>]) -> Bool {
    if keys[Ledger.key(row.pipeline, "trigger \(row.trigger) \(row.key)")] != nil { return true }
    if !batch.refusals.isEmpty || !batch.deadLetters.isEmpty { return true }
    if let due = row.due {
      return batch.schedules.contains { change in
        guard case .fire(let fire, with: _) = change else { return false }
        return fire.due == due && fire.outcome != .waiting
      }
    }
    if row.state == .gathered { return batch.newJobs.contains { $0.triggerID == row.trigger } }
    return row.trigger == "post"
  }

  /// The end of a job is told in the commit of the end.
  func ended(_ id: ID<Job>?, _ pipeline: PipelineName?, _ batch: Batch) throws(Violation) {
    guard let id, let pipeline else { return }
    for (source, trigger) in Self.listeners where source == pipeline.name {
      let isTold = batch.triggers.contains { change in
        guard case .put(let row, with: _) = change else { return false }
        return row.trigger == trigger && row.key == "\(id) 0"
      }
      try require(.messageOnce, isTold, "\(trigger) was not told of the end of \(id)")
    }
  }
}

/// What jobs hold of limits (S10, S11).
struct SlotLedger {
  struct Holder: Hashable {
    var job: JobNumber
    var node: NodeNumber?
  }

  private(set) var held: [String: [Int: Holder]] = [:]
  /// Taken in the commit that is being read.
  private var taken: Set<Holder> = []
  /// When steps of the rate started, as far as a node can know it.
  private var starts: [Duration] = []
  /// By how much the wall is ahead of the time that never jumps; and how it was at the last of the starts.
  var lead = Duration.zero
  private var leadOfStarts = Duration.zero

  /// The next node knows the age of what was stored by the wall alone: after a jump forwards it is older.
  mutating func restart() { if lead > leadOfStarts { starts = [] } }
  mutating func settle() { taken = [] }

  mutating func take(_ changes: [SlotChange]) throws(Violation) {
    for change in changes {
      switch change {
      case .take(let row):
        try require(.slots, held[row.key]?[row.number] == nil, "\(row.key) \(row.number) is held twice")
        let holder = Holder(job: row.job, node: row.node)
        held[row.key, default: [:]][row.number] = holder
        taken.insert(holder)
        let most = PipelineMaker.limits[row.key] ?? 0
        let count = held[row.key]?.count ?? 0
        try require(.slots, count <= most, "\(count) hold \(row.key), and \(most) may")
      case .free(let key, let number, let job):
        try require(.slots, held[key]?[number]?.job == job, "\(key) \(number) was freed by a stranger")
        held[key]?[number] = nil
      }
    }
  }

  mutating func started(
    _ job: JobNumber, _ node: NodeNumber, _ limits: StepLimits?, at moment: Duration
  ) throws(Violation) {
    guard let limits else { return }
    let holder = Holder(job: job, node: node)
    if limits.concurrency != nil || limits.exclusive != nil {
      let holds = taken.contains(holder) || held.values.contains { $0.values.contains(holder) }
      try require(.slots, holds, "\(node) of \(job.value) started without a slot")
    }
    guard limits.rate != nil else { return }
    leadOfStarts = lead
    starts.append(moment)
    starts.removeAll { $0 <= moment - PipelineMaker.ratePer }
    try require(
      .rates, starts.count <= PipelineMaker.rateLimit,
      "\(starts.count) starts in \(PipelineMaker.ratePer), and \(PipelineMaker.rateLimit) may")
  }

  /// Each with who holds it.
  var all: [(key: String, holder: Holder)] {
    held.sorted { $0.key < $1.key }.flatMap { key, slots in
      slots.sorted { $0.key < $1.key }.map { (key, $0.value) }
    }
  }
}
