import CSystem
import Glibc
import Synchronization

/// What lives on a loop: told there of its socket and of its time.
protocol BrokerMember: Actor {
  func socketIsReady(_ events: UInt32)
  /// What it has for its socket goes now, all at once.
  func sendWhatWaits()
  func timeIsOver()
  /// The loop ends: nothing is heard any more.
  func loopIsOver()
}

extension BrokerMember {
  nonisolated fileprivate func hear(_ events: UInt32) { assumeIsolated { $0.socketIsReady(events) } }
  nonisolated fileprivate func flush() { assumeIsolated { $0.sendWhatWaits() } }
  nonisolated fileprivate func ring() { assumeIsolated { $0.timeIsOver() } }
  nonisolated fileprivate func end() { assumeIsolated { $0.loopIsOver() } }
}

/// One thread for all connections to message brokers: it waits for their sockets and their times, and runs
/// the actors that own them, which therefore need no thread of their own.
public final class BrokerLoop: SerialExecutor {
  private struct State {
    var jobs: [UnownedJob] = []
    var calls: [@Sendable () -> Void] = []
    var isStopped = false
    /// The thread waits, or is about to: whoever has something for it wakes it, once.
    var isWaiting = false
    /// Whose sockets have bytes that no system call has been made for.
    var unsent: Set<UInt64> = []
    /// How many wait for an answer of a broker.
    var listeners = 0
    var members: [UInt64: any BrokerMember] = [:]
    var alarms: [UInt64: ContinuousClock.Instant] = [:]
    var sleepers: [UInt64: Sleeper] = [:]
    var lastToken: UInt64 = 0
  }

  private struct Sleeper {
    var until: ContinuousClock.Instant
    var continuation: CheckedContinuation<Void, Never>
  }

  private let state = Mutex(State())
  private let thread = Mutex<pthread_t?>(nil)
  private let wake: WakeEvent
  private let epoll: Epoll
  private let lookup: NameLookup

  public init() throws(NetError) {
    wake = try WakeEvent()
    epoll = try Epoll()
    lookup = try NameLookup()
    // The thread keeps the executor until it is told to stop.
    try ServiceThread.start("esteira-brokers") { [self] in run() }
  }

  /// Closes every connection; the thread ends once what is queued has run. Who still waits here is resumed.
  public func stop() {
    change { $0.isStopped = true }
    lookup.stop()
  }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    change { $0.jobs.append(job) }
  }

  /// Called on the thread, where a member's state may be assumed isolated; for less than a task.
  func soon(_ call: @escaping @Sendable () -> Void) { change { $0.calls.append(call) } }

  /// Something that the thread has to see before it waits on.
  private func change(_ body: (inout State) -> Void) {
    let isWaiting = state.withLock { state in
      body(&state)
      defer { state.isWaiting = false }
      return state.isWaiting
    }
    if isWaiting { wake.signal() }
  }

  public func checkIsolated() {
    let thread = thread.withLock { $0 }
    precondition(thread == pthread_self(), "This runs on the thread of the brokers alone.")
  }

  private func run() {
    thread.withLock { $0 = pthread_self() }
    epoll.add(wake.descriptor, EPOLLIN.rawValue, 0)
    var events = [epoll_event](repeating: epoll_event(), count: Epoll.batch)
    var jobs: [UnownedJob] = []
    var lastNews = ContinuousClock.now
    while true {
      let count = gathers(since: lastNews) ? epoll.wait(.zero, &events) : epoll.wait(waitingTime(), &events)
      let (calls, isStopped) = state.withLock { state in
        state.isWaiting = false
        swap(&state.jobs, &jobs)
        defer { state.calls = [] }
        return (state.calls, state.isStopped)
      }
      for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
      jobs.removeAll(keepingCapacity: jobs.count < Self.usualJobs)
      for call in calls { call() }
      for index in 0..<count {
        let token = esteira_epoll_token(&events[index])
        if token == 0 { wake.clear() } else { lastNews = .now }
        state.withLock { $0.members[token] }?.hear(events[index].events)
      }
      sendWhatWaits()
      ringAlarms()
      if isStopped {
        endAll()
        if state.withLock({ $0.jobs.isEmpty && $0.calls.isEmpty }) { break }
      }
    }
  }

  /// Room for more jobs of one turn is given back.
  private static let usualJobs = 1_024
  /// With so many who listen, answers are left to gather for a moment: one alone would wake the thread of its
  /// task, that of the engine and that of the store, and keep the cores from whoever does the work.
  private static let crowd = 64
  private static let gathering = Duration.milliseconds(2)

  /// True where it slept, because many listen and the last news are hardly over.
  private func gathers(since lastNews: ContinuousClock.Instant) -> Bool {
    let left = Self.gathering - lastNews.duration(to: .now)
    guard left > .zero, state.withLock({ $0.listeners >= Self.crowd && !$0.isStopped }) else { return false }
    usleep(UInt32(left.components.attoseconds / 1_000_000_000_000))
    return true
  }

  /// Somebody begins to wait for an answer, or ends.
  public func listens(_ change: Int) { state.withLock { $0.listeners += change } }

  /// Zero where there is something to do already.
  private func waitingTime() -> Duration? {
    state.withLock { state in
      let isIdle = state.jobs.isEmpty && state.calls.isEmpty && state.unsent.isEmpty
      guard isIdle, !state.isStopped else { return .zero }
      state.isWaiting = true
      let next = [state.alarms.values.min(), state.sleepers.values.lazy.map(\.until).min()]
      return next.compactMap(\.self).min().map { max(.zero, ContinuousClock.now.duration(to: $0)) }
    }
  }

  private func sendWhatWaits() {
    let members = state.withLock { state in
      defer { state.unsent.removeAll() }
      return state.unsent.compactMap { state.members[$0] }
    }
    for member in members { member.flush() }
  }

  private func endAll() {
    let (members, sleepers) = state.withLock { state in
      defer { (state.members, state.sleepers, state.alarms) = ([:], [:], [:]) }
      return (Array(state.members.values), state.sleepers.values.map(\.continuation))
    }
    for member in members { member.end() }
    for sleeper in sleepers { sleeper.resume() }
  }
}

/// Where a task that asks much of brokers runs meanwhile, so that it does not change threads for each answer.
/// It must not block or compute for long there.
public actor BrokerStage {
  private let loop: BrokerLoop
  public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  public init(on loop: BrokerLoop) { self.loop = loop }

  /// What `body` calls stays on this thread where it is `nonisolated(nonsending)`.
  public func perform<Value: Sendable, Fault: Error>(
    _ body: @Sendable (isolated BrokerStage) async throws(Fault) -> Value
  ) async throws(Fault) -> Value { try await body(self) }
}

// Sockets.
extension BrokerLoop {
  nonisolated(nonsending) func addresses(of host: String) async throws(NetError) -> [IPAddress] {
    if let address = IPAddress(host) { return [address] }
    return try await lookup.addresses(of: host)
  }

  /// From now on the member hears of this socket; nil where the kernel does not watch it, or the loop ends.
  func add(_ member: any BrokerMember, _ socket: Int32, _ events: UInt32) -> UInt64? {
    let token: UInt64? = state.withLock { state in
      if state.isStopped { return nil }
      state.lastToken += 1
      state.members[state.lastToken] = member
      return state.lastToken
    }
    guard let token else { return nil }
    if epoll.add(socket, events, token) { return token }
    state.withLock { $0.members[token] = nil }
    return nil
  }

  func change(_ socket: Int32, _ events: UInt32, _ token: UInt64) { epoll.change(socket, events, token) }

  /// The member is asked to send at the end of this turn.
  func sendSoon(_ token: UInt64) { change { $0.unsent.insert(token) } }

  func remove(_ socket: Int32, _ token: UInt64) {
    epoll.remove(socket)
    state.withLock { state in
      state.members[token] = nil
      state.alarms[token] = nil
      state.unsent.remove(token)
    }
  }
}

// Time.
extension BrokerLoop {
  /// The member's one alarm; nil takes it back.
  func setAlarm(_ moment: ContinuousClock.Instant?, _ token: UInt64) {
    change { state in
      if state.members[token] != nil { state.alarms[token] = moment }
    }
  }

  /// Returns at that moment, or when the task is cancelled or the loop is stopped.
  nonisolated(nonsending) public func pause(until moment: ContinuousClock.Instant) async {
    let token = state.withLock { state in
      state.lastToken += 1
      return state.lastToken
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        var waits = false
        change { state in
          if state.isStopped || Task.isCancelled { return }
          state.sleepers[token] = Sleeper(until: moment, continuation: continuation)
          waits = true
        }
        if !waits { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: token) }?.continuation.resume()
    }
  }

  private func ringAlarms() {
    let now = ContinuousClock.now
    let (members, sleepers) = state.withLock { state in
      let due = state.alarms.filter { $0.value <= now }.keys.sorted()
      for token in due { state.alarms[token] = nil }
      let over = state.sleepers.filter { $0.value.until <= now }
      for token in over.keys { state.sleepers[token] = nil }
      return (due.compactMap { state.members[$0] }, over.values.map(\.continuation))
    }
    for member in members { member.ring() }
    for sleeper in sleepers { sleeper.resume() }
  }
}
