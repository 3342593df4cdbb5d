/// A stream that is being sent.
struct ResponseStream {
  let pipe: StreamPipe
  let task: Task<Void, Never>
  let isLive: Bool
  let isChunked: Bool
  /// What is left of a known length.
  var remaining: Int?

  func abandon() {
    // In this order: who is cancelled finds that it is over.
    pipe.close()
    task.cancel()
  }
}

// An answer goes out.
extension ServerConnection {
  func respond(_ response: HTTPResponse, _ pipe: StreamPipe?) {
    guard case .handling(let task) = phase else {
      pipe?.close()
      return
    }
    keepsAlive = keepsAlive && !loop.isStopping
    switch (response.body, pipe) {
    case (.bytes(let bytes), _):
      sendWhole(response, bytes)
    case (.stream(let stream), nil):
      // Only HEAD has a stream that is not produced.
      sendHead(response, stream.length.map { .length($0) } ?? .chunked)
      finishAnswer()
    case (.stream(let stream), .some(let pipe)):
      begin(stream, pipe, task, response)
    case (.webSocket, _):
      preconditionFailure("A WebSocket begins by `upgrade`.")
    }
    process()
  }

  private func sendWhole(_ response: HTTPResponse, _ bytes: [UInt8]) {
    let isBodiless = response.status == 204 || response.status == 304
    if sendHead(response, isBodiless ? .none : .length(bytes.count)), !isHead, !isBodiless {
      output.append(bytes)
    }
    finishAnswer()
  }

  private func begin(
    _ stream: HTTPStream, _ pipe: StreamPipe, _ task: Task<Void, Never>, _ response: HTTPResponse
  ) {
    let isOld = parser.version == (1, 0)
    if isOld, stream.length == nil { keepsAlive = false }
    let framing: ResponseHead.Framing =
      stream.length.map { .length($0) } ?? (isOld ? .untilClose : .chunked)
    let isChunked = stream.length == nil && !isOld
    let isLive = stream.kind == .live
    guard sendHead(response, framing) else {
      pipe.close()
      task.cancel()
      finishAnswer()
      return
    }
    phase = .streaming(
      ResponseStream(pipe: pipe, task: task, isLive: isLive, isChunked: isChunked, remaining: stream.length))
    if loop.isStopping, isLive { task.cancel() }
    flush()
  }

  /// Takes from the stream what is there, once the socket has taken everything before it. An overflow is
  /// looked at even while the socket is blocked.
  func pump() {
    switch phase {
    case .streaming(let stream): pump(stream)
    case .webSocket(let session): pumpWebSocket(session)
    case .opening, .idle, .readingHead, .readingBody, .handling, .closing, .lingering, .closed: break
    }
  }

  private func pump(_ stream: ResponseStream) {
    var stream = stream
    if !output.isSent {
      if stream.isLive, stream.pipe.hasOverflowed { drop() }
      return
    }
    let (bytes, end) = stream.pipe.take()
    if end == .overflowed { return drop() }
    if let remaining = stream.remaining {
      guard bytes.count <= remaining else { return close() }
      stream.remaining = remaining - bytes.count
    }
    phase = .streaming(stream)
    if !bytes.isEmpty { output.append(stream.isChunked ? Self.chunk(bytes) : bytes) }
    switch end {
    case nil:
      if !output.isSent { flush() }
    case .finished:
      guard (stream.remaining ?? 0) == 0 else { return close() }
      if stream.isChunked { output.append(Array("0\r\n\r\n".utf8)) }
      finishAnswer()
      process()
    case .failed, .overflowed:
      close()
    }
  }

  func drop() {
    loop.shared.counts.droppedStreams.add()
    output.discard()
    close()
  }

  /// The server's own headers around the handler's. A head that cannot be sent becomes a 500.
  @discardableResult
  private func sendHead(_ response: HTTPResponse, _ framing: ResponseHead.Framing) -> Bool {
    let date = loop.currentDate()
    if let head = ResponseHead.bytes(response, framing, close: !keepsAlive, date: date) {
      output.append(head)
      return true
    }
    keepsAlive = false
    let failure = HTTPResponse(status: 500)
    output.append(ResponseHead.bytes(failure, .length(0), close: true, date: date) ?? [])
    return false
  }

  private func finishAnswer() {
    if keepsAlive {
      phase = .idle
      deadline = loop.now + limits.idle
    } else {
      phase = .closing(lingers: true)
      deadline = loop.now + limits.writeStall
    }
    flush()
  }

  /// Answers what never reaches the handler, and ends the connection: after a refused request nobody can say
  /// where the next one begins.
  func refuse(_ refusal: RequestRefusal) {
    loop.shared.counts.refused.add()
    keepsAlive = false
    let response = HTTPResponse(
      status: refusal.status, type: "text/plain", Array((refusal.reason + "\n").utf8))
    sendWhole(response, Array((refusal.reason + "\n").utf8))
  }

  private static func chunk(_ bytes: [UInt8]) -> [UInt8] {
    var framed = Array((String(bytes.count, radix: 16) + "\r\n").utf8)
    framed.reserveCapacity(framed.count + bytes.count + 2)
    framed += bytes
    framed += [13, 10]
    return framed
  }
}
