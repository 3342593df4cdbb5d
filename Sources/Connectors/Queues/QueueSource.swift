import Engine
import Model

/// A message in the hands of its reader, until it is acknowledged.
struct Delivery: Sendable, Hashable {
  var message: QueuedMessage
  /// What the broker is told of it by: the element of a list, the id of a stream's entry, a tag.
  var reference: [UInt8]
  /// As it came, for the broker's own place for what cannot be read.
  var raw: [[UInt8]]
}

/// A queue of a broker. Everything throws what stands in the way; whoever reads then closes it and opens it
/// again, and what was not acknowledged comes once more.
protocol QueueSource: Sendable {
  /// Connects, and finds what this very reader had in hand when it ended.
  func open() async throws(Failure)
  /// The next messages in their order, at most so many; none where none came in that time.
  func receive(_ most: Int, wait: Duration) async throws(Failure) -> [Delivery]
  /// The broker may forget them. Those of `dead` it keeps in the place for what cannot be read, if it has
  /// one.
  func acknowledge(_ done: [Delivery], dead: [Delivery]) async throws(Failure)
  /// Says that this reader lives, while nothing is received.
  func beat() async throws(Failure)
  func close() async
}
