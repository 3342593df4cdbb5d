public import Model
internal import Synchronization

// What people and things outside say. Each returns when it is durable.
extension Watcher {
  /// A heartbeat lives, or says that it failed. The first ping of a name makes it.
  ///
  /// - Parameters:
  ///   - every: from now on a ping is expected so often; nil leaves that as it is. What `esteira.yaml` says
  ///     wins.
  public func ping(
    _ name: String, _ ping: Heartbeat.Ping, every: Duration?, grace: Duration?
  ) throws(Problem) -> Heartbeat {
    guard Heartbeat.isName(name) else { throw .badHeartbeat(name) }
    if let every, !Heartbeat.intervals.contains(every) { throw .badInterval(every) }
    if let grace, grace < .zero || grace > Heartbeat.intervals.upperBound { throw .badInterval(grace) }
    if let message = ping.message, message.unicodeScalars.count > Heartbeat.longestMessage {
      throw .longMessage(Heartbeat.longestMessage)
    }
    return try change { (state) throws(Problem) in
      guard state.heartbeats[name] != nil || state.heartbeats.count < Heartbeat.limit else {
        throw .tooManyHeartbeats
      }
      var beat = state.heartbeats[name] ?? Heartbeat(name: name, every: nil, since: ping.at)
      beat.take(ping, every: every, grace: grace)
      return (beat, [.heartbeat(beat)], { $0.heartbeats[name] = beat })
    }
  }

  /// Forgets a heartbeat; its alert is resolved at the next look. One that `esteira.yaml` names stays.
  public func forget(_ name: String) throws(Problem) -> Heartbeat {
    try change { (state) throws(Problem) in
      guard let beat = state.heartbeats[name] else { throw .noHeartbeat(name) }
      if beat.isConfigured { throw .configuredHeartbeat(name) }
      return (beat, [.forget(heartbeat: name)], { $0.heartbeats[name] = nil })
    }
  }

  /// Ends reminders and escalation of an alert that is open.
  public func acknowledge(_ id: ID<Alert>, by: String, note: String?) throws(Problem) -> Alert {
    if let note, note.unicodeScalars.count > Alert.longestNote { throw .longMessage(Alert.longestNote) }
    let (now, configuration) = (now(), effective)
    return try change { (state) throws(Problem) in
      var book = state.book
      let acknowledgement = Alert.Acknowledgement(by: by, at: now, note: note)
      guard
        let alert = book.acknowledge(id, acknowledgement, { configuration.policy(for: $0) })
      else { throw .noAlert(id.description) }
      let (changed, notices) = book.take()
      return (
        alert, changed.map { .alert($0) } + notices.map { .notice(Told(notice: $0)) }, { $0.book = book }
      )
    }
  }

  public func mute(_ mute: Mute) throws(Problem) -> Mute {
    guard !mute.pattern.isEmpty, mute.pattern.utf8.count <= 512 else { throw .badMute }
    guard mute.until > mute.at, mute.until - mute.at <= Mute.longest else { throw .longMute(mute.until) }
    guard !mute.reason.isEmpty, mute.reason.unicodeScalars.count <= Alert.longestNote else { throw .noReason }
    return try change { (state) throws(Problem) in
      guard state.book.mutes.count < Mute.limit else { throw .tooManyMutes }
      return (
        mute, [.mute(mute)],
        { state in
          state.book.mutes.removeAll { $0.pattern == mute.pattern || $0.until <= mute.at }
          state.book.mutes.append(mute)
        }
      )
    }
  }

  /// What fires meanwhile is told at the next look.
  public func unmute(_ pattern: String) throws(Problem) -> Mute {
    try change { (state) throws(Problem) in
      guard let mute = state.book.mutes.first(where: { $0.pattern == pattern }) else {
        throw .noMute(pattern)
      }
      return (mute, [.unmute(pattern: pattern)], { $0.book.mutes.removeAll { $0.pattern == pattern } })
    }
  }

  /// Those that have not ended.
  public func mutes() -> [Mute] {
    let now = now()
    return state.withLock { $0.book.mutes.filter { $0.until > now } }
  }

  /// Stores first, and takes over only what is stored.
  func change<Value>(
    _ prepare: (State) throws(Problem) -> (Value, [WatchChange], (inout State) -> Void)
  ) throws(Problem) -> Value {
    let value = try state.withLock { state throws(Problem) in
      let (value, changes, apply) = try prepare(state)
      do throws(WatchFault) { try store.save(state.unsaved + changes) } catch {
        throw .watchStore(error.description)
      }
      state.unsaved = []
      apply(&state)
      return value
    }
    tellChange()
    return value
  }
}

extension Watcher {
  /// Newest first.
  public func alerts(
    _ states: [Alert.State], before: ID<Alert>? = nil, limit: Int
  ) throws(Problem) -> [Alert] {
    try read { () throws(WatchFault) in try store.alerts(states, before: before, limit: limit) }
  }

  /// The one whose id begins so.
  public func alert(_ prefix: String) throws(Problem) -> Alert {
    let found = try read { () throws(WatchFault) in try store.alerts(withPrefix: prefix, limit: 2) }
    guard let alert = found.first else { throw .noAlert(prefix) }
    guard found.count == 1 else { throw .ambiguousAlert(prefix) }
    return alert
  }

  public func notices(of alert: ID<Alert>, limit: Int) throws(Problem) -> [Told] {
    try read { () throws(WatchFault) in try store.notices(of: alert, limit: limit) }
  }

  private func read<Value>(_ body: () throws(WatchFault) -> Value) throws(Problem) -> Value {
    do throws(WatchFault) { return try body() } catch { throw .watchStore(error.description) }
  }
}
