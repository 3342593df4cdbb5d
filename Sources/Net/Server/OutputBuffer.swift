import Glibc

/// Bytes on their way to a socket.
struct OutputBuffer {
  private var bytes: [UInt8] = []
  private var sent = 0
  /// All that ever left.
  private(set) var total = 0

  enum Outcome {
    case empty
    case blocked(progress: Bool)
    case broken
  }

  var waiting: Int { bytes.count - sent }
  var isEmpty: Bool { waiting == 0 }

  mutating func append(_ more: [UInt8]) {
    if isEmpty {
      (bytes, sent) = (more, 0)
    } else {
      bytes += more
    }
  }

  /// Gives at most so many bytes to `body`, which takes all of them or fails.
  mutating func consume(_ limit: Int, _ body: (UnsafeRawBufferPointer) -> Bool) -> Bool {
    let end = min(bytes.count, sent + limit)
    guard bytes.withUnsafeBytes({ body(UnsafeRawBufferPointer(rebasing: $0[sent..<end])) }) else {
      return false
    }
    advance(by: end - sent)
    return true
  }

  /// Sends until all is sent or the socket takes no more.
  mutating func flush(to socket: Int32) -> Outcome {
    let before = total
    while !isEmpty {
      let count = bytes.withUnsafeBytes { all in
        let rest = all[sent...]
        let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress
        return send(socket, start, rest.count, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 {
        advance(by: count)
      } else if errno == EAGAIN {
        return .blocked(progress: total > before)
      } else if errno != EINTR {
        return .broken
      }
    }
    return .empty
  }

  private mutating func advance(by count: Int) {
    sent += count
    total += count
    if isEmpty { (bytes, sent) = ([], 0) }
  }
}
