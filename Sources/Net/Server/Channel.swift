import CSystem
import Glibc

/// The bytes of one connection, in and out, with TLS between or without.
final class Channel {
  enum Arrival {
    case bytes
    case blocked, ended, broken
  }

  let socket: Int32
  let tls: TLSSession?
  private var plain = OutputBuffer()
  private var cipher = OutputBuffer()
  /// So much is encrypted at a time, so that what waits is kept once.
  private static let slice = 64 << 10
  /// A client that makes the server answer within TLS, and reads nothing, is let go.
  private static let unreadLimit = 256 << 10

  init(_ socket: Int32, _ tls: TLSSession?) { (self.socket, self.tls) = (socket, tls) }

  /// Whether the socket has taken everything.
  var isSent: Bool { plain.isEmpty && cipher.isEmpty && (tls?.outputCount ?? 0) == 0 }

  /// Bytes that the socket has not taken.
  var waiting: Int { plain.waiting + cipher.waiting }

  /// Bytes that have left for the other side: taken by the socket and no more waiting in the kernel.
  var acknowledged: Int { (tls == nil ? plain : cipher).total - Int(esteira_unsent(socket)) }

  func append(_ bytes: [UInt8]) { plain.append(bytes) }

  /// Reads once. `scratch` holds what came; with TLS `decrypt` has to follow.
  func receive(_ scratch: UnsafeMutableRawBufferPointer) -> (arrival: Arrival, count: Int) {
    while true {
      let count = recv(socket, scratch.baseAddress, scratch.count, 0)
      if count > 0 { return (.bytes, count) }
      if count == 0 { return (.ended, 0) }
      if errno == EAGAIN { return (.blocked, 0) }
      if errno != EINTR { return (.broken, 0) }
    }
  }

  /// Sends until all is sent or the socket takes no more.
  func flush() -> OutputBuffer.Outcome {
    guard let tls else { return plain.flush(to: socket) }
    var hasMoved = false
    while true {
      switch cipher.flush(to: socket) {
      case .broken: return .broken
      case .blocked(let progress):
        return tls.outputCount > Self.unreadLimit ? .broken : .blocked(progress: progress || hasMoved)
      case .empty: break
      }
      if plain.isEmpty, tls.outputCount == 0 { return .empty }
      if tls.outputCount == 0, !plain.consume(Self.slice, tls.write) { return .broken }
      cipher.append(tls.takeOutput())
      hasMoved = true
    }
  }

  /// The next close throws away what the kernel still holds, instead of keeping it for a reader that is not
  /// worth it.
  func discard() {
    var how = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &how, socklen_t(MemoryLayout<linger>.size))
  }

  /// The end of what is sent, as far as the socket takes it now.
  func endSending() {
    if let tls {
      tls.sayGoodbye()
      _ = flush()
    }
    shutdown(socket, Int32(SHUT_WR))
  }
}
