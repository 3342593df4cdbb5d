import Foundation
import Testing

@testable import Net

/// A server that speaks TLS on a free port.
private final class SecureServer: Sendable {
  let certificates: TestCertificates
  let certificate: TLSCertificate
  let server: HTTPServer
  var port: UInt16 { server.port ?? 0 }
  var url: String { "https://127.0.0.1:\(port)" }

  init(
    _ limits: HTTPLimits = HTTPLimits(), proxies: HTTPProxies = .none, loops: Int = 1,
    handler: @escaping HTTPServer.Handler
  ) async throws {
    certificates = try await TestCertificates()
    certificate = try TLSCertificate(certificate: certificates.certificate, key: certificates.key)
    server = try HTTPServer(
      .tcp(.loopback, port: 0, tls: certificate), limits: limits, proxies: proxies, loops: loops,
      handler: handler)
  }

  func curl(_ arguments: String..., input: String = "") async throws -> String {
    try await Command.must(
      ["curl", "--silent", "--show-error", "--fail", "--cacert", certificates.certificate] + arguments,
      input: input)
  }

  /// What `openssl s_client` says of a handshake.
  func handshake(_ arguments: String...) async throws -> String {
    try await Command.run(
      ["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", certificates.certificate]
        + arguments
    ).text
  }

  deinit {
    let server = server
    Task { await server.stop(grace: .zero) }
  }
}

@Suite("An HTTP server with TLS", .timeLimit(.minutes(1)))
struct TLSTests {
  @Test("answers curl, which checks the certificate, several times on one connection")
  func curl() async throws {
    let server = try await SecureServer { request in
      #expect(request.isSecure)
      return echo(request)
    }
    let text = try await server.curl("\(server.url)/a", "\(server.url)/b", "--data", "body")
    #expect(text == "POST /a bodyPOST /b body")
    #expect(server.server.counts.connections == 1)
  }

  @Test("brings 20 MB both ways", arguments: [1, 2])
  func large(loops: Int) async throws {
    var limits = HTTPLimits()
    limits.bodyBytes = 32 << 20
    let server = try await SecureServer(limits, loops: loops) {
      HTTPResponse(status: 200, type: "a/b", $0.body)
    }
    let folder = try TemporaryFolder()
    let body = Data((0..<(20 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
    try body.write(to: URL(filePath: folder("in")))
    _ = try await server.curl("--data-binary", "@" + folder("in"), "--output", folder("out"), server.url)
    #expect(try Data(contentsOf: URL(filePath: folder("out"))) == body)
  }

  @Test("streams what is produced while it is sent")
  func stream() async throws {
    let server = try await SecureServer { _ in
      HTTPResponse(
        status: 200,
        body: .stream(
          HTTPStream(.finite) { writer in for index in 0..<10_000 { try await writer.write("\(index)\n") } }))
    }
    let text = try await server.curl(server.url)
    #expect(text == (0..<10_000).map { "\($0)\n" }.joined())
  }

  @Test("agrees on http/1.1, and speaks 1.2 and 1.3 with forward secrecy only")
  func protocols() async throws {
    let server = try await SecureServer { echo($0) }
    let newest = try await server.handshake("-alpn", "h2,http/1.1")
    #expect(newest.contains("ALPN protocol: http/1.1"))
    #expect(newest.contains("TLSv1.3"))
    #expect(try await server.handshake("-tls1_2").contains("Cipher is ECDHE-ECDSA-"))
    for arguments in [
      ["-tls1_1"], ["-tls1"], ["-tls1_2", "-cipher", "AES128-SHA"], ["-tls1_2", "-cipher", "ECDHE+SHA"],
      ["-alpn", "h2"],
    ] {
      let text = try await Command.run(
        ["openssl", "s_client", "-connect", "127.0.0.1:\(server.port)"] + arguments
      ).text
      #expect(text.contains("Cipher is (NONE)"), "\(arguments)")
    }
  }

  @Test("takes a new certificate without a restart, and keeps the old one where the new one is broken")
  func reload() async throws {
    let server = try await SecureServer { echo($0) }
    #expect(try await server.handshake().contains("CN = first"))
    try await server.certificates.make("second")
    #expect(try await server.handshake().contains("CN = first"))
    try server.certificate.reload()
    #expect(try await server.handshake().contains("CN = second"))

    let key = try Data(contentsOf: URL(filePath: server.certificates.key))
    for broken in ["", "not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
      try Data(broken.utf8).write(to: URL(filePath: server.certificates.key))
      let error = #expect(throws: CertificateError.self) { try server.certificate.reload() }
      #expect(error?.file == server.certificates.key)
    }
    try key.write(to: URL(filePath: server.certificates.key))
    try FileManager.default.removeItem(atPath: server.certificates.certificate)
    let error = #expect(throws: CertificateError.self) { try server.certificate.reload() }
    #expect(error?.file == server.certificates.certificate)
    let sentence = error?.description ?? ""
    #expect(sentence.contains("holds no certificate"))
    #expect(
      try await Command.run(["openssl", "s_client", "-connect", "127.0.0.1:\(server.port)"]).text
        .contains("CN = second"))
  }

  @Test("refuses a key that does not fit, or asks for a passphrase")
  func keys() async throws {
    let (first, second) = (try await TestCertificates(), try await TestCertificates())
    let error = #expect(throws: CertificateError.self) {
      try TLSCertificate(certificate: first.certificate, key: second.key)
    }
    #expect(error?.file == second.key)
    _ = try await Command.must([
      "openssl", "ec", "-in", first.key, "-aes256", "-passout", "pass:secret", "-out", second.key,
    ])
    #expect(throws: CertificateError.self) {
      try TLSCertificate(certificate: first.certificate, key: second.key)
    }
  }

  @Test(
    "lets go of a client that does not finish its handshake, or does not begin one",
    arguments: ["", "\u{16}\u{3}\u{1}", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
  func unfinished(bytes: String) async throws {
    var limits = HTTPLimits()
    limits.handshake = .milliseconds(80)
    let server = try await SecureServer(limits) { echo($0) }
    let port = server.port
    let answer = try await onThread {
      let socket = try RawSocket(port: port)
      try socket.send(bytes)
      return try socket.readToEnd()
    }
    #expect(!answer.contains("HTTP/"))
    #expect(server.server.counts.failedHandshakes == 1)
    #expect(server.server.counts.requests == 0)
  }

  @Test("says goodbye in TLS, so that an end is told from a cut")
  func goodbye() async throws {
    let server = try await SecureServer { echo($0) }
    let text = try await Command.must(
      ["python3", "-", "\(server.port)", server.certificates.certificate],
      input: """
        import socket, ssl, sys
        context = ssl.create_default_context(cafile=sys.argv[2])
        with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as raw:
            with context.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False) as s:
                s.sendall(b"GET /x HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
                text = b""
                while True:
                    more = s.recv(65536)
                    if not more:
                        break
                    text += more
                print(text.decode().split("\\r\\n\\r\\n")[1])
        """)
    #expect(text == "GET /x \n")
  }

  @Test("carries WebSockets, and what a proxy says before the handshake")
  func webSocket() async throws {
    let proxies = HTTPProxies([try #require(CIDR("127.0.0.0/8"))])
    let server = try await SecureServer(proxies: proxies) { request in
      let peer = request.peer
      return HTTPResponse(
        status: 200,
        body: .webSocket(
          HTTPWebSocket { connection in
            while case .text(let text)? = await connection.receive() {
              try? await connection.send("\(text) of \(peer.address?.description ?? "nobody")")
            }
          }))
    }
    let text = try await Command.must(
      ["python3", "-", "\(server.port)", server.certificates.certificate],
      input: """
        import os, socket, ssl, sys
        context = ssl.create_default_context(cafile=sys.argv[2])
        raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        raw.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 443\\r\\n")
        s = context.wrap_socket(raw, server_hostname="localhost")
        s.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
                  b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n")
        f = s.makefile("rb")
        while f.readline() != b"\\r\\n":
            pass
        def send(text):
            mask = os.urandom(4)
            body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))
            s.sendall(bytes([0x81, 0x80 | len(text)]) + mask + body)
        for word in (b"hello", b"again"):
            send(word)
            head = f.read(2)
            print(f.read(head[1]).decode())
        """)
    #expect(text == "hello of 192.0.2.7\nagain of 192.0.2.7\n")
  }
}
