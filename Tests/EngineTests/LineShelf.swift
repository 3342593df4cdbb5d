import Engine
import Model
import Synchronization

/// Artifacts of a test as lists of lines. A gate holds the readers until it is opened.
final class LineShelf: Sendable {
  private struct State {
    var files: [String: [String]] = [:]
    var counts = 0
    var reads: [Range<Int>] = []
    var isShut = false
    var waiting: [CheckedContinuation<Void, Never>] = []
    var watchers: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())

  /// How often lines were counted, and which were read.
  var counts: Int { state.withLock(\.counts) }
  var reads: [Range<Int>] { state.withLock(\.reads) }

  func put(_ lines: [String], as name: String) -> JSON {
    state.withLock { $0.files[name] = lines }
    return ArtifactHandle(sha256: name, name: name, size: 1, mediaType: "text/plain").json
  }

  func shut() { state.withLock { $0.isShut = true } }

  func open() {
    let waiting = state.withLock { state in
      defer { (state.isShut, state.waiting) = (false, []) }
      return state.waiting
    }
    for waiter in waiting { waiter.resume() }
  }

  /// Returns once a reader waits at the gate.
  func holding() async {
    await withCheckedContinuation { continuation in
      let holds = state.withLock { state in
        if state.waiting.isEmpty { state.watchers.append(continuation) }
        return !state.waiting.isEmpty
      }
      if holds { continuation.resume() }
    }
  }

  private func pass() async {
    await withCheckedContinuation { continuation in
      let (passes, watchers) = state.withLock { state in
        if !state.isShut { return (true, [CheckedContinuation<Void, Never>]()) }
        state.waiting.append(continuation)
        defer { state.watchers = [] }
        return (false, state.watchers)
      }
      for watcher in watchers { watcher.resume() }
      if passes { continuation.resume() }
    }
  }

  private func lines(_ name: String) throws(Failure) -> [String] {
    guard let lines = state.withLock({ $0.files[name] }) else {
      throw Failure(.data, code: "artifact-missing", "There is no artifact \(name).")
    }
    return lines
  }

  var reading: LineReading {
    LineReading(
      count: { [self] (_, name) throws(Failure) in
        state.withLock { $0.counts += 1 }
        await pass()
        return try lines(name).count
      },
      read: { [self] (_, name, range) throws(Failure) in
        state.withLock { $0.reads.append(range) }
        await pass()
        return Array(try lines(name)[range])
      })
  }
}
