import CSystem
import Glibc

/// One connection, on a thread of its own because it waits in C.
actor UnixExchange {
  private let executor: ThreadExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
  private let path: String
  private let limits: UnixHTTPClient.Limits
  private let isStream: Bool
  private let isHead: Bool
  /// Raised by a cancelled task; it is watched in every wait.
  private let cancelled: WakeEvent
  private let socket: SocketOwner
  private let parser = MessageParser(request: false, bodyLimit: .max)
  private var scanner = HeadScanner(limit: CurlTransfer.headLimit, maxFields: 1_000)
  private var input: [UInt8] = []
  private var isEnded = false
  private let deadline: ContinuousClock.Instant

  init(_ path: String, _ limits: UnixHTTPClient.Limits, isStream: Bool, isHead: Bool) throws(NetError) {
    self.path = path
    self.limits = limits
    self.isStream = isStream
    self.isHead = isHead
    cancelled = try WakeEvent()
    socket = try SocketOwner()
    deadline = .now + limits.answer
    executor = try ThreadExecutor("esteira-client")
  }

  deinit { executor.stop() }

  /// Runs work on the thread; a cancelled task ends its wait.
  nonisolated func whileNotCancelled<Value: Sendable>(
    _ work: @Sendable (isolated UnixExchange) throws(NetError) -> Value
  ) async throws(NetError) -> Value {
    let result: Result<Value, NetError> = await withTaskCancellationHandler {
      await run(work)
    } onCancel: {
      cancelled.signal()
    }
    return try result.get()
  }

  private func run<Value: Sendable>(
    _ work: @Sendable (isolated UnixExchange) throws(NetError) -> Value
  ) -> Result<Value, NetError> {
    do throws(NetError) {
      return .success(try work(self))
    } catch {
      return .failure(error)
    }
  }

  func open(_ message: [UInt8]) throws(NetError) -> (status: Int, headers: HTTPHeaders) {
    try connect()
    var output = OutputBuffer()
    output.append(message)
    sending: while true {
      switch output.flush(to: socket.descriptor) {
      case .empty: break sending
      // A server may refuse a body before it has read it; its answer tells why.
      case .broken: break sending
      case .blocked: try wait(POLLOUT, until: deadline)
      }
    }
    return try readHead()
  }

  /// Nil at the end of the body.
  func next() throws(NetError) -> [UInt8]? {
    while true {
      let body = parser.takeBody()
      if !body.isEmpty { return body }
      if isEnded || isHead { return nil }
      try feed(receive())
    }
  }

  private func connect() throws(NetError) {
    let name = try SocketName.unix(path)
    let until = min(deadline, .now + limits.connect)
    while name.withAddress({ Glibc.connect(socket.descriptor, $0, $1) }) != 0 {
      switch errno {
      case EINTR: continue
      // A Unix socket answers this when the server's queue is full.
      case EAGAIN:
        guard ContinuousClock.now < until else { throw .timeout(.connect) }
        try pause(.milliseconds(10))
      default: throw .connect(host: path, reason: SystemError.text(errno, "connect"))
      }
    }
  }

  private func readHead() throws(NetError) -> (status: Int, headers: HTTPHeaders) {
    while true {
      switch input.withUnsafeBytes({ scanner.scan($0) }) {
      case .refused(let reason): throw .protocolError("a wrong head: \(reason)")
      case .incomplete:
        let bytes = try receive()
        guard !bytes.isEmpty else { throw .interrupted("no answer came") }
        input += bytes
      case .complete(let length):
        let head = Array(input[..<length])
        let rest = Array(input[length...])
        input = []
        try feed(head, isHead: true)
        if (100..<200).contains(parser.status) {
          parser.reset()
          scanner = HeadScanner(limit: CurlTransfer.headLimit, maxFields: 1_000)
          input = rest
          continue
        }
        if !rest.isEmpty { try feed(rest) }
        return (parser.status, parser.headers)
      }
    }
  }

  /// No bytes are the end of the connection.
  private func feed(_ bytes: [UInt8], isHead: Bool = false) throws(NetError) {
    if bytes.isEmpty {
      guard parser.finish() else { throw .interrupted("the connection ended within the body") }
      isEnded = true
      return
    }
    switch bytes.withUnsafeBytes({ parser.feed($0) }) {
    case .more: break
    case .complete: isEnded = true
    case .failed(let failure): throw .protocolError("\(failure)")
    }
  }

  private func receive() throws(NetError) -> [UInt8] {
    let isOpen = isStream && parser.isHeadComplete
    while true {
      try wait(POLLIN, until: isOpen ? .now + limits.silence : deadline)
      var failure: Int32 = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
        let received = recv(socket.descriptor, buffer.baseAddress, buffer.count, 0)
        failure = received < 0 ? errno : 0
        count = max(0, received)
      }
      switch failure {
      case 0: return bytes
      case EINTR, EAGAIN: continue
      default: throw .interrupted(SystemError.text(failure, "read"))
      }
    }
  }

  private func wait(_ events: Int32, until limit: ContinuousClock.Instant) throws(NetError) {
    var watched = [
      pollfd(fd: socket.descriptor, events: Int16(events), revents: 0),
      pollfd(fd: cancelled.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let left = ContinuousClock.now.duration(to: limit)
      guard left > .zero else { throw .timeout(isStream && parser.isHeadComplete ? .idle : .total) }
      let count = poll(&watched, 2, Int32(clamping: left.milliseconds + 1))
      if watched[1].revents != 0 { throw .cancelled }
      if count > 0 { return }
    }
  }

  private func pause(_ time: Duration) throws(NetError) {
    var watched = pollfd(fd: cancelled.descriptor, events: Int16(POLLIN), revents: 0)
    if poll(&watched, 1, Int32(clamping: time.milliseconds)) > 0 { throw .cancelled }
  }
}

/// A Unix socket, closed with its owner.
private final class SocketOwner: Sendable {
  let descriptor: Int32

  init() throws(NetError) {
    descriptor = esteira_stream_socket(AF_UNIX)
    guard descriptor >= 0 else { throw .resources(SystemError.text(errno, "make a socket")) }
  }

  deinit { close(descriptor) }
}
