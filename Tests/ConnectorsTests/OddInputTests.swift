import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

@Suite("Odd answers of the web", .timeLimit(.minutes(1)))
struct OddInputTests {
  private func execute(
    _ name: String, _ with: JSON, _ head: String, _ body: [UInt8]
  ) async throws -> Result<JSON, Failure> {
    let bench = try Bench()
    let site = try Site { _ in
      var headers = HTTPHeaders()
      for line in head.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1)
        headers.add(String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces))
      }
      return HTTPResponse(status: 200, headers: headers, body: .bytes(body))
    }
    let connector = try #require(
      Catalog.all(curl: site.client, children: BuiltProgram.children).first { $0.description.name == name })
    let attempt = bench.attempt(with, effect: .pure, connection: site.connection())
    let result: Result<JSON, Failure>
    do throws(Failure) { result = .success(try await connector.execute(attempt).value) } catch {
      result = .failure(error)
    }
    await site.stop()
    return result
  }

  private func table(_ head: String, _ body: [UInt8]) async throws -> JSON {
    try await execute("csv.read", [:], head, body).get()
  }

  @Test("an empty table, one with a mark only and one with a header only have no rows")
  func empty() async throws {
    let cases: [(String, JSON)] = [
      ("", []), ("\u{FEFF}", []), ("a,b\r\n", ["a", "b"]), ("\u{FEFF}a,b", ["a", "b"]),
    ]
    for (text, columns) in cases {
      let value = try await table("content-type: text/csv", Array(text.utf8))
      #expect(value["rows"] == [] && value["count"] == 0, "\(text.debugDescription)")
      #expect(value["columns"] == columns, "\(text.debugDescription)")
    }
  }

  @Test("the charset of the answer counts, also behind gzip")
  func encodings() async throws {
    let latin = Array("nome\nS\u{E3}o\n".unicodeScalars.map { UInt8($0.value) })
    #expect(try await table("content-type: text/csv; charset=latin1", latin)["rows"] == [["nome": "São"]])
    let packed = try Self.gzip(latin)
    let value = try await table("content-type: text/csv; charset=iso-8859-1\ncontent-encoding: gzip", packed)
    #expect(value["rows"] == [["nome": "São"]])
    let wrong = try await execute("csv.read", [:], "content-type: text/csv", latin)
    guard case .failure(let failure) = wrong else { return #expect(Bool(false), "latin-1 is no UTF-8") }
    #expect(failure.errorClass == .data)
  }

  @Test("a small answer that unpacks to a large one meets its limit")
  func bomb() async throws {
    let packed = try Self.gzip([UInt8](repeating: 0x20, count: 3_000_000))
    #expect(packed.count < 10_000)
    let result = try await execute(
      "http.download", ["max_size": 1_000_000], "content-type: text/plain\ncontent-encoding: gzip", packed)
    guard case .failure(let failure) = result else { return #expect(Bool(false), "no limit") }
    #expect(failure.errorClass == .outputTooLarge && failure.code == "answer-too-large")
  }

  @Test("a download of no bytes is an artifact of no bytes")
  func nothing() async throws {
    let value = try await execute("http.download", ["name": "n"], "content-type: text/plain", []).get()
    #expect(value["size"] == 0)
    #expect(value["sha256"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test("entities are not expanded, however often they are nested")
  func entityBomb() throws {
    var text = "<!DOCTYPE rss [<!ENTITY a0 \"xxxxxxxxxx\">"
    for level in 1...12 {
      let inner = String(repeating: "&a\(level - 1);", count: 10)
      text += "<!ENTITY a\(level) \"\(inner)\">"
    }
    text += "]><rss><channel><item><title>t&a12;</title></item></channel></rss>"
    // Refused or passed over: both are fine, growing is not: ten million million letters have no end here.
    let feed = Result { () throws(Failure) in try Feed(Array(text.utf8), limit: 10) }
    if case .success(let feed) = feed { #expect(feed.items.allSatisfy { $0.title.utf8.count < 1_000 }) }
  }

  @Test("a feed above 16 MiB is refused")
  func hugeFeed() async throws {
    let item = "<item><title>\(String(repeating: "x", count: 1_000))</title></item>"
    let text = "<rss><channel>" + String(repeating: item, count: 17_500) + "</channel></rss>"
    let result = try await execute("feed.read", [:], "content-type: text/xml", Array(text.utf8))
    guard case .failure(let failure) = result else { return #expect(Bool(false), "no limit") }
    #expect(failure.errorClass == .outputTooLarge || failure.errorClass == .data, "\(failure.message)")
  }

  @Test("an answer cut in its middle is no answer")
  func cut() async throws {
    let client = try CurlClient(version: "test")
    for name in ["http.download", "csv.read", "feed.read"] {
      let server = try BrokenServer(.sendAndClose("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\na,b\n1,2\n"))
      let bench = try Bench()
      let connection = Connection(
        namespace: "demo", name: "site", kind: "http", address: ["url": .string(server.url)],
        allowedEgress: ["127.0.0.0/8"])
      let connector = try #require(
        Catalog.all(curl: client, children: BuiltProgram.children).first { $0.description.name == name })
      let found = await failure { () async throws(Failure) in
        try await connector.execute(bench.attempt([:], effect: .pure, connection: connection))
      }
      #expect(found?.errorClass == .transient && found?.code == "interrupted", "\(name)")
      server.stop()
    }
    await client.stop()
  }

  private static func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/gzip")
    let (input, output) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (input, output)
    try process.run()
    Thread {
      try? input.fileHandleForWriting.write(contentsOf: Data(bytes))
      try? input.fileHandleForWriting.close()
    }.start()
    let packed = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return [UInt8](packed)
  }
}
