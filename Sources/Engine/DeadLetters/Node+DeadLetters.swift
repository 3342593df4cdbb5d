public import Model
internal import Pipelines

// Dead letters. Each of these returns after the commit that it caused.
extension Node {
  /// Letters that one request replays or discards unless it says how many.
  public static let lettersAtOnce = 100
  /// Of the reason of a discard, in characters.
  public static let longestReason = 1_000

  /// Sends what ran out again: a message goes to its trigger, a signal to whoever waits, a delivery to its
  /// destination, a job goes on in place. `edit` is sent in place of a handed message or of what a signal
  /// carries, and kept beside it.
  /// `letter-handled` where that was done before: a letter is replayed once, unless it runs out again.
  public func replay(
    _ letter: Int64, edit: JSON? = nil, actor: String
  ) async throws(Problem) -> LetterOutcome {
    let row = try await openLetter(letter)
    switch row.kind {
    case .message, .signal, .delivery:
      let preparation = LetterPreparation(configuration: configuration, row: row, edit: edit, actor: actor)
      let order = try await offThread { () throws(Problem) in try preparation.order() }
      return try await send { .letter(order, $0) }
    case .job, .step:
      guard edit == nil else { throw .letterNotEditable(row) }
      guard let job = row.job else { throw .letterUnreadable(letter) }
      // The commit that reopens the job marks its letters.
      try await retry(job, paths: row.source["path"]?.string.map { [$0] } ?? [], actor: actor)
      return .retried(job)
    }
  }

  /// Throws what `replay` would say now of the letter; nothing happens.
  public func rehearseReplay(_ letter: Int64, edit: JSON? = nil, actor: String) async throws(Problem) {
    let row = try await openLetter(letter)
    switch row.kind {
    case .message, .signal, .delivery:
      let preparation = LetterPreparation(configuration: configuration, row: row, edit: edit, actor: actor)
      _ = try await offThread { () throws(Problem) in try preparation.order() }
      if row.kind == .delivery { return try checkDestination(of: row) }
      guard row.kind == .message, let pipeline = row.pipeline, let name = row.source["trigger"]?.string
      else { return }
      let known = triggers.entries(of: pipeline)
      guard known.contains(where: { ScalarString($0.trigger.name) == ScalarString(name) }) else {
        throw .noTrigger(name, of: pipeline, known.map { $0.trigger.name })
      }
    case .job, .step:
      guard edit == nil else { throw .letterNotEditable(row) }
      guard let job = row.job else { throw .letterUnreadable(letter) }
      try await checkRetry(job, paths: row.source["path"]?.string.map { [$0] } ?? [])
    }
  }

  /// Nothing more comes of it. The reason stays with who gave it and when.
  public func discard(_ letter: Int64, reason: String, actor: String) async throws(Problem) {
    guard (1...Self.longestReason).contains(reason.unicodeScalars.count) else { throw .noLetterReason }
    let order = LetterOrder(letter: letter, actor: actor, act: .discard(reason: reason))
    _ = try await send { (reply: @escaping Reply<LetterOutcome>) in .letter(order, reply) }
  }

  /// Throws what `discard` would say now of the letter; nothing happens.
  public func rehearseDiscard(_ letter: Int64) async throws(Problem) { _ = try await openLetter(letter) }

  private func checkDestination(of row: DeadLetterRow) throws(Problem) {
    let name = row.source["destination"]?.string ?? ""
    let known = destinations.map { ScalarString($0.name) }
    guard known.contains(ScalarString(name)) else { throw .noDestination(name) }
  }

  private func openLetter(_ id: Int64) async throws(Problem) -> DeadLetterRow {
    let readModel = configuration.readModel
    let found = try await offThread { () throws(Problem) in
      do throws(StoreError) { return try readModel.readDeadLetter(id) } catch { throw .store(error) }
    }
    guard let found else { throw .noLetter(id) }
    guard found.state == .open else { throw .letterHandled(found) }
    return found
  }
}
