import Foundation
import Synchronization
import Testing

@testable import Net

/// One attempt to make two readers of the same bytes see different requests, after its class.
struct Smuggling: Sendable, CustomTestStringConvertible {
  var name: String
  var bytes: String
  /// What this server answers first.
  var status: Int
  var testDescription: String { name }

  init(_ name: String, _ status: Int, _ bytes: String) {
    (self.name, self.status, self.bytes) = (name, status, bytes)
  }

  private static func post(_ fields: String, _ body: String, version: String = "1.1") -> String {
    "POST /first HTTP/\(version)\r\nHost: x\r\n\(fields)\r\n\(body)"
  }

  private static let hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
  private static let chunked = "Transfer-Encoding: chunked\r\n"

  static let lengths = [
    Smuggling("CL.TE", 400, post("Content-Length: 6\r\n" + chunked, "0\r\n\r\n" + hidden)),
    Smuggling("TE.CL", 400, post(chunked + "Content-Length: 4\r\n", "5c\r\n" + hidden + "0\r\n\r\n")),
    Smuggling("CL.TE with a zero length", 400, post("Content-Length: 0\r\n" + chunked, "0\r\n\r\n" + hidden)),
    Smuggling("CL.CL, different", 400, post("Content-Length: 0\r\nContent-Length: 33\r\n", hidden)),
    Smuggling("CL.CL, equal", 400, post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc" + hidden)),
    Smuggling("CL.CL in one field", 400, post("Content-Length: 0, 33\r\n", hidden)),
    Smuggling("CL with a sign", 400, post("Content-Length: +0\r\n", hidden)),
    Smuggling("CL, negative", 400, post("Content-Length: -1\r\n", hidden)),
    Smuggling("CL in base 16", 400, post("Content-Length: 0x2c\r\n", hidden)),
    Smuggling("CL with a fraction", 400, post("Content-Length: 0.0\r\n", hidden)),
    Smuggling("CL, empty", 400, post("Content-Length: \r\n", hidden)),
    Smuggling("CL with a space within", 400, post("Content-Length: 4 4\r\n", hidden)),
    Smuggling("CL beyond 64 bits", 400, post("Content-Length: 18446744073709551616\r\n", hidden)),
    Smuggling("CL with a vertical tab", 400, post("Content-Length:\u{B}0\r\n", hidden)),
    Smuggling("CL with other digits", 400, post("Content-Length: ١\r\n", hidden)),
    Smuggling("CL.0 is a body that is not looked at", 200, post("Content-Length: 33\r\n", hidden)),
  ]

  static let encodings = [
    Smuggling("TE.TE, an unknown one behind", 501, post("Transfer-Encoding: chunked, x\r\n", hidden)),
    Smuggling("TE.TE, an unknown one before", 501, post("Transfer-Encoding: x, chunked\r\n", hidden)),
    Smuggling("TE.TE in two fields", 501, post(chunked + "Transfer-Encoding: x\r\n", hidden)),
    Smuggling("TE.TE, chunked twice", 501, post(chunked + chunked, "0\r\n\r\n" + hidden)),
    Smuggling("TE identity", 501, post("Transfer-Encoding: identity\r\n", hidden)),
    Smuggling(
      "TE identity beside CL", 400,
      post("Transfer-Encoding: identity\r\nContent-Length: 3\r\n", "abc" + hidden)),
    Smuggling("TE misspelled", 501, post("Transfer-Encoding: xchunked\r\n", hidden)),
    Smuggling("TE in quotes", 501, post("Transfer-Encoding: \"chunked\"\r\n", hidden)),
    Smuggling("TE with a parameter", 501, post("Transfer-Encoding: chunked;a=b\r\n", hidden)),
    Smuggling("TE with a comma behind", 501, post("Transfer-Encoding: chunked,\r\n", hidden)),
    Smuggling("TE with a vertical tab", 400, post("Transfer-Encoding:\u{B}chunked\r\n", hidden)),
    Smuggling("TE with a form feed", 400, post("Transfer-Encoding: chunked\u{C}\r\n", hidden)),
    Smuggling("TE, empty", 501, post("Transfer-Encoding:\r\n", hidden)),
    Smuggling("TE folded", 400, post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n" + hidden)),
    Smuggling("TE with a space before the colon", 400, post("Transfer-Encoding : chunked\r\n", hidden)),
    Smuggling("TE with a tab before the colon", 400, post("Transfer-Encoding\t: chunked\r\n", hidden)),
    Smuggling("TE behind a space", 400, post(" Transfer-Encoding: chunked\r\n", hidden)),
    Smuggling("TE behind a bare LF", 400, post("X: a\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden)),
    Smuggling("TE behind a bare CR", 400, post("X: a\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden)),
    Smuggling("TE behind NUL", 400, post("X: a\u{0}Transfer-Encoding: chunked\r\n", hidden)),
    Smuggling("TE with an underscore is another field", 200, post("Transfer_Encoding: chunked\r\n", "")),
    Smuggling("TE in HTTP/1.0", 400, post(chunked, "0\r\n\r\n" + hidden, version: "1.0")),
    Smuggling("TE in another case is the same", 200, post("tRANSFER-eNCODING: CHUNKED\r\n", "0\r\n\r\n")),
  ]

  static let chunks = [
    Smuggling("chunk size beyond 64 bits", 400, post(chunked, "10000000000000000\r\na\r\n")),
    Smuggling("chunk size of 2^64 - 1", 413, post(chunked, "ffffffffffffffff\r\na\r\n")),
    Smuggling("chunk size with many zeros", 200, post(chunked, "00000000000000001\r\na\r\n0\r\n\r\n")),
    Smuggling("chunk size with a sign", 400, post(chunked, "+1\r\na\r\n0\r\n\r\n")),
    Smuggling("chunk size with 0x", 400, post(chunked, "0x1\r\na\r\n0\r\n\r\n")),
    Smuggling("chunk size with an underscore", 400, post(chunked, "1_0\r\na\r\n0\r\n\r\n")),
    Smuggling("chunk size behind a space", 400, post(chunked, " 1\r\na\r\n0\r\n\r\n")),
    Smuggling("chunk size before a space", 400, post(chunked, "1 \r\na\r\n0\r\n\r\n")),
    Smuggling("chunk size, empty", 400, post(chunked, "\r\na\r\n0\r\n\r\n")),
    Smuggling("chunk extension", 200, post(chunked, "1;a=b\r\na\r\n0\r\n\r\n")),
    Smuggling("chunk extension with a bare LF", 400, post(chunked, "1;a\na\r\n0\r\n\r\n" + hidden)),
    Smuggling("chunk extension with a bare CR", 400, post(chunked, "1;a\rb\r\na\r\n0\r\n\r\n" + hidden)),
    Smuggling(
      "chunk extensions without end", 400, post(chunked, "1;" + String(repeating: "a", count: 40_000))),
    Smuggling("chunk that ends in LF", 400, post(chunked, "1\na\r\n0\r\n\r\n")),
    Smuggling("chunk longer than its size", 400, post(chunked, "1\r\nab\r\n0\r\n\r\n")),
    Smuggling("chunk data that ends in LF", 400, post(chunked, "1\r\na\n0\r\n\r\n")),
    Smuggling("chunk data that ends in CR", 400, post(chunked, "1\r\na\r0\r\n\r\n")),
    Smuggling("trailer", 400, post(chunked, "0\r\nX: a\r\n\r\n" + hidden)),
    Smuggling("trailer with a length", 400, post(chunked, "0\r\nContent-Length: 33\r\n\r\n" + hidden)),
    Smuggling("trailer with a bare LF", 400, post(chunked, "0\r\n\n" + hidden)),
  ]

  static let heads = [
    Smuggling(
      "absolute target with another host", 400, "GET http://y/first HTTP/1.1\r\nHost: x\r\n\r\n" + hidden),
    Smuggling("authority as target", 400, "GET x:80 HTTP/1.1\r\nHost: x\r\n\r\n" + hidden),
    Smuggling("no Host", 400, "GET /first HTTP/1.1\r\n\r\n" + hidden),
    Smuggling("two Hosts", 400, "GET /first HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + hidden),
    Smuggling("Host with a path", 400, "GET /first HTTP/1.1\r\nHost: x/y\r\n\r\n" + hidden),
    Smuggling("Host with a user", 400, "GET /first HTTP/1.1\r\nHost: a@x\r\n\r\n" + hidden),
    Smuggling("Host with a space before the colon", 400, "GET /first HTTP/1.1\r\nHost : x\r\n\r\n" + hidden),
    Smuggling("bare LF throughout", 400, "GET /first HTTP/1.1\nHost: x\n\n" + hidden),
    Smuggling("LF between head and body", 400, "GET /first HTTP/1.1\r\nHost: x\r\n\n" + hidden),
    Smuggling("CR CR LF", 400, "GET /first HTTP/1.1\r\nHost: x\r\r\n\r\n" + hidden),
    Smuggling("CRLF in escapes stays one target", 200, "GET /first%0d%0aX:%20a HTTP/1.1\r\nHost: x\r\n\r\n"),
    Smuggling(
      "obsolete folding with a tab", 400, "GET /first HTTP/1.1\r\nHost: x\r\nX: a\r\n\tb\r\n\r\n" + hidden),
    Smuggling("NUL in a name", 400, "GET /first HTTP/1.1\r\nHost: x\r\nX\u{0}: a\r\n\r\n" + hidden),
    Smuggling("NUL in the target", 400, "GET /fi\u{0}rst HTTP/1.1\r\nHost: x\r\n\r\n" + hidden),
    Smuggling("DEL in a value", 400, "GET /first HTTP/1.1\r\nHost: x\r\nX: \u{7F}\r\n\r\n" + hidden),
    Smuggling("a name without a colon", 400, "GET /first HTTP/1.1\r\nHost: x\r\nX\r\n\r\n" + hidden),
    Smuggling("a field without a name", 400, "GET /first HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n" + hidden),
    Smuggling("a name in quotes", 400, "GET /first HTTP/1.1\r\nHost: x\r\n\"X\": a\r\n\r\n" + hidden),
    Smuggling("a request line of four words", 400, "GET /first HTTP/1.1 x\r\nHost: x\r\n\r\n" + hidden),
    Smuggling("a tab in the request line", 400, "GET\t/first HTTP/1.1\r\nHost: x\r\n\r\n" + hidden),
    Smuggling("HTTP/0.9", 400, "GET /first\r\n\r\n" + hidden),
    Smuggling("HTTP/1.10", 505, "GET /first HTTP/1.10\r\nHost: x\r\n\r\n" + hidden),
    Smuggling("http in lower case", 400, "GET /first http/1.1\r\nHost: x\r\n\r\n" + hidden),
    Smuggling("the preface of HTTP/2", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hidden),
    Smuggling("a method in lower case", 501, "get /first HTTP/1.1\r\nHost: x\r\n\r\n" + hidden),
  ]
}

@Suite("Request smuggling", .timeLimit(.minutes(1)))
struct SmugglingTests {
  @Test("by lengths", arguments: Smuggling.lengths)
  func lengths(attempt: Smuggling) async throws { try await check(attempt) }

  @Test("by encodings", arguments: Smuggling.encodings)
  func encodings(attempt: Smuggling) async throws { try await check(attempt) }

  @Test("by chunks", arguments: Smuggling.chunks)
  func chunks(attempt: Smuggling) async throws { try await check(attempt) }

  @Test("by heads", arguments: Smuggling.heads)
  func heads(attempt: Smuggling) async throws { try await check(attempt) }

  /// Whatever pieces it comes in, the attempt has that answer, and the hidden request is seen by nobody.
  private func check(_ attempt: Smuggling) async throws {
    var limits = HTTPLimits()
    limits.bodyBytes = 1_000
    // A connection that is not closed by a refusal ends by itself, and what follows has its chance till then.
    (limits.idle, limits.bodyRead, limits.headRead) = (.milliseconds(150), .seconds(1), .seconds(1))
    let seen = Mutex<[String]>([])
    let server = try TestServer(limits) { request in
      seen.withLock { $0.append(request.path) }
      return echo(request)
    }
    let path = server.path
    let bytes = Array(attempt.bytes.utf8)
    for size in bytes.count > 1_000 ? [bytes.count] : [bytes.count, 1] {
      let answer = try await onThread {
        let socket = try RawSocket(path)
        // A refusal may come before the last piece.
        for start in stride(from: 0, to: bytes.count, by: size) {
          guard (try? socket.send(Array(bytes[start..<min(start + size, bytes.count)]))) != nil else { break }
        }
        return try socket.readToEnd()
      }
      #expect(answer.hasPrefix("HTTP/1.1 \(attempt.status) "), "\(answer.prefix(200))")
      #expect(answer.components(separatedBy: "\r\ndate: ").count == 2, "There is more than one answer.")
      #expect(!seen.withLock { $0 }.contains("/hidden"))
    }
  }
}
