// A request comes in.
extension ServerConnection {
  /// Looks at what has been read, as far as the phase allows.
  func process() {
    while true {
      let hasMoved: Bool
      switch phase {
      case .opening: hasMoved = open()
      case .idle: hasMoved = beginRequest()
      case .readingHead(let scanner): hasMoved = readHead(scanner)
      case .readingBody: hasMoved = readBody()
      case .webSocket(let session): hasMoved = readFrames(session)
      case .handling, .streaming, .closing, .lingering, .closed: return
      }
      if !hasMoved { return }
    }
  }

  private func beginRequest() -> Bool {
    // One empty line before a request is borne, as the standard asks.
    if input.first == 13, input.count == 1 { return false }
    if input.starts(with: [13, 10]) { input.removeFirst(2) }
    guard !input.isEmpty else { return false }
    parser.reset()
    phase = .readingHead(HeadScanner(limit: limits.headBytes, maxFields: limits.headerFields))
    deadline = loop.now + limits.headRead
    return true
  }

  private func readHead(_ scanner: HeadScanner) -> Bool {
    var scanner = scanner
    let result = input.withUnsafeBytes { scanner.scan($0) }
    switch result {
    case .incomplete:
      phase = .readingHead(scanner)
      return false
    case .refused(let refusal):
      refuse(RequestRefusal(refusal))
      return false
    case .complete(let length):
      if let refusal = parseHead(length) {
        refuse(refusal)
        return false
      }
      return true
    }
  }

  private func parseHead(_ length: Int) -> RequestRefusal? {
    let refusal: RequestRefusal? = input.withUnsafeBytes { bytes in
      let head = UnsafeRawBufferPointer(rebasing: bytes[..<length])
      if let refusal = RequestCheck.refusalOfLine(head) { return refusal }
      if case .failed(let failure) = parser.feed(head) { return RequestRefusal(failure) }
      return nil
    }
    if let refusal { return refusal }
    guard parser.isHeadComplete else { return RequestRefusal(400, "the head is not HTTP") }
    if let refusal = RequestCheck.refusalOfHead(parser, bodyLimit: limits.bodyBytes) { return refusal }
    input.removeFirst(length)
    deadline = loop.now + limits.bodyRead
    bodyPace = Pace(since: loop.now, base: 0)
    phase = .readingBody
    if !parser.isComplete, input.isEmpty, parser.version == (1, 1), RequestCheck.wantsContinue(parser.headers)
    {
      output.append(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
      flush()
    }
    return nil
  }

  private func readBody() -> Bool {
    if parser.isComplete {
      dispatch()
      return false
    }
    guard !input.isEmpty else { return false }
    switch input.withUnsafeBytes({ parser.feed($0) }) {
    case .more:
      input.removeAll(keepingCapacity: true)
      return false
    case .complete(let used):
      input.removeFirst(used)
      dispatch()
      return false
    case .failed(let failure):
      refuse(RequestRefusal(failure))
      return false
    }
  }

  private func dispatch() {
    let (headers, proxies) = (parser.headers, loop.shared.proxies)
    let request = HTTPRequest(
      method: parser.method, target: String(decoding: parser.target, as: UTF8.self), headers: headers,
      body: parser.takeBody(), peer: proxies.client(of: headers, from: peer),
      isSecure: proxies.isSecure(headers, from: peer, isEncrypted: output.tls != nil))
    isHead = request.method == "HEAD"
    keepsAlive = keepsAlive && parser.keepsAlive
    deadline = nil
    loop.shared.counts.requests.add()
    phase = .handling(loop.link.start(request, on: id))
  }
}
