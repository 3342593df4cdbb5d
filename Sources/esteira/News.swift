import Synchronization

/// What a node tells those who come later than it.
struct News: Sendable {
  let triggers = Bell()
  let events = Bell()
}

/// Tells that something is new, and nothing of what.
final class Bell: Sendable {
  private struct State {
    var streams: [Int: AsyncStream<Void>.Continuation] = [:]
    var count = 0
    var answer: (@Sendable () -> Void)?
  }
  private let state = Mutex(State())

  func tell() {
    let (streams, answer) = state.withLock { (Array($0.streams.values), $0.answer) }
    for stream in streams { stream.yield() }
    answer?()
  }

  /// Called at each ring from now on, on the ringing thread.
  func answer(_ answer: @escaping @Sendable () -> Void) { state.withLock { $0.answer = answer } }

  /// Rings that nobody took become one.
  func rings() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let number = state.withLock { state in
      state.count += 1
      state.streams[state.count] = continuation
      return state.count
    }
    continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.streams[number] = nil } }
    return stream
  }
}
