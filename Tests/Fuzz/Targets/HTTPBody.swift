@testable import Net

/// The same steps as a connection of the server and of the client, fed in different pieces.
enum HTTPBody {
  private enum Outcome: Equatable {
    case refused(RequestRefusal)
    /// Only with the status: of several faults the pieces decide which one the parser sees first.
    case failed(Int)
    case incomplete
    case message(start: String, headers: HTTPHeaders, body: [UInt8], rest: Int)
  }

  private static let limits: HTTPLimits = {
    var limits = HTTPLimits()
    limits.headBytes = 4 << 10
    limits.bodyBytes = 8 << 10
    return limits
  }()

  @Sendable static func checkRequest(_ bytes: [UInt8]) throws(Broken) {
    let outcome: Outcome = try Pieces.same(bytes) { pieces throws(Broken) in try read(pieces, bytes.count) }
    guard case .message(let target, let headers, let body, _) = outcome else { return }
    if let length = headers["content-length"] {
      try promise(body.count == Int(length), "A body of \(body.count) has the length \(length).")
    }
    let request = HTTPRequest(method: "GET", target: target, peer: .local(uid: 0, pid: 0))
    if let segments = request.segments {
      let path = "/" + segments.map { PercentEncoding.encode($0) }.joined(separator: "/")
      let again = HTTPRequest(method: "GET", target: path, peer: .local(uid: 0, pid: 0)).segments
      try promise(again == segments, "\(path) has the parts \(again ?? []), not \(segments).")
    }
  }

  @Sendable static func checkResponse(_ bytes: [UInt8]) throws(Broken) {
    _ = try Pieces.same(bytes) { pieces throws(Broken) in
      try message(pieces, bytes.count, MessageParser(request: false, bodyLimit: limits.bodyBytes)) { _, _ in
        nil
      }
    }
  }

  private static func read(_ pieces: [ArraySlice<UInt8>], _ count: Int) throws(Broken) -> Outcome {
    let parser = MessageParser(request: true, bodyLimit: limits.bodyBytes)
    return try message(pieces, count, parser) { head, parser in
      if let head { return RequestCheck.refusalOfLine(head) }
      guard parser.isHeadComplete else { return RequestRefusal(400, "the head is not HTTP") }
      return RequestCheck.refusalOfHead(parser, bodyLimit: limits.bodyBytes)
    }
  }

  /// `refusal` is asked before the parser with the head, and after it without.
  private static func message(
    _ pieces: [ArraySlice<UInt8>], _ count: Int, _ parser: MessageParser,
    refusal: (UnsafeRawBufferPointer?, MessageParser) -> RequestRefusal?
  ) throws(Broken) -> Outcome {
    var scanner = HeadScanner(limit: limits.headBytes, maxFields: limits.headerFields)
    var (input, used, isInBody) = ([UInt8](), 0, false)
    for piece in pieces {
      input += piece
      if !isInBody {
        switch input.withUnsafeBytes({ scanner.scan($0) }) {
        case .incomplete: continue
        case .refused(let reason): return .refused(RequestRefusal(reason))
        case .complete(let length):
          let found: Outcome? = input[..<length].withUnsafeBytes { head in
            if let refusal = refusal(head, parser) { return .refused(refusal) }
            if case .failed(let failure) = parser.feed(head) {
              return .failed(RequestRefusal(failure).status)
            }
            return refusal(nil, parser).map { .refused($0) }
          }
          if let found { return found }
          (used, isInBody) = (length, true)
          input.removeFirst(length)
        }
      }
      if let end = try body(&input, parser, &used, count) { return end }
    }
    return isInBody && parser.finish() ? Self.whole(parser, rest: count - used) : .incomplete
  }

  private static func body(
    _ input: inout [UInt8], _ parser: MessageParser, _ used: inout Int, _ count: Int
  ) throws(Broken) -> Outcome? {
    if parser.isComplete { return whole(parser, rest: count - used) }
    guard !input.isEmpty else { return nil }
    switch input.withUnsafeBytes({ parser.feed($0) }) {
    case .more:
      used += input.count
      input = []
      return nil
    case .complete(let more):
      try promise(parser.isComplete, "The parser stopped within a message.")
      return whole(parser, rest: count - used - more)
    case .failed(let failure): return .failed(RequestRefusal(failure).status)
    }
  }

  private static func whole(_ parser: MessageParser, rest: Int) -> Outcome {
    .message(
      start: parser.target.decoded, headers: parser.headers, body: parser.body, rest: rest)
  }
}

/// Pieces do not matter, and what an event says can be written and read again.
enum EventStreamBody {
  private struct Outcome: Equatable {
    var events: [ServerSentEvent] = []
    var retry: Duration?
    var error: NetError?
  }

  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let outcome = try Pieces.same(bytes) { pieces throws(Broken) in read(pieces) }
    let text = outcome.events.map { event in
      let lines = event.data.split(separator: "\n", omittingEmptySubsequences: false)
      return "id: \(event.id ?? "")\nevent: \(event.event)\n" + lines.map { "data: \($0)\n" }.joined() + "\n"
    }.joined()
    let again = read([Array(text.utf8)[...]]).events
    try promise(
      again.map(\.data) == outcome.events.map(\.data) && again.map(\.event) == outcome.events.map(\.event),
      "\(outcome.events) reads as \(again).")
  }

  private static func read(_ pieces: [ArraySlice<UInt8>]) -> Outcome {
    var (outcome, parser) = (Outcome(), EventStreamParser())
    do throws(NetError) {
      for piece in pieces { outcome.events += try parser.feed(piece) }
    } catch {
      outcome.error = error
    }
    outcome.retry = parser.retry
    return outcome
  }
}
