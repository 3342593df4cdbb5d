import Foundation
import Testing

@testable import Net

@Suite("A proxy's header", .timeLimit(.minutes(1)))
struct ProxyHeaderTests {
  private static let mark: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
  private static let v4: [UInt8] = [192, 0, 2, 7, 192, 0, 2, 1, 0x0F, 0xA0, 1, 0xBB]
  private static let client = ProxyHeader.Client(address: IPAddress(v4: 0xC000_0207), port: 4_000)

  @Test(
    "tells the client",
    arguments: [
      ("PROXY TCP4 192.0.2.7 192.0.2.1 4000 443\r\n", "192.0.2.7"),
      ("PROXY TCP6 2001:db8::7 2001:db8::1 4000 443\r\n", "2001:db8::7"),
      ("PROXY TCP6 ::ffff:192.0.2.7 ::1 4000 443\r\n", "192.0.2.7"),
    ])
  func line(text: String, address: String) throws {
    let client = ProxyHeader.Client(address: try #require(IPAddress(address)), port: 4_000)
    let bytes = Array((text + "GET").utf8)
    #expect(ProxyHeader.read(bytes) == .header(client: client, length: text.utf8.count))
    for count in 0..<text.utf8.count { #expect(ProxyHeader.read(bytes.prefix(count)) == .incomplete) }
  }

  @Test("tells the client in binary, with extensions or without")
  func binary() {
    let bytes = Self.mark + [0x21, 0x11, 0, 15] + Self.v4 + [1, 2, 3]
    #expect(ProxyHeader.read(bytes + [71]) == .header(client: Self.client, length: 31))
    for count in bytes.indices { #expect(ProxyHeader.read(bytes.prefix(count)) == .incomplete) }
    let v6 = Self.mark + [0x21, 0x21, 0, 36] + [UInt8](repeating: 1, count: 32) + [1, 2, 3, 4]
    let address = IPAddress(v6: [UInt8](repeating: 1, count: 16).reduce(0) { $0 << 8 | UInt128($1) })
    #expect(ProxyHeader.read(v6) == .header(client: .init(address: address, port: 258), length: 52))
  }

  @Test("may tell no client")
  func local() {
    #expect(ProxyHeader.read(Array("PROXY UNKNOWN\r\n".utf8)) == .header(client: nil, length: 15))
    #expect(ProxyHeader.read(Array("PROXY UNKNOWN a b c d\r\n".utf8)) == .header(client: nil, length: 23))
    #expect(ProxyHeader.read(Self.mark + [0x20, 0, 0, 0]) == .header(client: nil, length: 16))
    #expect(ProxyHeader.read(Self.mark + [0x21, 0x31, 0, 1, 9]) == .header(client: nil, length: 17))
  }

  @Test(
    "is no header where something else begins", arguments: ["GET / HTTP/1.1", "P0", "\u{16}\u{3}", "\r\nG"])
  func other(text: String) { #expect(ProxyHeader.read(Array(text.utf8)) == .none) }

  @Test(
    "is refused where it is not one",
    arguments: [
      "PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP4 192.0.2.7 192.0.2.1 4000\r\n",
      "PROXY TCP4 192.0.2.7 192.0.2.1 4000 443 1\r\n", "PROXY TCP4 192.0.2.7 192.0.2.1 65536 443\r\n",
      "PROXY TCP4 192.0.2.7 192.0.2.1 04000 443\r\n", "PROXY TCP4 2001:db8::7 192.0.2.1 4000 443\r\n",
      "PROXY TCP6 192.0.2.7 192.0.2.1 4000 443\r\n", "PROXY TCP4 192.0.2.07 192.0.2.1 4000 443\r\n",
      "PROXY  TCP4 192.0.2.7 192.0.2.1 4000 443\r\n", "PROXY TCP4 192.0.2.7 192.0.2.1 4000 443\n",
      "PROXY UDP4 192.0.2.7 192.0.2.1 4000 443\r\n", "PROXY UNKNOWN " + String(repeating: "a", count: 100),
    ])
  func malformed(text: String) { #expect(ProxyHeader.read(Array(text.utf8)) == .malformed) }

  @Test("is refused in binary where it is not one")
  func malformedBinary() {
    for rest: [UInt8] in [
      [0x11, 0x11, 0, 12] + Self.v4, [0x22, 0x11, 0, 12] + Self.v4, [0x21, 0x11, 0, 11] + Self.v4,
      [0x21, 0x21, 0, 12] + Self.v4, [0x21, 0x11, 0xFF, 0xFF],
    ] {
      #expect(ProxyHeader.read(Self.mark + rest) == .malformed)
    }
  }
}

@Suite("Behind a proxy", .timeLimit(.minutes(1)))
struct BehindProxyTests {
  private static let get = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
  private static let line = "PROXY TCP4 192.0.2.7 192.0.2.1 4000 443\r\n"

  /// Tells the client, and whether it is encrypted, of each request; from `networks` proxies are believed.
  private static func answer(
    _ text: String, from networks: [String], _ limits: HTTPLimits = HTTPLimits()
  ) async throws -> String {
    let server = try HTTPServer(
      .tcp(.loopback, port: 0), limits: limits, proxies: HTTPProxies(networks.compactMap { CIDR($0) })
    ) { request in
      let text = "\(request.peer.address?.description ?? "-") \(request.isSecure)"
      return HTTPResponse(status: 200, type: "text/plain", Array(text.utf8))
    }
    let port = server.port ?? 0
    let answer = try await onThread {
      let socket = try RawSocket(port: port)
      try socket.send(text)
      return try socket.readToEnd()
    }
    await server.stop(grace: .zero)
    return answer
  }

  @Test(
    "a client is whom a trusted proxy names",
    arguments: [
      (get + "\r\n", "127.0.0.1 false"), (line + get + "\r\n", "192.0.2.7 false"),
      (get + "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n\r\n", "198.51.100.1 true"),
      // What the client wrote itself stands left of what the proxies add.
      (get + "X-Forwarded-For: 10.0.0.1, 198.51.100.1\r\n\r\n", "198.51.100.1 false"),
      (get + "X-Forwarded-For: 198.51.100.1, 127.0.0.2\r\n\r\n", "198.51.100.1 false"),
      (get + "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n", "198.51.100.1 false"),
      (get + "X-Forwarded-For: [2001:db8::7]:80\r\n\r\n", "2001:db8::7 false"),
      (get + "X-Forwarded-For: 198.51.100.1:4000\r\n\r\n", "198.51.100.1 false"),
      (get + "X-Forwarded-For: 1.1.1.1, nonsense\r\n\r\n", "127.0.0.1 false"),
      (get + "X-Forwarded-For: 127.0.0.2\r\n\r\n", "127.0.0.2 false"),
      // The client that the PROXY header names is no proxy of ours.
      (line + get + "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n\r\n", "192.0.2.7 false"),
    ])
  func trusted(request: String, client: String) async throws {
    let answer = try await Self.answer(request, from: ["127.0.0.0/8"])
    #expect(answer.hasPrefix("HTTP/1.1 200"))
    #expect(answer.hasSuffix("\r\n\r\n" + client))
  }

  @Test("who is no proxy of ours is not believed, and a PROXY header from there is a bad request")
  func untrusted() async throws {
    for networks in [[], ["192.0.2.0/24"]] {
      #expect(try await Self.answer(Self.line + Self.get + "\r\n", from: networks).hasPrefix("HTTP/1.1 400"))
      let binary = "\r\n\r\n\u{0}\r\nQUIT\n!\u{11}\u{0}\u{0C}aaaabbbbcccc"
      #expect(try await Self.answer(binary + Self.get + "\r\n", from: networks).hasPrefix("HTTP/1.1 400"))
      let forged = Self.get + "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n\r\n"
      #expect(try await Self.answer(forged, from: networks).hasSuffix("\r\n\r\n127.0.0.1 false"))
    }
  }

  @Test("a malformed header is refused, and half of one is not waited for without end")
  func malformed() async throws {
    var limits = HTTPLimits()
    limits.handshake = .milliseconds(60)
    let networks = ["127.0.0.0/8"]
    #expect(
      try await Self.answer("PROXY TCP4 a b c d\r\n" + Self.get + "\r\n", from: networks)
        .hasPrefix("HTTP/1.1 400"))
    #expect(try await Self.answer("PROXY TCP4 ", from: networks, limits) == "")
  }
}
