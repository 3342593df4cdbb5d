/// A stream, one element for each call: what its reader does not ask for is not read either, so nothing is
/// kept for one that is slow.
actor Pull<Element: Sendable> {
  private var iterator: AsyncStream<Element>.Iterator

  init(_ stream: AsyncStream<Element>) { iterator = stream.makeAsyncIterator() }

  /// Nil at the end. One reader at a time.
  func next() async -> Element? {
    var current = iterator
    defer { iterator = current }
    return await current.next(isolation: #isolation)
  }
}

extension AsyncStream where Element: Sendable {
  /// Each element turned into another when it is asked for.
  func pulled<Other: Sendable>(
    _ transform: @escaping @Sendable (Element) -> Other
  ) -> AsyncStream<Other> {
    let pull = Pull(self)
    return AsyncStream<Other> { await pull.next().map(transform) }
  }
}
