import COpenSSL

/// One connection's TLS, between buffers: it never touches the socket. Used by one thread.
final class TLSSession {
  enum Reading {
    /// All that came is read.
    case more
    /// The other side said that it sends no more.
    case ended
    case failed
  }

  private let session: OpaquePointer
  private let arriving: OpaquePointer
  private let leaving: OpaquePointer
  /// The largest record of TLS.
  private static let record = 16 << 10

  /// The answering side.
  convenience init?(_ context: TLSContext) {
    guard let pointer = context.pointer else { return nil }
    self.init(context: pointer)
    SSL_set_accept_state(session)
  }

  /// Of neither side yet.
  init?(context: OpaquePointer) {
    guard let session = SSL_new(context) else { return nil }
    guard let arriving = BIO_new(BIO_s_mem()), let leaving = BIO_new(BIO_s_mem()) else {
      SSL_free(session)
      return nil
    }
    (self.session, self.arriving, self.leaving) = (session, arriving, leaving)
    // From here on the session owns both.
    SSL_set_bio(session, arriving, leaving)
  }

  /// For what is set before the handshake.
  func withSession<Result>(_ body: (OpaquePointer) -> Result) -> Result { body(session) }

  deinit { SSL_free(session) }

  var isEstablished: Bool { SSL_is_init_finished(session) == 1 }

  /// Takes what came from the socket.
  func feed(_ bytes: UnsafeRawBufferPointer) {
    BIO_write(arriving, bytes.baseAddress, Int32(clamping: bytes.count))
  }

  /// Goes on with the handshake, and appends what can be read.
  func read(into plain: inout [UInt8]) -> Reading {
    withUnsafeTemporaryAllocation(byteCount: Self.record, alignment: 16) { buffer in
      while true {
        ERR_clear_error()
        let count = SSL_read(session, buffer.baseAddress, Int32(buffer.count))
        if count > 0 {
          plain.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<Int(count)]))
          continue
        }
        switch SSL_get_error(session, count) {
        case SSL_ERROR_WANT_READ: return .more
        case SSL_ERROR_ZERO_RETURN: return .ended
        default: return .failed
        }
      }
    }
  }

  /// False when the session is broken.
  func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    ERR_clear_error()
    return SSL_write(session, bytes.baseAddress, Int32(clamping: bytes.count)) == Int32(clamping: bytes.count)
  }

  /// Tells the other side that nothing follows.
  func sayGoodbye() {
    if isEstablished { SSL_shutdown(session) }
    ERR_clear_error()
  }

  /// What waits to be sent.
  var outputCount: Int { BIO_ctrl_pending(leaving) }

  func takeOutput() -> [UInt8] {
    let count = outputCount
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      used = count == 0 ? 0 : Int(max(0, BIO_read(leaving, buffer.baseAddress, Int32(clamping: count))))
    }
  }
}
