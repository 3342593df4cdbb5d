import Foundation
import Testing

@testable import Net

/// An answer with a tag and a date, about a body that is known.
private func answer(_ headers: [(String, String)], _ method: String = "GET", ranges: Bool = true)
  -> HTTPResponse
{
  var response = HTTPResponse(status: 200, type: "application/octet-stream", Array("0123456789".utf8))
  response.headers.add("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")
  response.etag = HTTPEntityTag("v1")
  response.acceptsRanges = ranges
  let request = HTTPRequest(
    method: method, target: "/", headers: HTTPHeaders(headers), peer: .local(uid: 0, pid: 0))
  return response.fitted(to: request, compressedFrom: 1_024)
}

extension HTTPResponse {
  fileprivate var text: String {
    switch body {
    case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
    case .stream, .webSocket: "a stream"
    }
  }
}

@Suite("A condition of a request", .timeLimit(.minutes(1)))
struct ConditionalTests {
  private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
  private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"

  @Test(
    "decides between 200, 304 and 412",
    arguments: [
      (200, []), (304, [("If-None-Match", "\"v1\"")]), (304, [("If-None-Match", "W/\"v1\"")]),
      (304, [("If-None-Match", "\"v0\", \"v1\"")]), (304, [("If-None-Match", "*")]),
      (304, [("If-None-Match", "\"v0\""), ("If-None-Match", "\"v1\"")]),
      (200, [("If-None-Match", "\"v0\"")]), (200, [("If-None-Match", "v1")]),
      (200, [("If-None-Match", "\"v1")]), (200, [("If-None-Match", "")]),
      (304, [("If-Modified-Since", date)]), (200, [("If-Modified-Since", before)]),
      (200, [("If-Modified-Since", "yesterday")]),
      // The tag is asked first, and alone.
      (200, [("If-None-Match", "\"v0\""), ("If-Modified-Since", date)]),
      (200, [("If-Match", "\"v1\"")]), (200, [("If-Match", "*")]), (412, [("If-Match", "\"v0\"")]),
      (412, [("If-Match", "W/\"v1\"")]), (412, [("If-Match", "nonsense")]),
      (200, [("If-Unmodified-Since", date)]), (412, [("If-Unmodified-Since", before)]),
      (412, [("If-Match", "\"v0\""), ("If-None-Match", "\"v1\"")]),
    ] as [(Int, [(String, String)])])
  func outcome(status: Int, headers: [(String, String)]) {
    for method in ["GET", "HEAD"] {
      let response = answer(headers, method)
      #expect(response.status == status)
      if status == 304 {
        #expect(response.text == "")
        #expect(response.headers["content-type"] == nil)
      }
      if status != 412 { #expect(response.headers["etag"] == "\"v1\"") }
    }
  }

  @Test("does not touch what changes something: its handler decides before it acts")
  func changes() throws {
    #expect(answer([("If-None-Match", "\"v1\""), ("Range", "bytes=0-1")], "POST").status == 200)
    let list = try #require(HTTPTagList("\"a\", W/\"b\""))
    #expect(list.allowsChange(of: HTTPEntityTag("a")))
    #expect(!list.allowsChange(of: HTTPEntityTag("b")))
    #expect(!list.allowsChange(of: nil))
    #expect(HTTPTagList("*")?.allowsChange(of: HTTPEntityTag("x")) == true)
    #expect(HTTPTagList("*")?.allowsChange(of: nil) == false)
  }
}

@Suite("A byte range", .timeLimit(.minutes(1)))
struct ByteRangeTests {
  @Test(
    "is a part, the whole or nothing",
    arguments: [
      ("bytes=0-3", 206, "0123", "bytes 0-3/10"), ("bytes=5-", 206, "56789", "bytes 5-9/10"),
      ("bytes=-3", 206, "789", "bytes 7-9/10"), ("bytes=-30", 206, "0123456789", "bytes 0-9/10"),
      ("bytes=9-9", 206, "9", "bytes 9-9/10"), ("bytes=3-99", 206, "3456789", "bytes 3-9/10"),
      ("Bytes= 1-2 ", 206, "12", "bytes 1-2/10"),
      ("bytes=0-99999999999999999999999", 206, "0123456789", "bytes 0-9/10"),
      ("bytes=10-", 416, "", "bytes */10"), ("bytes=99999999999999999999999-", 416, "", "bytes */10"),
      ("bytes=-0", 416, "", "bytes */10"),
    ])
  func part(range: String, status: Int, text: String, told: String) {
    let response = answer([("Range", range)])
    #expect(response.status == status)
    #expect(response.text == text)
    #expect(response.headers["content-range"] == told)
    #expect(response.headers["accept-ranges"] == "bytes")
  }

  @Test(
    "that is none, or several, is not looked at",
    arguments: [
      "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=3-1", "bytes=1", "items=0-1", "bytes=0-1,3-4",
      "bytes=+1-2", "bytes=1--2", "bytes=0x1-2", "bytes=1-2x",
    ])
  func none(range: String) {
    let response = answer([("Range", range)])
    #expect(response.status == 200)
    #expect(response.text == "0123456789")
    #expect(response.headers["content-range"] == nil)
  }

  @Test(
    "holds only for the state that If-Range names",
    arguments: [
      ("\"v1\"", 206), ("\"v0\"", 200), ("W/\"v1\"", 200), ("Sun, 06 Nov 1994 08:49:37 GMT", 206),
      ("Sun, 06 Nov 1994 08:49:38 GMT", 200), ("nonsense", 200),
    ])
  func condition(condition: String, status: Int) {
    #expect(answer([("Range", "bytes=0-1"), ("If-Range", condition)]).status == status)
  }

  @Test("is only for GET, and only where the answer offers it")
  func offered() {
    #expect(answer([("Range", "bytes=0-1")], "HEAD").status == 200)
    #expect(answer([("Range", "bytes=0-1")], "HEAD").headers["accept-ranges"] == "bytes")
    let plain = answer([("Range", "bytes=0-1")], ranges: false)
    #expect(plain.status == 200)
    #expect(plain.headers["accept-ranges"] == nil)
  }

  @Test("of a stream is cut from it, or produced where it can begin in the middle", arguments: [true, false])
  func stream(begins: Bool) async throws {
    let body = Array((0..<30_000).map { "\($0)," }.joined().utf8)
    let server = try TestServer { _ in
      var response = HTTPResponse(status: 200)
      response.acceptsRanges = true
      response.body = .stream(
        begins
          ? HTTPStream(length: body.count) { part, writer in try await writer.write(Array(body[part])) }
          : HTTPStream(.finite, length: body.count) { writer in
            for start in stride(from: 0, to: body.count, by: 1_000) {
              try await writer.write(Array(body[start..<min(start + 1_000, body.count)]))
            }
          })
      return response
    }
    for range in ["0-0", "999-1000", "1000-2999", "5-", "-1", "\(body.count - 1)-"] {
      let text = try await Command.must(["curl", "-sS", "-r", range, server.url + "/"])
      let outcome = ByteRange.outcome("bytes=" + range, length: body.count)
      guard case .part(let part) = outcome else { throw Command.Failure(description: range) }
      #expect(Array(text.utf8) == Array(body[part]), "\(range)")
    }
    #expect(try await Command.must(["curl", "-sS", server.url + "/"]).utf8.count == body.count)
  }
}

@Suite("Compression", .timeLimit(.minutes(1)))
struct CompressionTests {
  @Test(
    "is done for who reads gzip",
    arguments: [
      ("gzip", true), ("deflate, GZIP", true), ("gzip;q=0.1", true), ("*", true), ("x-gzip", true),
      ("br;q=1.0, gzip; q=0.8, *;q=0", true), ("", false), ("identity", false), ("gzip;q=0", false),
      ("gzip; q=0.000", false), ("*;q=0", false), ("*, gzip;q=0", false), ("zip", false),
    ])
  func accepted(header: String, isAccepted: Bool) {
    #expect(Compression.isAccepted(HTTPHeaders([("accept-encoding", header)])) == isAccepted)
  }

  private static let long = String(repeating: "{\"a\":1}", count: 500)

  private func fitted(
    _ type: String, _ body: String = long, accept: String? = "gzip",
    change: (inout HTTPResponse) -> Void = { _ in }
  ) -> HTTPResponse {
    var response = HTTPResponse(status: 200, type: type, Array(body.utf8))
    response.etag = HTTPEntityTag("v1")
    change(&response)
    let headers = HTTPHeaders(accept.map { [("accept-encoding", $0)] } ?? [])
    return response.fitted(
      to: HTTPRequest(method: "GET", target: "/", headers: headers, peer: .local(uid: 0, pid: 0)),
      compressedFrom: 1_024)
  }

  @Test(
    "is for text",
    arguments: [
      ("application/json", true), ("application/problem+json; charset=utf-8", true), ("text/plain", true),
      ("application/yaml", true), ("TEXT/CSV", true), ("image/svg+xml", true), ("image/png", false),
      ("application/octet-stream", false), ("text/event-stream", false), ("application/zip", false),
    ])
  func types(type: String, isCompressed: Bool) {
    let response = fitted(type)
    #expect(response.headers["content-encoding"] == (isCompressed ? "gzip" : nil))
    #expect(response.headers["vary"] == (isCompressed ? "accept-encoding" : nil))
    #expect(response.headers["etag"] == (isCompressed ? "W/\"v1\"" : "\"v1\""))
  }

  @Test("leaves alone what is small, is encoded, offers ranges or holds a secret")
  func exempt() {
    #expect(fitted("application/json", "{}").headers["vary"] == nil)
    #expect(fitted("application/json") { $0.isCompressible = false }.headers["content-encoding"] == nil)
    #expect(fitted("application/json") { $0.acceptsRanges = true }.headers["content-encoding"] == nil)
    #expect(
      fitted("a/b+json") { $0.headers.add("content-encoding", "br") }.headers["content-encoding"] == "br")
    // Who asks for none is told that others get another answer.
    let plain = fitted("application/json", accept: nil)
    #expect(plain.headers["content-encoding"] == nil)
    #expect(plain.headers["vary"] == "accept-encoding")
    #expect(plain.headers["etag"] == "\"v1\"")
  }

  @Test("reads as before at the client, whole or as a stream, and its tag still saves the next answer")
  func curl() async throws {
    let body = (0..<20_000).map { "{\"line\":\($0)}\n" }.joined()
    let server = try TestServer { request in
      var response = HTTPResponse(status: 200, type: "application/json", Array(body.utf8))
      response.etag = HTTPEntityTag("v1")
      if request.path == "/stream" {
        response.body = .stream(
          HTTPStream(.finite, length: body.utf8.count) { writer in
            for line in body.split(separator: "\n") { try await writer.write("\(line)\n") }
          })
      }
      return response
    }
    for path in ["/", "/stream"] {
      let folder = try TemporaryFolder()
      let sizes = try await Command.must([
        "curl", "-sS", "--compressed", "-D", folder("head"), "-o", folder("body"), "-w", "%{size_download}",
        server.url + path,
      ])
      #expect(try String(contentsOfFile: folder("body"), encoding: .utf8) == body)
      #expect(try #require(Int(sizes)) < body.utf8.count / 4)
      let head = try String(contentsOfFile: folder("head"), encoding: .utf8)
      #expect(head.contains("content-encoding: gzip\r\n"))
      #expect(head.contains("vary: accept-encoding\r\n"))
      #expect(head.contains("etag: W/\"v1\"\r\n"))
      let status = try await Command.must([
        "curl", "-sS", "--compressed", "-H", "If-None-Match: W/\"v1\"", "-o", "/dev/null", "-w",
        "%{http_code}",
        server.url + path,
      ])
      #expect(status == "304")
    }
    let head = try await server.exchange(
      "HEAD / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n")
    #expect(head.contains("content-encoding: gzip\r\n"))
    #expect(head.hasSuffix("\r\n\r\n"))
  }
}
