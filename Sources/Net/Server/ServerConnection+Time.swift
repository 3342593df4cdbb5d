// Time has passed, or the server stops.
extension ServerConnection {
  func isOverdue(at now: ContinuousClock.Instant) -> Bool {
    if let deadline, now >= deadline { return true }
    if isReaderTooSlow(at: now) { return true }
    switch phase {
    case .readingBody: return isBodyTooSlow(at: now)
    case .webSocket(let session): return session.isDue(at: now)
    case .opening, .idle, .readingHead, .handling, .streaming, .closing, .lingering, .closed: return false
    }
  }

  func timeOut() {
    if isReaderTooSlow(at: loop.now) { return drop() }
    if let reader = readerPace, isStillTaking(reader) { return }
    switch phase {
    case .readingHead, .readingBody:
      isHead = false
      refuse(RequestRefusal(408, "the request came too slowly"))
    case .streaming: drop()
    case .webSocket(let session):
      if let deadline, loop.now >= deadline { return drop() }
      tickWebSocket(session)
    case .opening, .idle, .handling, .closing, .lingering, .closed: close()
    }
  }

  private func isBodyTooSlow(at now: ContinuousClock.Instant) -> Bool {
    bodyPace?.isSlower(
      than: limits.slowestBody, after: limits.rateGrace, at: now, total: parser.received) ?? false
  }

  private func isReaderTooSlow(at now: ContinuousClock.Instant) -> Bool {
    readerPace?.pace.isSlower(
      than: limits.slowestReader, after: limits.rateGrace, at: now, total: output.acknowledged) ?? false
  }

  /// The kernel tells of room in its buffer only when much of it is free: until then a reader that takes
  /// something looks like one that takes nothing.
  private func isStillTaking(_ reader: (pace: Pace, seen: Int)) -> Bool {
    guard let deadline, loop.now >= deadline, !isWaitingForRequest else { return false }
    let taken = output.acknowledged
    guard taken > reader.seen else { return false }
    readerPace = (reader.pace, taken)
    self.deadline = loop.now + limits.writeStall
    return true
  }

  private var isWaitingForRequest: Bool {
    switch phase {
    case .opening, .readingHead, .readingBody, .lingering: true
    case .idle, .handling, .streaming, .webSocket, .closing, .closed: false
    }
  }

  func serverStops() {
    // What has come already is still answered.
    if case .idle = phase { receive() }
    switch phase {
    case .opening: close()
    case .idle: output.isSent ? close() : stopAfterOutput()
    case .streaming(let stream):
      keepsAlive = false
      if stream.isLive { stream.task.cancel() }
    case .webSocket(let session): stopWebSocket(session)
    case .readingHead, .readingBody, .handling: keepsAlive = false
    case .closing, .lingering, .closed: break
    }
  }

  private func stopAfterOutput() {
    keepsAlive = false
    phase = .closing(lingers: false)
  }
}
