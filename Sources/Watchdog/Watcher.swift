public import Model
internal import Synchronization

/// Watches what is expected, beside the engine and without it: it has a thread, a store and evidence of its
/// own, so that it tells people also of an engine that is stuck.
///
/// It looks every `Watcher.interval`, and at each deadline. That is a poll on purpose: a watchdog that waits
/// to be told cannot notice that nobody tells it anything.
public final class Watcher: Sendable {
  /// The longest time between two looks.
  public static let interval = Duration.seconds(15)
  /// The shortest.
  static let shortestPause = Duration.milliseconds(200)
  /// Resolved alerts and what was told of them are kept so long.
  static let kept = Duration.seconds(90 * 86_400)

  struct State {
    var begun: [String: Begun]
    var heartbeats: [String: Heartbeat]
    var samples: [String: [Sample]]
    /// Made by calls, by name.
    var rules: [String: AlertRule] = [:]
    var book: AlertBook
    var signs = EngineSigns()
    var outside: OutsidePing?
    /// Changes that the store has not taken yet.
    var unsaved: [WatchChange] = []
    var prunedAt: Timestamp?
    var fault: String?
  }

  let evidence: any Evidence
  let store: any WatchStore
  let engine: (any WatchedEngine)?
  let zones: ZoneDatabase
  let configuration: @Sendable () -> WatchConfiguration
  let now: @Sendable () -> Timestamp
  let newID: @Sendable (Timestamp) -> (high: UInt64, low: UInt64)
  let state: Mutex<State>
  private let changed = Mutex<(@Sendable () -> Void)?>(nil)

  /// - Parameters:
  ///   - engine: nil where none runs in this process; then nothing is said of one.
  ///   - newID: the two halves of a UUIDv7 for that moment.
  public init(
    evidence: any Evidence, store: any WatchStore, engine: (any WatchedEngine)?, zones: ZoneDatabase,
    configuration: @escaping @Sendable () -> WatchConfiguration, now: @escaping @Sendable () -> Timestamp,
    newID: @escaping @Sendable (Timestamp) -> (high: UInt64, low: UInt64)
  ) throws(WatchFault) {
    (self.evidence, self.store, self.engine, self.zones) = (evidence, store, engine, zones)
    (self.configuration, self.now, self.newID) = (configuration, now, newID)
    let records = try store.load()
    let beats = Dictionary(records.heartbeats.map { ($0.name, $0) }) { left, _ in left }
    state = Mutex(
      State(
        begun: records.begun, heartbeats: beats, samples: records.samples,
        rules: Dictionary(records.rules.map { ($0.name, $0) }) { left, _ in left },
        book: AlertBook(alerts: records.alerts, mutes: records.mutes, newID: newID)))
  }

  /// What one look came to.
  public struct Round: Sendable {
    /// When to look again at the latest.
    public var next: Duration
    /// What people have to be told.
    public var notices: [Notice]
    /// All that this node needs to watch works: the outside watcher may be told so.
    public var isWell: Bool
  }

  /// Looks at everything once, stores what has changed, and says what is to be told.
  ///
  /// - Parameter moment: of the monotonic clock.
  public func round(at moment: Duration) -> Round {
    let (now, configuration) = (now(), effective)
    let known = state.withLock { ($0.begun, $0.samples) }
    let (seen, fault) = look(known.0, known.1, at: now)
    return state.withLock { state in
      state.take(configuration.heartbeats, at: now)
      var observations = seen.observations
      observations += state.heartbeats.values.map { Observation($0.key, $0.verdict(at: now)) }
      let node = signs(&state, fault, configuration, at: now, moment)
      observations += node
      observations += (engine?.queues ?? []).map { Observation($0.key, $0.verdict(at: now)) }
      for observation in observations.sorted(by: { $0.key < $1.key }) {
        let policy = configuration.policy(for: observation.key)
        state.book.observe(observation.key, observation.verdict, policy, at: now)
      }
      if fault == nil {
        state.keep(seen)
        state.book.withdraw(
          except: Set(observations.map(\.key)), { configuration.policy(for: $0) }, at: now)
      }
      let notices = save(&state, at: now)
      let isWell = !node.contains(where: \.verdict.isLate) && state.unsaved.isEmpty
      return Round(next: Self.pause(to: observations, at: now), notices: notices, isWell: isWell)
    }
  }

  /// `look` is called whenever somebody has said something that the next look may see otherwise.
  public func onChange(_ look: @escaping @Sendable () -> Void) { changed.withLock { $0 = look } }

  func tellChange() { changed.withLock { $0 }?() }

  /// The outside watcher was told, or could not be.
  public func toldOutside(_ error: String?) {
    let now = now()
    state.withLock { state in
      var outside = state.outside ?? OutsidePing(begun: now)
      outside.error = error
      if error == nil { outside.lastGood = now }
      state.outside = outside
    }
  }

  private func signs(
    _ state: inout State, _ fault: String?, _ configuration: WatchConfiguration, at now: Timestamp,
    _ moment: Duration
  ) -> [Observation] {
    var found: [Observation] = []
    if let engine {
      found.append(Observation("engine", state.signs.verdict(on: engine, at: now, moment)))
      let waits = engine.storeWaits.map {
        Verdict(isLate: true, Finding(.storeWaits, ["reason": .string($0)]), deadline: now)
      }
      let unreadable = fault.map {
        Verdict(isLate: true, Finding(.unreadable, ["reason": .string($0)]), deadline: now)
      }
      found.append(Observation("store", waits ?? unreadable ?? .fine(until: nil)))
    }
    if let ping = configuration.ping {
      let outside = state.outside ?? OutsidePing(begun: now)
      state.outside = outside
      found.append(Observation("ping", outside.verdict(every: ping.every, at: now)))
    }
    return found
  }

  /// Stores what has changed. What cannot be stored is tried again, and told all the same.
  private func save(_ state: inout State, at now: Timestamp) -> [Notice] {
    let (changed, notices) = state.book.take()
    state.unsaved += changed.map { .alert($0) } + notices.map { .notice(Told(notice: $0)) }
    if state.prunedAt.map({ now - $0 >= .seconds(86_400) }) ?? true {
      state.unsaved.append(.prune(before: now + (.zero - Self.kept)))
      state.prunedAt = now
    }
    if !state.unsaved.isEmpty {
      do throws(WatchFault) {
        try store.save(state.unsaved)
        (state.unsaved, state.fault) = ([], nil)
      } catch {
        state.fault = error.description
        // The newest state of an alert says enough; the list must not grow with the time without room.
        if state.unsaved.count > Self.mostUnsaved { state.unsaved.removeFirst(state.unsaved.count / 2) }
      }
    }
    return notices
  }
  private static let mostUnsaved = 10_000

  private static func pause(to observations: [Observation], at now: Timestamp) -> Duration {
    let coming = observations.compactMap(\.verdict.deadline).filter { $0 > now }.min()
    guard let coming else { return interval }
    return min(interval, max(shortestPause, coming - now))
  }
}

/// How one thing was found.
struct Observation: Sendable {
  var key: String
  var verdict: Verdict
  init(_ key: String, _ verdict: Verdict) { (self.key, self.verdict) = (key, verdict) }
}

/// What a look at the expectations gave.
struct Seen: Sendable {
  var observations: [Observation] = []
  var expectations: [Expectation] = []
  var begun: [String: Begun] = [:]
  /// By key, the samples that are new, and how many are to be kept in all.
  var samples: [String: (new: [Sample], keep: Int)] = [:]
}

extension Watcher.State {
  /// Heartbeats that `esteira.yaml` names; one that it names no longer goes on without an expectation.
  mutating func take(_ configured: [WatchConfiguration.Beat], at now: Timestamp) {
    for beat in configured {
      var known = heartbeats[beat.name] ?? Heartbeat(name: beat.name, every: nil, since: now)
      let wanted = (beat.every, beat.grace, true)
      if (known.every, known.grace, known.isConfigured) == (wanted.0, wanted.1, wanted.2) { continue }
      if known.every != beat.every { known.since = now }
      (known.every, known.grace, known.isConfigured) = (beat.every, beat.grace, true)
      heartbeats[beat.name] = known
      unsaved.append(.heartbeat(known))
    }
    let names = Set(configured.map(\.name))
    for var known in heartbeats.values where known.isConfigured && !names.contains(known.name) {
      (known.every, known.isConfigured) = (nil, false)
      heartbeats[known.name] = known
      unsaved.append(.heartbeat(known))
    }
  }

  mutating func keep(_ seen: Seen) {
    for (key, value) in seen.begun where begun[key] != value { unsaved.append(.begun(key: key, value)) }
    for key in begun.keys where seen.begun[key] == nil { unsaved.append(.begun(key: key, nil)) }
    begun = seen.begun
    for (key, found) in seen.samples where !found.new.isEmpty {
      samples[key] = Array(((samples[key] ?? []) + found.new).suffix(found.keep))
      unsaved.append(.samples(key: key, found.new, keep: found.keep))
    }
    samples = samples.filter { seen.begun[$0.key] != nil }
  }
}
