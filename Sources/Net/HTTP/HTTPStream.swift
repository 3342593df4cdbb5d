import Synchronization

/// A body that is produced while it is sent. `produce` runs in the request's own task; that task is
/// cancelled when the client leaves. When `produce` throws, the connection is broken off, so that the client
/// never takes a part for the whole.
public struct HTTPStream: Sendable {
  public enum Kind: Hashable, Sendable {
    /// A download: `write` waits for a slow reader, and a stop of the server lets it end within the grace.
    case finite
    /// Events as they happen: a reader that falls behind by `HTTPLimits.streamBuffer` is cut off, and a
    /// stop of the server cancels the task at once; what it still writes within the grace is sent.
    case live
  }

  public var kind: Kind
  /// The exact number of bytes, when known; otherwise the body is sent in chunks.
  public var length: Int?
  public var produce: @Sendable (HTTPBodyWriter) async throws -> Void
  /// Writes only that part; nil where the producer cannot begin in the middle.
  var producePart: (@Sendable (Range<Int>, HTTPBodyWriter) async throws -> Void)?

  public init(
    _ kind: Kind, length: Int? = nil, produce: @escaping @Sendable (HTTPBodyWriter) async throws -> Void
  ) {
    (self.kind, self.length, self.produce) = (kind, length, produce)
  }

  /// A finite body that can begin in the middle: `producePart` writes exactly the bytes of the range, which
  /// is the whole, or a part that the client asked for.
  public init(
    length: Int, producePart: @escaping @Sendable (Range<Int>, HTTPBodyWriter) async throws -> Void
  ) {
    self.init(.finite, length: length) { try await producePart(0..<length, $0) }
    self.producePart = producePart
  }
}

/// The client cannot be written to any more: it left, it was too slow, or the server stopped.
public struct HTTPStreamClosed: Error, Hashable, Sendable {}

/// Where `HTTPStream.produce` puts its bytes.
public struct HTTPBodyWriter: Sendable {
  private let put: @Sendable ([UInt8]) async throws(HTTPStreamClosed) -> Void

  init(_ put: @escaping @Sendable ([UInt8]) async throws(HTTPStreamClosed) -> Void) { self.put = put }

  init(pipe: StreamPipe) {
    self.init { bytes async throws(HTTPStreamClosed) in try await pipe.write(bytes) }
  }

  /// Returns when the bytes are taken over, which is before they are sent. What happens with a slow reader
  /// is said at `HTTPStream.Kind`.
  public func write(_ bytes: [UInt8]) async throws(HTTPStreamClosed) { try await put(bytes) }

  public func write(_ text: String) async throws(HTTPStreamClosed) { try await put(Array(text.utf8)) }
}

/// How far a producer has come.
final class Position: Sendable {
  private let bytes = Mutex(0)

  /// Where these bytes begin.
  func advance(by count: Int) -> Int {
    bytes.withLock { position in
      defer { position += count }
      return position
    }
  }

  func isBehind(_ part: Range<Int>) -> Bool { bytes.withLock { $0 } >= part.upperBound }
}
