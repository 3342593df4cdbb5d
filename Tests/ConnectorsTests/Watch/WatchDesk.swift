import Engine
import Foundation
import Model
import Synchronization

@testable import Connectors

/// The engine's part of a trigger in memory: its rows outlive a watcher, as those of a store do.
final class WatchDesk: Sendable {
  struct Rows {
    var open: [FileBatch] = []
    var fired: [FileBatch] = []
    var notes: [FileNote] = []
    var abandoned: [String] = []
    var isPaused = false
    /// The watcher's `run` has returned.
    var hasEnded = false
    var calls = 0
    var status = FolderWatchStatus()

    var contents: [String] { fired.flatMap(\.files).map(\.sha256).sorted() }
    var names: [String] { fired.flatMap(\.files).map(\.name).sorted() }
    func reasons(_ name: String) -> [FileNote.Reason] { notes.filter { $0.name == name }.map(\.reason) }
  }

  /// The call of that number fails, before it has had its effect or after.
  struct Fault {
    var call: Int
    var isAfter: Bool
  }

  private struct State {
    var rows = Rows()
    var waiters: [(until: @Sendable (Rows) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())
  private let fault: Fault?
  /// Done within `begin`, once the intent is kept.
  private let begun: @Sendable (FileBatch) -> Void

  init(fault: Fault? = nil, begun: @escaping @Sendable (FileBatch) -> Void = { _ in }) {
    (self.fault, self.begun) = (fault, begun)
  }

  var rows: Rows { state.withLock(\.rows) }

  func change(_ body: (inout Rows) -> Void) {
    let woken = state.withLock { state in
      body(&state.rows)
      let rows = state.rows
      let woken = state.waiters.filter { $0.until(rows) }
      state.waiters.removeAll { $0.until(rows) }
      return woken
    }
    for waiter in woken { waiter.continuation.resume() }
  }

  func wait(until condition: @escaping @Sendable (Rows) -> Bool) async {
    await withCheckedContinuation { continuation in
      let isMet = state.withLock { state in
        if condition(state.rows) { return true }
        state.waiters.append((condition, continuation))
        return false
      }
      if isMet { continuation.resume() }
    }
  }

  private func call(_ effect: (inout Rows) -> Void) throws(Problem) {
    let problem = Problem("store-unavailable", Bilingual("No store.", pt: "Sem armazenamento."))
    var number = 0
    change { rows in
      rows.calls += 1
      number = rows.calls
    }
    if let fault, fault.call == number, !fault.isAfter { throw problem }
    change(effect)
    if let fault, fault.call == number, fault.isAfter { throw problem }
  }

  var desk: FilesTriggerDesk {
    FilesTriggerDesk(
      mayTake: { !self.rows.isPaused },
      known: { asked throws(Problem) in
        var known: Set<String> = []
        try self.call { known = Set($0.contents).intersection(asked) }
        return known
      },
      begin: { batch throws(Problem) in
        try self.call { $0.open.append(batch) }
        self.begun(batch)
      },
      fire: { batch throws(Problem) in
        try self.call { rows in
          rows.open.removeAll { $0.id == batch.id }
          rows.fired.append(batch)
        }
      },
      abandon: { id throws(Problem) in
        try self.call { rows in
          rows.open.removeAll { $0.id == id }
          rows.abandoned.append(id)
        }
      },
      open: { () throws(Problem) in
        var open: [FileBatch] = []
        try self.call { open = $0.open }
        return open
      },
      note: { note throws(Problem) in try self.call { $0.notes.append(note) } })
  }
}

/// Time that moves only when a test moves it.
final class HandClock: EngineClock {
  private let state = Mutex<(moved: Duration, wakes: [@Sendable () -> Void])>((.zero, []))

  var now: Timestamp { Timestamp(microseconds: 1_800_000_000_000_000) + monotonic }
  var monotonic: Duration { state.withLock(\.moved) }
  func pause(until moment: Duration) -> Duration? { nil }
  func onAdvance(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wakes.append(wake) } }

  func advance(by duration: Duration) {
    let wakes = state.withLock { state in
      state.moved += duration
      return state.wakes
    }
    for wake in wakes { wake() }
  }
}
