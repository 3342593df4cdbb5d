import Model
import Synchronization
import Watchdog

/// No pipeline expects anything.
struct NothingExpected: Evidence {
  func watched() throws(WatchFault) -> [Watched] { [] }
  func calendar(_ name: String, of pipeline: String) throws(WatchFault) -> ClosedDays? { nil }
  func lastSuccess(of pipeline: String) throws(WatchFault) -> Timestamp? { nil }
  func lastEvent(of pipeline: String) throws(WatchFault) -> Timestamp? { nil }
  func oldestUnstarted(of pipeline: String) throws(WatchFault) -> Unstarted? { nil }
  func fires(of pipeline: String, schedule: String) throws(WatchFault) -> Fires? { nil }
  func samples(
    of pipeline: String, metric: String, after job: String?, limit: Int
  ) throws(WatchFault) -> [Sample] { [] }
}

/// A watcher's store in memory, of alerts and notices alone: the rest is the watcher's own memory here.
final class NothingKept: WatchStore {
  private let kept = Mutex<(alerts: [ID<Alert>: Alert], notices: [Told])>(([:], []))

  func load() throws(WatchFault) -> WatchRecords { WatchRecords() }

  func save(_ changes: [WatchChange]) throws(WatchFault) {
    kept.withLock { kept in
      for change in changes {
        if case .alert(let alert) = change { kept.alerts[alert.id] = alert }
        if case .notice(let told) = change { kept.notices.append(told) }
      }
    }
  }

  func alerts(_ states: [Alert.State], before: ID<Alert>?, limit: Int) throws(WatchFault) -> [Alert] {
    kept.withLock { $0.alerts.values.filter { states.contains($0.state) }.sorted { $0.id > $1.id } }
  }

  func alerts(withPrefix prefix: String, limit: Int) throws(WatchFault) -> [Alert] {
    kept.withLock { $0.alerts.values.filter { $0.id.description.hasPrefix(prefix) } }
  }

  func notices(of alert: ID<Alert>, limit: Int) throws(WatchFault) -> [Told] {
    kept.withLock { $0.notices.filter { $0.notice.alert.id == alert } }
  }

  func unsent(limit: Int) throws(WatchFault) -> [Told] { [] }
}
