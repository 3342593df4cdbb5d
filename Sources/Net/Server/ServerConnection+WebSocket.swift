/// A request that becomes a WebSocket.
struct WebSocketUpgrade: Sendable {
  let handshake: WebSocketHandshake
  let headers: HTTPHeaders
  let pipe: WebSocketPipe
}

extension ServerConnection {
  func upgrade(_ upgrade: WebSocketUpgrade) {
    guard case .handling(let task) = phase, !inputEnded else {
      upgrade.pipe.end()
      return
    }
    guard parser.version == (1, 1) else {
      upgrade.pipe.end()
      return respond(WebSocketHandshake.answer(status: 426, reason: "a WebSocket needs HTTP/1.1"), nil)
    }
    let date = loop.currentDate()
    guard let head = ResponseHead.upgrade(upgrade.handshake, upgrade.headers, date: date),
      let codec = WebSocketCodec(limits.webSocket)
    else {
      upgrade.pipe.end()
      return respond(HTTPResponse(status: 500), nil)
    }
    output.append(head)
    let session = WebSocketSession(upgrade.pipe, codec, task, limits.webSocket, now: loop.now)
    phase = .webSocket(session)
    loop.shared.counts.webSockets.add()
    if loop.isStopping { stopWebSocket(session) }
    flush()
    process()
  }

  /// False: a WebSocket reads all that is there.
  func readFrames(_ session: WebSocketSession) -> Bool {
    session.read(&input, now: loop.now)
    pumpWebSocket(session)
    return false
  }

  /// Takes what the task says once the socket has taken everything before it.
  func pumpWebSocket(_ session: WebSocketSession) {
    if output.isSent { session.collect(now: loop.now) }
    let bytes = session.codec.takeOutput()
    if !bytes.isEmpty { output.append(bytes) }
    if session.isOver {
      session.abandon()
      keepsAlive = false
      phase = .closing(lingers: true)
      deadline = loop.now + limits.writeStall
    }
    // A flush that empties the output comes back here, for what has been said meanwhile.
    if !output.isSent || session.isOver { flush() } else { watch() }
  }

  func tickWebSocket(_ session: WebSocketSession) {
    switch session.tick(now: loop.now) {
    case .gone: close()
    case .ping:
      session.codec.writePing()
      pumpWebSocket(session)
    case .wait: break
    }
  }

  func stopWebSocket(_ session: WebSocketSession) {
    session.pipe.stop()
    session.task.cancel()
  }
}
