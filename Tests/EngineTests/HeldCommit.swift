import Dispatch

/// A commit that stands still in the store, so that what comes meanwhile falls into the next turn.
final class HeldCommit: Sendable {
  private let gate = DispatchSemaphore(value: 0)
  private let reached: AsyncStream<Never>
  private let source: AsyncStream<Never>.Continuation

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
    (reached, source) = (stream, continuation)
  }

  /// Blocks the engine's thread.
  func wait() {
    source.finish()
    gate.wait()
  }

  /// Returns once the commit stands there.
  func begun() async { for await _ in reached {} }

  func letGo() { gate.signal() }
}
