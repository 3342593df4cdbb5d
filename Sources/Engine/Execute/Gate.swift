/// A door that starts closed and, once open, stays open.
struct Gate: Sendable {
  private let stream: AsyncStream<Never>
  private let source: AsyncStream<Never>.Continuation

  init() { (stream, source) = AsyncStream.makeStream() }

  func open() { source.finish() }

  /// Returns at once when the caller is cancelled.
  func wait() async { for await _ in stream {} }
}
