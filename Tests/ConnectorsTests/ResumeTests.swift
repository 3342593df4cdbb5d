import Crypto
import Engine
import Foundation
import Model
import Testing

@testable import Connectors

@Suite("A transfer that breaks off", .timeLimit(.minutes(1)))
struct ResumeTests {
  private static let begin = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n"
  private static let rest =
    "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 5-9/10\r\ncontent-length: 5\r\n\r\n56789"
  private static let whole = Array("0123456789".utf8)

  private func half(_ headers: String) -> BrokenServer.Turn {
    .sendAndClose("\(Self.begin)\(headers)\r\n01234")
  }

  private func connection(_ server: BrokenServer) -> Connection {
    Connection(
      namespace: "demo", name: "site", kind: "http", address: ["url": .string(server.url)],
      allowedEgress: ["127.0.0.0/8"])
  }

  private func download(
    _ server: BrokenServer, _ bench: Bench, _ with: JSON = ["path": "/file.bin"]
  ) async throws(Failure) -> AttemptOutput {
    try await HTTPDownload(client: bench.client).execute(
      bench.attempt(with, effect: .pure, connection: connection(server)))
  }

  @Test(
    "goes on behind what came, if a tag or a time says that it is the same file",
    arguments: [
      ("etag: \"a\"\r\n", "if-range: \"a\""),
      ("last-modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "if-range: Sun, 06 Nov 1994 08:49:37 GMT"),
    ])
  func goesOn(headers: String, asked: String) async throws {
    let (bench, server) = (try Bench(), try BrokenServer(half(headers), .send(Self.rest)))
    let output = try await download(server, bench)
    #expect(output.value["size"] == 10 && output.value["status"] == 200)
    #expect(bench.bytes(of: try #require(output.artifacts.first)) == Self.whole)
    #expect(output.value["sha256"] == .string(SHA256.hex(Self.whole)))
    let second = try #require(server.heads.last).lowercased()
    #expect(second.contains("range: bytes=5-") && second.contains(asked.lowercased()))
    #expect(!second.contains("accept-encoding") && server.requests.count == 2)
    server.stop()
  }

  @Test("begins anew where the file has changed meanwhile")
  func changed() async throws {
    let other = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\netag: \"b\"\r\n\r\nnew"
    let (bench, server) = (try Bench(), try BrokenServer(half("etag: \"a\"\r\n"), .send(other)))
    let output = try await download(server, bench)
    #expect(bench.bytes(of: try #require(output.artifacts.first)) == Array("new".utf8))
    server.stop()
  }

  @Test("over and over goes on each time, and not for ever")
  func often() async throws {
    func piece(_ from: Int) -> BrokenServer.Turn {
      .sendAndClose(
        "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes \(from)-9/10\r\ncontent-length: "
          + "\(10 - from)\r\n\r\n\(from)")
    }
    let (bench, server) = (
      try Bench(), try BrokenServer(half("etag: \"a\"\r\n"), piece(5), piece(6), piece(7), piece(8), piece(9))
    )
    let found = await failure { () async throws(Failure) in try await download(server, bench) }
    #expect(found?.code == "interrupted" && server.requests.count == Download.tries)
    server.stop()
  }

  @Test(
    "fails where nothing says that it is the same file, or the part is another one",
    arguments: [
      ("", 1), ("etag: W/\"a\"\r\n", 1), ("etag: \"a\"\r\naccept-ranges: none\r\n", 1),
      ("etag: \"a\"\r\n", 2),
    ])
  func fails(headers: String, requests: Int) async throws {
    let other =
      "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 0-4/10\r\ncontent-length: 5\r\n\r\n01234"
    let (bench, server) = (try Bench(), try BrokenServer(half(headers), .send(other)))
    let found = await failure { () async throws(Failure) in try await download(server, bench) }
    #expect(found?.errorClass == .transient && found?.code == "interrupted", "\(found?.message ?? "")")
    #expect(server.requests.count == requests)
    server.stop()
  }

  @Test("is compared with the hash that was announced")
  func checksum() async throws {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789"
    for (hash, code) in [(SHA256.hex(Self.whole).uppercased(), nil), (SHA256.hex([]), "checksum")] {
      let (bench, server) = (try Bench(), try BrokenServer(.send(answer)))
      let found = await failure { () async throws(Failure) in
        try await download(server, bench, ["path": "/x", "sha256": .string(hash)])
      }
      #expect(found?.code == code && found?.errorClass == (code == nil ? nil : .data))
      server.stop()
    }
  }

  @Test("from S3 goes on with the same object, and tells where it became another one")
  func store() async throws {
    let headers = "etag: \"a\"\r\nx-amz-meta-sha256: \(SHA256.hex(Self.whole))\r\n"
    let gone = "HTTP/1.1 412 Precondition Failed\r\ncontent-length: 0\r\n\r\n"
    for (second, code) in [(Self.rest, nil), (gone, "interrupted")] {
      let (bench, server) = (try Bench(), try BrokenServer(half(headers), .send(second)))
      let found = await failure { () async throws(Failure) in
        let output = try await S3Get(client: bench.client).execute(
          bench.attempt(
            ["bucket": "bucket", "key": "k"], effect: .pure,
            connection: S3Bench.connection("minio", server.url), credential: S3Bench.credential()))
        #expect(output.value["size"] == 10)
        return output
      }
      #expect(found?.code == code, "\(found?.message ?? "")")
      let asked = try #require(server.heads.last).lowercased()
      #expect(asked.contains("range: bytes=5-") && asked.contains("if-match: \"a\""))
      server.stop()
    }
  }
}
