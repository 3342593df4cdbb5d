internal import Crypto
internal import Model

/// Turns decisions into the rows of a batch: seals their bodies and chains their events.
struct Recorder: ~Copyable {
  private var sealer = Sealer()
  private var additional: [UInt8] = []
  private var hash = SHA256()

  /// Adds the events, projections and bodies of one decision to the batch. The state is that after the
  /// decision; it is lent and not read from the job, which would copy it.
  mutating func record(
    _ decision: borrowing Decision, _ state: borrowing JobState, of job: OwnedJob, at now: Timestamp,
    into batch: inout Batch
  ) {
    for segment in decision.segments {
      let sealedStart = batch.bytes.count
      for body in decision.bodies[segment.bodies] {
        guard case .event = body.place else { continue }
        seal(body, decision.plain, job, &batch)
      }
      let sealed = sealedStart..<batch.bytes.count
      let payload = append(decision.text, segment.facts, &batch)
      var rows: [Range<Int>] = []
      for body in decision.bodies[segment.bodies] {
        guard case .row(let id) = body.place else { continue }
        let range = seal(body, decision.plain, job, &batch)
        batch.bodies.append(BodyRow(id: id, job: job.number, sealed: range))
        rows.append(range)
      }
      Chain.advance(&job.chain, &hash, batch.bytes, payload, sealed, rows)
      let chain = batch.bytes.count..<batch.bytes.count + job.chain.count
      batch.bytes.append(contentsOf: job.chain)
      batch.events.append(
        EventRow(
          job: job.number, sequence: segment.sequence, at: now, version: Fact.version, payload: payload,
          sealed: sealed, chain: chain))
    }
    recordRows(decision, state, of: job, at: now, into: &batch)
    job.factsSinceSnapshot += decision.facts
    snapshotIfDue(job, state, into: &batch)
  }

  private func append(_ text: [UInt8], _ range: Range<Int>, _ batch: inout Batch) -> Range<Int> {
    let start = batch.bytes.count
    batch.bytes.append(contentsOf: text[range])
    batch.bytes.append(UInt8(ascii: "]"))
    return start..<batch.bytes.count
  }

  @discardableResult
  private mutating func seal(
    _ body: Decision.PlainBody, _ plain: [UInt8], _ job: OwnedJob, _ batch: inout Batch
  ) -> Range<Int> {
    body.place.writeAdditionalData(job.number, into: &additional)
    let place = additional
    return sealer.seal(
      plain.span.extracting(body.range), key: job.key, additionalData: place.span, into: &batch.bytes)
  }

  private func recordRows(
    _ decision: borrowing Decision, _ state: borrowing JobState, of job: OwnedJob, at now: Timestamp,
    into batch: inout Batch
  ) {
    for node in decision.changed where state.hasRow(node) {
      let step = state[node]
      batch.steps.append(
        StepRow(
          job: job.number, node: node, step: step.step, status: step.status, attempts: Int(step.attempt),
          crashes: Int(step.crashes), token: step.token, at: now, output: state.place(of: node)))
    }
    guard job.writtenStatus != state.status else { return }
    job.writtenStatus = state.status
    batch.jobs.append(
      JobRow(
        job: job.number, status: state.status, sequence: state.sequence, at: now,
        startedAt: state.startedAt.orNil, completedAt: state.endedAt.orNil, failure: state.failure?.shortened,
        outputs: state.outputs?.place))
  }

  /// A snapshot every 500 facts; of a large state only when as many facts as it has nodes came since the
  /// last, so that the work stays in proportion.
  private mutating func snapshotIfDue(
    _ job: OwnedJob, _ state: borrowing JobState, into batch: inout Batch
  ) {
    guard job.factsSinceSnapshot >= max(Snapshot.facts, state.nodes.count), !state.status.hasEnded
    else { return }
    snapshot(job, state, into: &batch)
  }

  mutating func snapshot(_ job: OwnedJob, _ state: borrowing JobState, into batch: inout Batch) {
    job.factsSinceSnapshot = 0
    let plain = state.encoded()
    Snapshot.writeAdditionalData(job.number, state.sequence, into: &additional)
    let place = additional
    let sealed = sealer.seal(plain.span, key: job.key, additionalData: place.span, into: &batch.bytes)
    let chain = batch.bytes.count..<batch.bytes.count + job.chain.count
    batch.bytes.append(contentsOf: job.chain)
    batch.snapshots.append(
      SnapshotRow(
        job: job.number, sequence: state.sequence, format: JobState.format, state: sealed, chain: chain))
  }
}

enum Snapshot {
  static let facts = 500

  /// Binds the ciphertext to its job and place.
  static func writeAdditionalData(_ job: JobNumber, _ sequence: UInt32, into bytes: inout [UInt8]) {
    bytes.removeAll(keepingCapacity: true)
    bytes.append(UInt8(ascii: "S"))
    bytes.append(job.value)
    bytes.append(Int64(sequence))
  }
}

/// The chain of hashes over a job's events: it covers ciphertext, so erasing a key leaves it valid.
enum Chain {
  static func next(
    after last: [UInt8], _ bytes: [UInt8], _ payload: Range<Int>, _ sealed: Range<Int>, _ rows: [Range<Int>]
  ) -> [UInt8] {
    var chain = last
    var hash = SHA256()
    advance(&chain, &hash, bytes, payload, sealed, rows)
    return chain
  }

  /// `hash` is used again for one event after another.
  static func advance(
    _ chain: inout [UInt8], _ hash: inout SHA256, _ bytes: [UInt8], _ payload: Range<Int>,
    _ sealed: Range<Int>, _ rows: [Range<Int>]
  ) {
    hash.update(chain)
    hash.update(bytes, payload)
    hash.update(bytes, sealed)
    for row in rows { hash.update(bytes, row) }
    chain.removeAll(keepingCapacity: true)
    hash.finish(into: &chain)
  }
}

extension BodyPlace {
  /// Binds a ciphertext to its job and place, so that it cannot be moved.
  func writeAdditionalData(_ job: JobNumber, into bytes: inout [UInt8]) {
    bytes.removeAll(keepingCapacity: true)
    bytes.append(UInt8(ascii: "B"))
    bytes.append(job.value)
    switch self {
    case .event(let sequence, let offset, _): bytes.append(Int64(sequence) << 32 | Int64(offset))
    case .row(let id):
      bytes.append(UInt8(ascii: "R"))
      bytes.append(id.value)
    }
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ value: Int64) {
    for shift in stride(from: 56, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: value >> Int64(shift)))
    }
  }
}

extension Failure {
  static let longestMessage = 1_000

  fileprivate var shortened: Failure {
    var short = self
    if message.unicodeScalars.count > Self.longestMessage {
      short.message = String(String.UnicodeScalarView(message.unicodeScalars.prefix(Self.longestMessage)))
    }
    return short
  }
}
