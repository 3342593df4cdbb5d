import Glibc

/// Bytes on their way to a socket.
struct OutputBuffer {
  private var bytes: [UInt8] = []
  private var sent = 0

  enum Outcome {
    case empty
    case blocked(progress: Bool)
    case broken
  }

  var isEmpty: Bool { sent == bytes.count }

  mutating func append(_ more: [UInt8]) {
    if isEmpty {
      (bytes, sent) = (more, 0)
    } else {
      bytes += more
    }
  }

  mutating func clear() { (bytes, sent) = ([], 0) }

  /// Sends until all is sent or the socket takes no more.
  mutating func flush(to socket: Int32) -> Outcome {
    let before = sent
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { all in
        let rest = all[sent...]
        let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress
        return send(socket, start, rest.count, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 {
        sent += count
      } else if errno == EAGAIN {
        return .blocked(progress: sent > before)
      } else if errno != EINTR {
        return .broken
      }
    }
    clear()
    return .empty
  }
}
