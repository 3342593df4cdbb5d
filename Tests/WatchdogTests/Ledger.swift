import Model
import Synchronization
import Watchdog

/// Evidence that a test writes down.
final class Ledger: Evidence {
  struct Page: Sendable {
    var watched: [Watched] = []
    var calendars: [String: ClosedDays] = [:]
    var success: [String: Timestamp] = [:]
    var event: [String: Timestamp] = [:]
    var unstarted: [String: Unstarted] = [:]
    var fires: [String: Fires] = [:]
    var samples: [String: [Sample]] = [:]
    var fault: WatchFault?
  }
  let page = Mutex(Page())

  func write(_ change: (inout Page) -> Void) { page.withLock { change(&$0) } }

  private func read<Value>(_ path: (Page) -> Value) throws(WatchFault) -> Value {
    let (fault, value) = page.withLock { ($0.fault, path($0)) }
    if let fault { throw fault }
    return value
  }

  func watched() throws(WatchFault) -> [Watched] { try read(\.watched) }
  func calendar(_ name: String, of pipeline: String) throws(WatchFault) -> ClosedDays? {
    try read { $0.calendars[name] }
  }
  func lastSuccess(of pipeline: String) throws(WatchFault) -> Timestamp? {
    try read { $0.success[pipeline] }
  }
  func lastEvent(of pipeline: String) throws(WatchFault) -> Timestamp? { try read { $0.event[pipeline] } }
  func oldestUnstarted(of pipeline: String) throws(WatchFault) -> Unstarted? {
    try read { $0.unstarted[pipeline] }
  }
  func fires(of pipeline: String, schedule: String) throws(WatchFault) -> Fires? {
    try read { $0.fires["\(pipeline) \(schedule)"] }
  }
  func samples(
    of pipeline: String, metric: String, after job: String?, limit: Int
  ) throws(WatchFault) -> [Sample] {
    let all = try read { $0.samples[pipeline] ?? [] }
    let new = all.firstIndex { $0.job == job }.map { Array(all[($0 + 1)...]) } ?? all
    return Array(new.suffix(limit))
  }
}

/// A store in memory that keeps what a file would, and can refuse.
final class MemoryShelf: WatchStore {
  struct Content: Sendable {
    var records = WatchRecords()
    var alerts: [ID<Alert>: Alert] = [:]
    var notices: [Told] = []
    var writes = 0
    var fault: WatchFault?
  }
  let content = Mutex(Content())

  func refuse(_ fault: WatchFault?) { content.withLock { $0.fault = fault } }

  func load() throws(WatchFault) -> WatchRecords {
    content.withLock { content in
      var records = content.records
      records.alerts = content.alerts.values.sorted { $0.id < $1.id }
      return records
    }
  }

  func save(_ changes: [WatchChange]) throws(WatchFault) {
    let fault = content.withLock { content in
      if content.fault == nil {
        content.writes += 1
        for change in changes { content.take(change) }
      }
      return content.fault
    }
    if let fault { throw fault }
  }

  func alerts(_ states: [Alert.State], before: ID<Alert>?, limit: Int) throws(WatchFault) -> [Alert] {
    content.withLock { content in
      content.alerts.values.filter { states.contains($0.state) }.sorted { $0.id > $1.id }
    }
  }

  func alerts(withPrefix prefix: String, limit: Int) throws(WatchFault) -> [Alert] {
    content.withLock { $0.alerts.values.filter { $0.id.description.hasPrefix(prefix) } }
  }

  func notices(of alert: ID<Alert>, limit: Int) throws(WatchFault) -> [Told] {
    content.withLock { $0.notices.filter { $0.notice.alert.id == alert } }
  }

  func unsent(limit: Int) throws(WatchFault) -> [Told] {
    content.withLock { $0.notices.filter { $0.state == .waiting } }
  }
}

extension MemoryShelf.Content {
  fileprivate mutating func take(_ change: WatchChange) {
    switch change {
    case .begun(let key, let begun): records.begun[key] = begun
    case .heartbeat(let beat):
      records.heartbeats.removeAll { $0.name == beat.name }
      records.heartbeats.append(beat)
    case .forget(let name): records.heartbeats.removeAll { $0.name == name }
    case .alert(let alert): alerts[alert.id] = alert
    case .mute(let mute): records.mutes.append(mute)
    case .unmute(let pattern): records.mutes.removeAll { $0.pattern == pattern }
    case .rule(let rule): records.rules = records.rules.filter { $0.name != rule.name } + [rule]
    case .removeRule(let name): records.rules.removeAll { $0.name == name }
    case .samples(let key, let samples, let keep):
      records.samples[key] = Array(((records.samples[key] ?? []) + samples).suffix(keep))
    case .notice(let told): notices.append(told)
    case .prune: break
    }
  }
}

/// An engine whose signs of life a test gives.
final class Patient: WatchedEngine {
  struct State {
    var turns: UInt64 = 0
    var answers = true
    var waits: String?
    var queues: [WatchedQueue] = []
  }
  let state = Mutex(State())
  var turns: UInt64 { state.withLock(\.turns) }
  func nudge() { state.withLock { if $0.answers { $0.turns += 1 } } }
  var storeWaits: String? { state.withLock(\.waits) }
  var queues: [WatchedQueue] { state.withLock(\.queues) }
}

/// A watcher with a clock that moves only when the test moves it.
final class Post {
  let ledger = Ledger()
  let shelf = MemoryShelf()
  let engine: Patient?
  private let clock = Clock()
  private let configured = Setting()
  private(set) var watcher: Watcher
  var configuration: WatchConfiguration {
    get { configured.value.withLock(\.self) }
    set { configured.value.withLock { $0 = newValue } }
  }

  private final class Setting: Sendable { let value = Mutex(WatchConfiguration()) }
  private final class Clock: Sendable {
    let state = Mutex((now: Timestamp(microseconds: 0), moment: Duration.zero, ids: UInt64(0)))
  }

  init(at now: String = "2026-11-20T12:00:00Z", engine: Patient? = nil) throws {
    self.engine = engine
    let clock = clock
    let start = try Timestamp.of(now)
    clock.state.withLock { $0.now = start }
    watcher = try Self.make(ledger, shelf, engine, clock, configured)
  }

  private static func make(
    _ ledger: Ledger, _ shelf: MemoryShelf, _ engine: Patient?, _ clock: Clock, _ setting: Setting
  ) throws -> Watcher {
    try Watcher(
      evidence: ledger, store: shelf, engine: engine, zones: ZoneDatabase { _ in nil },
      configuration: { setting.value.withLock(\.self) }, now: { clock.state.withLock(\.now) },
      newID: { _ in
        clock.state.withLock { state in
          state.ids += 1
          return (0, state.ids)
        }
      })
  }

  /// What a crash leaves: the store alone.
  func restart() throws { watcher = try Self.make(ledger, shelf, engine, clock, configured) }

  var now: Timestamp { clock.state.withLock(\.now) }

  func advance(by duration: Duration) {
    clock.state.withLock { state in
      state.now = state.now + duration
      state.moment += duration
    }
  }

  /// Looks once, and returns what is told.
  func look() -> [Notice] { round().notices }

  func round() -> Watcher.Round { watcher.round(at: clock.state.withLock(\.moment)) }

  /// Moves on, then looks.
  func look(after duration: Duration) -> [Notice] {
    advance(by: duration)
    return look()
  }

  func pipeline(_ name: String = "demo/daily", expect: JSON, schedules: [Watched.Schedule] = []) {
    ledger.write { page in
      page.watched.removeAll { $0.name == name }
      page.watched.append(Watched(name: name, expect: expect, schedules: schedules, pause: nil))
    }
  }
}

extension Timestamp {
  struct NoTime: Error { var text: String }
  static func of(_ text: String) throws -> Timestamp {
    guard let time = Timestamp(rfc3339: text) else { throw NoTime(text: text) }
    return time
  }
}

extension [Notice] {
  /// Such as `firing demo/daily success_every no-success`.
  var told: [String] { map { "\($0.kind.rawValue) \($0.alert.key) \($0.alert.finding.code.rawValue)" } }
}
