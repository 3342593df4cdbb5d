import Dispatch
import Engine
import Model
import Synchronization

/// A read model that lets a test hold a read after its answer is known, or make it fail.
final class WatchedReader: ReadModel {
  /// The reads that can be held or fail.
  enum Read: Hashable, Sendable {
    case pause(PipelineName)
    case revision(PipelineName)
    case namespaceKey(String)
    case triggerMessage
  }

  /// One read that waits for the test: what it found is out of date once it goes on.
  final class Hold: Sendable {
    private let arrivals = AsyncStream.makeStream(of: Void.self)
    private let door = DispatchSemaphore(value: 0)

    /// Returns once the read waits.
    func reached() async { for await _ in arrivals.stream { return } }
    func release() { door.signal() }

    fileprivate func pass() {
      arrivals.continuation.yield()
      door.wait()
    }
  }

  let real: any ReadModel
  private let held = Mutex<[Read: [Hold]]>([:])
  private let failing = Mutex<Set<Read>>([])

  init(_ real: any ReadModel) { self.real = real }

  func version() throws(StoreError) -> Int64? { try real.version() }

  /// The next such read waits; one more for each call.
  func hold(_ read: Read) -> Hold {
    let hold = Hold()
    held.withLock { $0[read, default: []].append(hold) }
    return hold
  }

  /// From now on such reads fail.
  func fail(_ read: Read) { _ = failing.withLock { $0.insert(read) } }
  func heal() { failing.withLock { $0 = [] } }

  private func watched<Value>(
    _ read: Read, _ body: () throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    if failing.withLock({ $0.contains(read) }) { throw .unavailable("told to fail") }
    let value = try body()
    let hold = held.withLock { holds in
      holds[read]?.isEmpty == false ? holds[read]?.removeFirst() : nil
    }
    hold?.pass()
    return value
  }

  func pause(of pipeline: PipelineName) throws(StoreError) -> PauseRecord? {
    try watched(.pause(pipeline)) { () throws(StoreError) in try real.pause(of: pipeline) }
  }
  func readRevision(of pipeline: PipelineName, number: Int?) throws(StoreError) -> RevisionRecord? {
    try watched(.revision(pipeline)) { () throws(StoreError) in
      try real.readRevision(of: pipeline, number: number)
    }
  }
  func namespaceKey(_ namespace: String) throws(StoreError) -> [UInt8]? {
    try watched(.namespaceKey(namespace)) { () throws(StoreError) in try real.namespaceKey(namespace) }
  }
  func triggerMessage(_ id: ID<TriggerMessage>) throws(StoreError) -> TriggerMessageRow? {
    try watched(.triggerMessage) { () throws(StoreError) in try real.triggerMessage(id) }
  }
}

// The rest is as it is.
extension WatchedReader {
  func addedSchedules(in namespace: String?) throws(StoreError) -> [AddedSchedule] {
    try real.addedSchedules(in: namespace)
  }
  func addedDestinations() throws(StoreError) -> [AddedDestination] { try real.addedDestinations() }
  func addedSchedules(of pipeline: PipelineName) throws(StoreError) -> [AddedSchedule] {
    try real.addedSchedules(of: pipeline)
  }
  func measures(_ filter: MeasureFilter, limit: Int) throws(StoreError) -> [JobMeasure] {
    try real.measures(filter, limit: limit)
  }
  func liveCounts(in namespace: String?) throws(StoreError) -> [LiveCount] {
    try real.liveCounts(in: namespace)
  }
  func lineCounts(in namespace: String?) throws(StoreError) -> [LineCount] {
    try real.lineCounts(in: namespace)
  }
  func namespaces() throws(StoreError) -> [String] { try real.namespaces() }
  func subjectKey(_ namespace: String) throws(StoreError) -> [UInt8]? { try real.subjectKey(namespace) }
  func jobs(
    about subject: SubjectMark, in namespace: String, after job: JobNumber, limit: Int
  ) throws(StoreError) -> [SubjectJob] {
    try real.jobs(about: subject, in: namespace, after: job, limit: limit)
  }
  func counts(
    of subject: SubjectMark, in namespace: String, erasable: Bool
  ) throws(StoreError) -> SubjectCounts {
    try real.counts(of: subject, in: namespace, erasable: erasable)
  }
  func erasures(
    in namespace: String?, before: ID<Erasure>?, limit: Int
  ) throws(StoreError) -> [Erasure] {
    try real.erasures(in: namespace, before: before, limit: limit)
  }
  func openErasures() throws(StoreError) -> [Erasure] { try real.openErasures() }
  func holds() throws(StoreError) -> [Engine.Hold] { try real.holds() }
  func namespaceRecord(_ name: String) throws(StoreError) -> NamespaceRecord? {
    try real.namespaceRecord(name)
  }
  func retentionRules() throws(StoreError) -> [RetentionRule] { try real.retentionRules() }
  func deletions(in namespace: String?, limit: Int) throws(StoreError) -> [DeletionRow] {
    try real.deletions(in: namespace, limit: limit)
  }
  func expiredJobs(
    in namespace: String, before: Timestamp, after job: JobNumber, limit: Int
  ) throws(StoreError) -> [ExpiredJob] {
    try real.expiredJobs(in: namespace, before: before, after: job, limit: limit)
  }
  func expired(_ retained: Retained, in namespace: String, before: Timestamp) throws(StoreError) -> Expired {
    try real.expired(retained, in: namespace, before: before)
  }
  func expiredFires(in namespace: String, before: Timestamp) throws(StoreError) -> Expired {
    try real.expiredFires(in: namespace, before: before)
  }
  func referenced(_ sha256s: [String], in namespace: String) throws(StoreError) -> Set<String> {
    try real.referenced(sha256s, in: namespace)
  }
  func jobs(_ filter: JobFilter, before: ID<Job>?, limit: Int) throws(StoreError) -> [JobSummary] {
    try real.jobs(filter, before: before, limit: limit)
  }
  func job(_ id: ID<Job>) throws(StoreError) -> JobSummary? { try real.job(id) }
  func job(number: JobNumber) throws(StoreError) -> JobSummary? { try real.job(number: number) }
  func jobs(withPrefix prefix: String, limit: Int) throws(StoreError) -> [ID<Job>] {
    try real.jobs(withPrefix: prefix, limit: limit)
  }
  func stepRows(of job: JobNumber) throws(StoreError) -> [StepRow] { try real.stepRows(of: job) }
  func artifacts(of job: JobNumber) throws(StoreError) -> [ArtifactRow] { try real.artifacts(of: job) }
  func pipelines(in namespace: String?) throws(StoreError) -> [PipelineSummary] {
    try real.pipelines(in: namespace)
  }
  func connections(in namespace: String?) throws(StoreError) -> [Connection] {
    try real.connections(in: namespace)
  }
  func credentials(in namespace: String?) throws(StoreError) -> [CredentialRecord] {
    try real.credentials(in: namespace)
  }
  func readConnection(_ name: String, in namespace: String) throws(StoreError) -> Connection? {
    try real.readConnection(name, in: namespace)
  }
  func readCredential(_ name: String, in namespace: String) throws(StoreError) -> CredentialRecord? {
    try real.readCredential(name, in: namespace)
  }
  func fileSet(of pipeline: PipelineName, number: Int) throws(StoreError) -> [UInt8]? {
    try real.fileSet(of: pipeline, number: number)
  }
  func masterKeys() throws(StoreError) -> [MasterKeyRow] { try real.masterKeys() }
  func keyRotation() throws(StoreError) -> KeyRotationRow? { try real.keyRotation() }
  func wrapped(
    _ kind: WrappedKind, notUnder header: [UInt8], after place: WrappedPlace?, limit: Int
  ) throws(StoreError) -> [WrappedRow] {
    try real.wrapped(kind, notUnder: header, after: place, limit: limit)
  }
  func versions(
    ofCredential name: String, in namespace: String
  ) throws(StoreError) -> [CredentialRecord] {
    try real.versions(ofCredential: name, in: namespace)
  }
  func settings(of namespace: String) throws(StoreError) -> JSONObject { try real.settings(of: namespace) }
  func events(of job: JobNumber, after sequence: UInt32, limit: Int) throws(StoreError) -> [StoredEvent] {
    try real.events(of: job, after: sequence, limit: limit)
  }
  func readBody(_ id: BodyID) throws(StoreError) -> [UInt8]? { try real.readBody(id) }
  func asks(_ filter: AskFilter, before: ID<Ask>?, limit: Int) throws(StoreError) -> [AskRow] {
    try real.asks(filter, before: before, limit: limit)
  }
  func ask(_ id: ID<Ask>) throws(StoreError) -> AskRow? { try real.ask(id) }
  func asks(withPrefix prefix: String, limit: Int) throws(StoreError) -> [ID<Ask>] {
    try real.asks(withPrefix: prefix, limit: limit)
  }
  func answers(of ask: ID<Ask>) throws(StoreError) -> [AskAnswerRow] { try real.answers(of: ask) }
  func signals(in namespace: String?, limit: Int) throws(StoreError) -> [SignalRow] {
    try real.signals(in: namespace, limit: limit)
  }
  func refusals(in namespace: String?, limit: Int) throws(StoreError) -> [RefusalRow] {
    try real.refusals(in: namespace, limit: limit)
  }
  func triggerMessages(of pipeline: PipelineName, limit: Int) throws(StoreError) -> [TriggerMessageRow] {
    try real.triggerMessages(of: pipeline, limit: limit)
  }
  func takenContents(
    _ contents: [String], by pipeline: PipelineName, trigger: String
  ) throws(StoreError) -> Set<String> {
    try real.takenContents(contents, by: pipeline, trigger: trigger)
  }
  func emitted(_ filter: EmittedFilter, after position: Int64, limit: Int) throws(StoreError) -> [EmittedRow]
  {
    try real.emitted(filter, after: position, limit: limit)
  }
  func readSchedules(in namespace: String?) throws(StoreError) -> [ScheduleRow] {
    try real.readSchedules(in: namespace)
  }
  func fires(_ filter: FireFilter, limit: Int) throws(StoreError) -> [ScheduleFireRow] {
    try real.fires(filter, limit: limit)
  }
  func fireCount(_ filter: FireFilter) throws(StoreError) -> Int { try real.fireCount(filter) }
  func backfills(in namespace: String?, limit: Int) throws(StoreError) -> [BackfillRow] {
    try real.backfills(in: namespace, limit: limit)
  }
  func backfill(_ id: ID<Backfill>) throws(StoreError) -> BackfillRow? { try real.backfill(id) }
  func pauses(in namespace: String?) throws(StoreError) -> [PauseRecord] { try real.pauses(in: namespace) }
  func readSlots() throws(StoreError) -> [SlotRow] { try real.readSlots() }
  func revisions(of pipeline: PipelineName) throws(StoreError) -> [RevisionRecord] {
    try real.revisions(of: pipeline)
  }
}

// Dead letters too.
extension WatchedReader {
  func deadLetters(
    _ filter: DeadLetterFilter, before: DeadLetterPlace?, limit: Int
  ) throws(StoreError) -> [DeadLetterRow] {
    try real.deadLetters(filter, before: before, limit: limit)
  }
  func oldestDeadLetters(_ filter: DeadLetterFilter, limit: Int) throws(StoreError) -> [Int64] {
    try real.oldestDeadLetters(filter, limit: limit)
  }
  func deadLetterGroups(_ filter: DeadLetterFilter, limit: Int) throws(StoreError) -> [DeadLetterGroup] {
    try real.deadLetterGroups(filter, limit: limit)
  }
  func readDeadLetter(_ id: Int64) throws(StoreError) -> DeadLetterRow? { try real.readDeadLetter(id) }
  func deadLetterActs(of id: Int64) throws(StoreError) -> [DeadLetterAct] {
    try real.deadLetterActs(of: id)
  }
}
