internal import Model
internal import Pipelines

/// What the engine's thread knows of dead letters. Part of `Jobs`.
struct LetterBook {
  /// The messages that were replayed and wait before their triggers, with their letters.
  var underWay: [ID<TriggerMessage>: Int64] = [:]
  /// Something of `underWay` was settled in this turn.
  var hasSettled = false
  /// Open letters by namespace, never too few: one that is open already may be counted once more.
  var counts: [String: Int] = [:]
}

// What ran out becomes a letter.
extension Jobs {
  mutating func bury(_ row: DeadLetterRow, with job: JobNumber? = nil) {
    batch.deadLetters.append(.bury(row, with: job))
    letters.counts[row.namespace]? += 1
    tellListeners(of: row, with: job, at: row.lastAt)
  }

  /// Nothing that has no other place is left without a letter: it waits where it is until there is room.
  mutating func makeSureOfRoom(forLettersOf namespace: String) throws(Problem) {
    if let count = letters.counts[namespace], count < setting.openLetters { return }
    var count: Int
    do throws(StoreError) {
      count = try configuration.store.openDeadLetterCount(in: namespace)
    } catch { throw .store(error) }
    for case .bury(let row, with: _) in batch.deadLetters where row.namespace == namespace { count += 1 }
    letters.counts[namespace] = count
    guard count < setting.openLetters else { throw .lettersFull(namespace, setting.openLetters) }
  }

  /// A job that a trigger started has nobody who looks at its end. Its letter is a place in the list and
  /// holds nothing of it.
  mutating func bury(_ job: OwnedJob, at now: Timestamp) {
    guard [.failed, .timeout].contains(job.state.status), let failure = job.state.failure,
      job.identity.rerunOf == nil, job.identity.parent == nil,
      let trigger = job.state.context?.value["trigger"], let type = trigger["type"]?.string,
      !Self.startedByPeople.contains(type), !ranOutOfCrashes(job, failure)
    else { return }
    bury(
      job, .job, key: "job \(job.id)", failure,
      ["trigger": trigger["id"] ?? .null, "type": .string(type), "status": .string(job.state.status.word)],
      at: now)
  }

  /// The step will not be tried again (S5).
  mutating func buryIfCrashed(_ node: NodeNumber, of job: OwnedJob, at now: Timestamp) {
    guard job.state[node].status == .failed, let failure = job.state.failure(of: node),
      failure.code == Failure.crashBudget
    else { return }
    let path = job.state.path(of: node, in: job.plan)
    let failed = Failure(failure.errorClass, code: failure.code, failure.message, step: path)
    bury(
      job, .step, key: "step \(job.id) \(path)", failed,
      ["path": .string(path), "crashes": .int(Int64(job.state[node].crashes))], at: now)
  }

  private mutating func bury(
    _ job: OwnedJob, _ kind: DeadLetterRow.Kind, key: String, _ failure: Failure, _ more: JSONObject,
    at now: Timestamp
  ) {
    var source = JSONObject([("id", .string(job.id.description))])
    for member in more { source[member.key] = member.value }
    let message = String(
      String.UnicodeScalarView(failure.message.unicodeScalars.prefix(Failure.longestMessage)))
    let row = DeadLetterRow(
      at: now, namespace: job.pipeline.namespace, kind: kind, key: key, pipeline: job.pipeline, job: job.id,
      source: .object(source), fingerprint: ErrorFingerprint(failure, of: job.pipeline).text,
      error: [
        "class": .string(failure.errorClass.rawValue), "code": .string(failure.code),
        "message": .string(message), "step": .string(failure.step),
      ])
    do throws(Problem) {
      try makeSureOfRoom(forLettersOf: row.namespace)
      bury(row, with: job.number)
    } catch {
      // The job itself is the record; a row says why no letter points at it.
      batch.refusals.append(
        RefusalRow(
          at: now, namespace: job.pipeline.namespace, pipeline: job.pipeline.name, trigger: nil,
          actor: "job:\(job.id)", reason: error.code, key: key, idempotencyKey: nil))
    }
  }

  /// Its letter is that of the step.
  private func ranOutOfCrashes(_ job: OwnedJob, _ failure: Failure) -> Bool {
    guard failure.code == Failure.crashBudget, let node = job.state.node(at: failure.step, in: job.plan)
    else { return false }
    return Int(job.state[node].crashes) > setting.crashBudget
  }

  private static let startedByPeople: Set<String> = ["manual", "call"]
}

// What a replayed message led to.
extension Jobs {
  /// Goes with the commit that settles the message. One that ran out again has been buried in it.
  mutating func noteReplay(of id: ID<TriggerMessage>, _ outcome: TriggerOutcome, with job: JobNumber?) {
    guard let letter = letters.underWay[id] else { return }
    letters.hasSettled = true
    if let became = outcome.became { batch.deadLetters.append(.became(letter, became, with: job)) }
  }

  /// The commit is over. What a refused job was made of lies before its trigger again.
  mutating func settleLetters() {
    letters.underWay = letters.underWay.filter { triggers.lines[$0.key] != nil }
  }
}

extension TriggerOutcome {
  /// Nil where it is not known yet, or is a letter again.
  fileprivate var became: JSON? {
    switch self {
    case .started(let job):
      [
        "outcome": job.isNew ? "started" : "existing", "jobs": [.string(job.job.description)],
      ]
    case .delivered(let receipt): receipt.became
    case .filtered: ["outcome": "filtered"]
    case .refused: ["outcome": "refused"]
    case .stored, .deadLetter: nil
    }
  }
}

extension SignalReceipt {
  var became: JSON {
    [
      "outcome": isDuplicate ? "duplicate" : isKept ? "kept" : "delivered",
      "signal": .string(id.description), "jobs": .array(delivered.map { .string($0.description) }),
    ]
  }
}

extension Failure {
  static let crashBudget = "crash-budget"
}
