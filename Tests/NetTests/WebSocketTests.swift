import Foundation
import Synchronization
import Testing

@testable import Net

@Suite("A WebSocket", .timeLimit(.minutes(1)))
struct WebSocketTests {
  /// Talks on a thread of its own to a server that echoes.
  private func talk<Value: Sendable>(
    _ limits: WebSocketLimits = WebSocketLimits(), _ headers: String = "",
    handler: @escaping HTTPServer.Handler = { echoSocket($0) },
    _ body: @escaping @Sendable (WebSocketClient) throws -> Value
  ) async throws -> Value {
    var all = HTTPLimits()
    all.webSocket = limits
    let server = try TestServer(all, handler: handler)
    let path = server.path
    return try await onThread { try body(WebSocketClient(RawSocket(path), headers)) }
  }

  @Test("begins with the answer that the standard computes, in a subprotocol that both know")
  func handshake() async throws {
    let head = try await talk(headers("echo.v0, echo.v1, echo.v2")) { $0.head }
    #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
    #expect(head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
    #expect(head.contains("sec-websocket-protocol: echo.v1\r\n"))
    let other = try await talk(headers("chat")) { $0.head }
    #expect(!other.contains("sec-websocket-protocol"))
  }

  private func headers(_ protocols: String) -> String { "Sec-WebSocket-Protocol: \(protocols)\r\n" }

  private func talk<Value: Sendable>(
    _ headers: String, _ body: @escaping @Sendable (WebSocketClient) throws -> Value
  ) async throws -> Value {
    try await talk(WebSocketLimits(), headers, body)
  }

  @Test(
    "is refused where the handshake is not one",
    arguments: [
      (426, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
      (426, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n"),
      (426, WebSocketClient.request().replacing("HTTP/1.1", with: "HTTP/1.0")), (426, version("8")),
      (426, version("")), (400, key("c2hvcnQ=")), (400, key("")),
      (400, key("dGhlIHNhbXBsZSBub25jZ!==")),
      (400, WebSocketClient.request("Sec-WebSocket-Key: \(WebSocketClient.key)\r\n")),
      (400, WebSocketClient.request("Content-Length: 1\r\n") + "a"),
      (400, WebSocketClient.request().replacing("GET", with: "POST")),
    ])
  func refused(status: Int, request: String) async throws {
    let server = try TestServer { echoSocket($0) }
    let answer = try await server.exchange(
      request.replacing("keep-alive, Upgrade", with: "close, Upgrade"))
    #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
    if status == 426 { #expect(answer.contains("\r\nsec-websocket-version: 13\r\n")) }
  }

  private static func version(_ version: String) -> String {
    WebSocketClient.request().replacing("Version: 13", with: "Version: \(version)")
  }

  private static func key(_ key: String) -> String {
    WebSocketClient.request().replacing(WebSocketClient.key, with: key)
  }

  @Test("carries messages of every size both ways", arguments: [0, 1, 125, 126, 65_535, 65_536, 200_000])
  func sizes(size: Int) async throws {
    let text = String(repeating: "ã", count: size / 2) + String(repeating: "a", count: size % 2)
    let frames = try await talk { client in
      try client.send(text)
      try client.send(2, [UInt8](repeating: 0xFF, count: size))
      return [try client.read(), try client.read()]
    }
    #expect(frames[0] == .text(text))
    #expect(frames[1] == WebSocketClient.Frame(opcode: 2, payload: [UInt8](repeating: 0xFF, count: size)))
  }

  @Test("puts fragments together, and answers a ping between them at once")
  func fragments() async throws {
    let frames = try await talk { client in
      // A character is cut in two.
      try client.send(1, Array("a".utf8) + [0xC3], fin: false)
      try client.send(9, Array("are you there".utf8))
      try client.send(0, [], fin: false)
      try client.send(10, Array("nobody asked".utf8))
      try client.send(0, [0xA3])
      return [try client.read(), try client.read()]
    }
    #expect(frames[0] == WebSocketClient.Frame(opcode: 10, payload: Array("are you there".utf8)))
    #expect(frames[1] == .text("aã"))
  }

  @Test("takes frames that come byte by byte, and many at once")
  func slices() async throws {
    let texts = (0..<200).map { "message \($0)" }
    let frames = try await talk { client in
      for byte in WebSocketClient.bytes(1, Array("slow".utf8)) { try client.socket.send([byte]) }
      try client.socket.send(texts.flatMap { WebSocketClient.bytes(1, Array($0.utf8)) })
      return try (0...200).map { _ in try client.read() }
    }
    #expect(frames == (["slow"] + texts).map { .text($0) })
  }

  @Test(
    "is closed with the standard's code when the client breaks a rule",
    arguments: [
      ("not masked", 1002, WebSocketClient.bytes(1, [97], masked: false)),
      ("reserved bit 1", 1002, WebSocketClient.bytes(1, [97], rsv: 4)),
      ("reserved bit 3", 1002, WebSocketClient.bytes(9, [], rsv: 1)),
      ("reserved opcode", 1002, WebSocketClient.bytes(3, [97])),
      ("reserved control opcode", 1002, WebSocketClient.bytes(11, [])),
      ("control of 126 bytes", 1002, WebSocketClient.bytes(9, [UInt8](repeating: 0, count: 126))),
      ("control in fragments", 1002, WebSocketClient.bytes(9, [], fin: false)),
      ("continuation of nothing", 1002, WebSocketClient.bytes(0, [97])),
      (
        "message within a message", 1002,
        WebSocketClient.bytes(1, [97], fin: false) + WebSocketClient.bytes(1, [97])
      ),
      ("length not in its shortest form", 1002, [0x81, 0xFE, 0, 1, 1, 2, 3, 4, 96]),
      ("length beyond 63 bits", 1002, [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]),
      ("text that is not UTF-8", 1007, WebSocketClient.bytes(1, [0xC3, 0x28])),
      ("text with a surrogate", 1007, WebSocketClient.bytes(1, [0xED, 0xA0, 0x80])),
      ("text that ends within a character", 1007, WebSocketClient.bytes(1, [0xE2, 0x82])),
      ("half a close code", 1002, WebSocketClient.bytes(8, [3])),
      ("close code 1005", 1002, WebSocketClient.bytes(8, [3, 237])),
      ("close code 999", 1002, WebSocketClient.bytes(8, [3, 231])),
      ("close code 5000", 1002, WebSocketClient.bytes(8, [0x13, 0x88])),
      ("close reason that is not UTF-8", 1007, WebSocketClient.bytes(8, [3, 232, 0xFF])),
      ("message beyond the limit", 1009, WebSocketClient.bytes(2, [UInt8](repeating: 0, count: 1_001))),
      (
        "fragments beyond the limit", 1009,
        WebSocketClient.bytes(2, [UInt8](repeating: 0, count: 600), fin: false)
          + WebSocketClient.bytes(0, [UInt8](repeating: 0, count: 600))
      ),
      (
        "too many fragments", 1009,
        WebSocketClient.bytes(2, [], fin: false)
          + (0..<20).flatMap { _ in WebSocketClient.bytes(0, [], fin: false) }
      ),
    ])
  func broken(rule: String, code: UInt16, bytes: [UInt8]) async throws {
    var limits = WebSocketLimits()
    (limits.messageIn, limits.fragments) = (1_000, 20)
    let seen = Mutex<[WebSocketMessage]>([])
    let frames = try await talk(
      limits,
      handler: { _ in
        HTTPResponse(
          status: 200,
          body: .webSocket(
            HTTPWebSocket { connection in
              while let message = await connection.receive() { seen.withLock { $0.append(message) } }
            }))
      },
      { client in
        try client.socket.send(bytes + WebSocketClient.bytes(1, Array("after".utf8)))
        let frame = try client.read()
        return (frame.code, try client.isEnded())
      })
    #expect(frames.0 == code, "\(rule)")
    #expect(frames.1)
    // Nothing that follows the fault is believed.
    #expect(seen.withLock { $0 } == [], "\(rule)")
  }

  @Test(
    "answers a close with the same code, also between fragments, and ends", arguments: [1000, 3000, 4999])
  func clientCloses(code: UInt16) async throws {
    let closed = Mutex<WebSocketClose?>(nil)
    let done = Gate()
    let answer = try await talk(
      handler: { _ in
        HTTPResponse(
          status: 200,
          body: .webSocket(
            HTTPWebSocket { connection in
              let message = await connection.receive()
              closed.withLock { $0 = message == nil ? connection.peerClose : nil }
              done.open()
            }))
      },
      { client in
        try client.send(1, [97], fin: false)
        try client.send(8, [UInt8(code >> 8), UInt8(code & 255)] + Array("bye".utf8))
        return (try client.read().code, try client.isEnded())
      })
    #expect(answer == (code, true))
    await done.wait()
    #expect(closed.withLock { $0 } == WebSocketClose(code, "bye"))
  }

  @Test("is closed by the server behind what it has sent; a client that does not answer is let go")
  func serverCloses() async throws {
    var limits = WebSocketLimits()
    limits.close = .milliseconds(60)
    let frames = try await talk(
      limits,
      handler: { _ in
        HTTPResponse(
          status: 200,
          body: .webSocket(
            HTTPWebSocket { connection in
              for index in 0..<100 { try? await connection.send("\(index)") }
              connection.close(WebSocketClose(4_001, "enough"))
              connection.close(WebSocketClose(4_002))
              #expect(!connection.trySend(.text("late")))
            }))
      },
      { client in
        let frames = try (0...100).map { _ in try client.read() }
        return (frames, try client.isEnded())
      })
    #expect(frames.0.dropLast() == ArraySlice((0..<100).map { .text("\($0)") }))
    #expect(frames.0.last?.code == 4_001)
    #expect(frames.1)
  }

  @Test("is pinged again and again, and answers")
  func ping() async throws {
    var limits = WebSocketLimits()
    limits.ping = .milliseconds(30)
    let last = try await talk(limits) { client in
      for _ in 0..<10 {
        let frame = try client.read()
        #expect(frame.opcode == 9)
        try client.send(10, frame.payload)
      }
      try client.send("alive")
      while true {
        let frame = try client.read()
        if frame.opcode == 1 { return frame }
      }
    }
    #expect(last == .text("alive"))
  }

  @Test("ends when the client is silent for too long")
  func silence() async throws {
    var limits = WebSocketLimits()
    (limits.ping, limits.silence) = (.milliseconds(10), .milliseconds(60))
    let cancelled = Gate()
    let pings = try await talk(
      limits,
      handler: { _ in
        HTTPResponse(
          status: 200,
          body: .webSocket(
            HTTPWebSocket { connection in
              while await connection.receive() != nil {}
              cancelled.open()
            }))
      },
      { client in
        var pings = 0
        while let frame = try? client.read() { pings += frame.opcode == 9 ? 1 : 0 }
        return pings
      })
    #expect(pings > 0)
    await cancelled.wait()
  }
}
