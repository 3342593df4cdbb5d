import Synchronization

/// Carries a stream's bytes from the task that produces them to the loop that sends them, bounded.
final class StreamPipe: Sendable {
  enum End: Sendable { case finished, failed, overflowed }

  private struct State {
    var bytes: [UInt8] = []
    var end: End?
    var isClosed = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())
  private let kind: HTTPStream.Kind
  private let limit: Int
  /// Called, outside of the lock, when the loop has something to look at.
  private let notify: @Sendable () -> Void

  init(kind: HTTPStream.Kind, limit: Int, notify: @escaping @Sendable () -> Void) {
    self.kind = kind
    self.limit = limit
    self.notify = notify
  }

  func write(_ bytes: [UInt8]) async throws(HTTPStreamClosed) {
    if bytes.isEmpty { return }
    while true {
      switch offer(bytes) {
      case .taken(let wasEmpty):
        if wasEmpty { notify() }
        return
      case .closed: throw HTTPStreamClosed()
      case .overflowed:
        notify()
        throw HTTPStreamClosed()
      case .full: await room()
      }
    }
  }

  func end(_ end: End) {
    let isNews = state.withLock { state in
      guard state.end == nil, !state.isClosed else { return false }
      state.end = end
      return true
    }
    if isNews { notify() }
  }

  /// What waits to be sent, and whether something may follow.
  func take() -> (bytes: [UInt8], end: End?) {
    let (taken, waiting) = state.withLock { state in
      defer { (state.bytes, state.waiting) = ([], []) }
      return ((state.bytes, state.end), state.waiting)
    }
    for continuation in waiting { continuation.resume() }
    return taken
  }

  var hasOverflowed: Bool { state.withLock { $0.end == .overflowed } }

  /// From now on every write throws.
  func close() {
    let waiting = state.withLock { state in
      defer { (state.bytes, state.waiting, state.isClosed) = ([], [], true) }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  private enum Offer {
    case taken(wasEmpty: Bool)
    case full, closed, overflowed
  }

  /// A chunk larger than the bound is taken when nothing else waits, so that a `finite` writer never hangs.
  private func offer(_ bytes: [UInt8]) -> Offer {
    state.withLock { state in
      if state.isClosed || state.end != nil { return .closed }
      if !state.bytes.isEmpty, state.bytes.count + bytes.count > limit {
        switch kind {
        case .finite: return .full
        case .live:
          state.end = .overflowed
          return .overflowed
        }
      }
      defer { state.bytes += bytes }
      return .taken(wasEmpty: state.bytes.isEmpty)
    }
  }

  private func room() async {
    await withCheckedContinuation { continuation in
      let goesOn = state.withLock { state in
        if state.bytes.isEmpty || state.isClosed { return true }
        state.waiting.append(continuation)
        return false
      }
      if goesOn { continuation.resume() }
    }
  }
}
