@testable import Net

/// What comes of frames does not depend on how they are cut, and what the server writes it could read.
enum WebSocketBody {
  private static let limits: WebSocketLimits = {
    var limits = WebSocketLimits()
    (limits.messageIn, limits.fragments) = (4 << 10, 16)
    return limits
  }()

  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let events = try Pieces.same(bytes) { pieces throws(Broken) in try read(pieces) }
    var size = 0
    for (index, event) in events.enumerated() {
      switch event {
      case .message(let message):
        size += message.count
        try promise(message.count <= limits.messageIn, "A message has \(message.count) bytes.")
      case .ping(let payload): try promise(payload.count <= 125, "A ping has \(payload.count) bytes.")
      case .pong: break
      case .close, .broken:
        try promise(index == events.count - 1, "After \(event) comes \(events[index + 1]).")
      }
    }
    try promise(size <= bytes.count, "\(bytes.count) bytes became \(size).")
  }

  private static func read(_ pieces: [ArraySlice<UInt8>]) throws(Broken) -> [WebSocketCodec.Event] {
    guard let codec = WebSocketCodec(limits) else { throw Broken("There is no memory.") }
    var events: [WebSocketCodec.Event] = []
    for piece in pieces {
      piece.withUnsafeBytes { bytes in codec.read(bytes) { events.append($0) } }
      switch events.last {
      case .close, .broken: return events
      case .message, .ping, .pong, nil: break
      }
    }
    return events
  }
}

/// A header is read the same once it is whole, whatever follows, and never before.
enum ProxyBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let whole = ProxyHeader.read(bytes)
    switch whole {
    case .header(_, let length):
      try promise(length <= bytes.count, "A header of \(length) in \(bytes.count) bytes.")
      try promise(ProxyHeader.read(bytes.prefix(length)) == whole, "What follows changes the header.")
      let before = ProxyHeader.read(bytes.prefix(length - 1))
      try promise(before == .incomplete, "The header without its last byte is \(before).")
    case .incomplete:
      try promise(bytes.count < 2_048, "\(bytes.count) bytes are still no header.")
    case .none, .malformed:
      let more = ProxyHeader.read(bytes + [13, 10])
      try promise(more == whole, "\(whole) becomes \(more).")
    }
  }
}

/// Headers of a request that choose a part, a state or an encoding: one line for each, and the length.
enum SelectionBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let lines = bytes.decoded.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let length = bytes.count % 97
    if case .part(let part) = ByteRange.outcome(lines[0], length: length) {
      try promise(
        !part.isEmpty && part.lowerBound >= 0 && part.upperBound <= length, "\(part) of \(length) bytes.")
    }
    for line in lines {
      if let tag = HTTPEntityTag(header: line) {
        try promise(HTTPEntityTag(header: "\(tag)") == tag, "\(tag) reads as another.")
      }
    }
    let names = ["range", "if-range", "if-match", "if-none-match", "accept-encoding", "x-forwarded-for"]
    let headers = HTTPHeaders(Array(zip(names, lines)))
    var response = HTTPResponse(status: 200, type: "text/plain", [UInt8](repeating: 65, count: length))
    response.etag = HTTPEntityTag("a")
    response.acceptsRanges = bytes.count % 2 == 0
    let peer = HTTPPeer.remote(IPAddress(v4: 0x7F00_0001), port: 1)
    _ = HTTPProxies([CIDR(IPAddress(v4: 0x7F00_0001), prefix: 8)].compactMap { $0 })
      .client(of: headers, from: peer)
    let fitted = response.fitted(
      to: HTTPRequest(method: "GET", target: "/", headers: headers, peer: peer), compressedFrom: 10)
    try promise([200, 206, 304, 412, 416].contains(fitted.status), "The status is \(fitted.status).")
  }
}
