import Testing

@testable import Net

/// The rules of time of one WebSocket, on a clock that the test moves.
@Suite("The silence of a WebSocket")
struct WebSocketSilenceTests {
  private let limits: WebSocketLimits = {
    var limits = WebSocketLimits()
    (limits.ping, limits.silence, limits.unread) = (.seconds(20), .seconds(50), 100)
    return limits
  }()
  private let start = ContinuousClock.now

  private func session() throws -> WebSocketSession {
    try WebSocketSession(
      WebSocketPipe(limits, notify: {}), #require(WebSocketCodec(limits)), Task {}, limits, now: start)
  }

  @Test("may last for ever between client and server while each ping is answered")
  func answered() throws {
    let session = try session()
    for second in stride(from: 20, through: 3_600, by: 20) {
      let now = start + .seconds(second)
      #expect(session.tick(now: now - .seconds(1)) == .wait)
      #expect(session.tick(now: now) == .ping)
      var pong = WebSocketClient.bytes(10, [])
      session.read(&pong, now: now + .seconds(5))
    }
  }

  @Test("ends it once nothing at all has come for that long")
  func silent() throws {
    let session = try session()
    var text = WebSocketClient.bytes(1, Array("the last word".utf8))
    session.read(&text, now: start + .seconds(10))
    #expect(session.tick(now: start + .seconds(20)) == .ping)
    #expect(session.tick(now: start + .seconds(40)) == .ping)
    #expect(session.tick(now: start + .milliseconds(59_999)) == .wait)
    #expect(session.isDue(at: start + .seconds(60)))
    #expect(session.tick(now: start + .seconds(60)) == .gone)
  }

  @Test("proves nothing while the server itself reads nothing, and counts from when it reads again")
  func paused() throws {
    let session = try session()
    var text = WebSocketClient.bytes(1, [UInt8](repeating: 97, count: limits.unread))
    session.read(&text, now: start)
    #expect(session.pipe.isPaused)
    #expect(session.tick(now: start + .seconds(3_600)) == .ping)
    #expect(session.tick(now: start + .seconds(3_610)) == .wait)
  }
}
