import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

@Suite("csv.read", .timeLimit(.minutes(1)))
struct CSVTests {
  private func read(_ with: JSON, _ bench: Bench) async throws(Failure) -> JSON {
    guard let client = try? CurlClient(version: "test") else { throw Failure(.internal, "no client") }
    return try await CSVRead(client: client).execute(bench.attempt(with, effect: .pure)).value
  }

  @Test("reads quotes, line ends, empty lines and short rows as RFC 4180 and its users mean them")
  func dialect() async throws {
    let bench = try Bench()
    let text = "\u{FEFF}a,b,c\r\n1,\"x, \"\"y\"\"\r\nz\",3\n\n4,5\n\"\",,\"6\""
    let value = try await read(["text": .string(text)], bench)
    #expect(
      value == [
        "rows": [
          ["a": "1", "b": "x, \"y\"\r\nz", "c": "3"], ["a": "4", "b": "5", "c": ""],
          ["a": "", "b": "", "c": "6"],
        ],
        "count": 3, "columns": ["a", "b", "c"], "truncated": false,
      ])
  }

  @Test("gives the same rows whatever the pieces in which the bytes come")
  func pieces() throws {
    let bytes = Array("a,b\r\n\"1\"\"\",2\r\n3,\"\r\n\"\r\n".utf8)
    for size in 1...bytes.count {
      var parser = CSVParser(delimiter: UInt8(ascii: ","), quote: UInt8(ascii: "\""))
      var records: [[String]] = []
      let take = { (record: [[UInt8]]) -> Bool in
        records.append(record.map { String(decoding: $0, as: UTF8.self) })
        return true
      }
      var start = 0
      while start < bytes.count {
        _ = try parser.feed(bytes[start..<min(start + size, bytes.count)]) { record throws(CSVParser.Fault) in
          take(record)
        }
        start += size
      }
      try parser.finish { record throws(CSVParser.Fault) in take(record) }
      #expect(records == [["a", "b"], ["1\"", "2"], ["3", "\r\n"]], "pieces of \(size)")
    }
  }

  @Test("takes columns, a limit, no header, no quoting and another delimiter")
  func choices() async throws {
    let bench = try Bench()
    let text: JSON = "a;b\n1;\"2\n3;4\n"
    #expect(
      try await read(["text": text, "quoting": false, "columns": ["b"], "limit": 1], bench)
        == ["rows": [["b": "\"2"]], "count": 1, "columns": ["b"], "truncated": true])
    let bare = try await read(["text": "1|2", "header": false], bench)
    #expect(bare["rows"] == [["column_1": "1", "column_2": "2"]])
  }

  @Test("reads artifacts and files in older encodings")
  func encodings() async throws {
    let bench = try Bench()
    let path = try bench.files(["t.csv": ""]) + "/t.csv"
    try Data([0x61, 0x0A, 0x80, 0xE7]).write(to: URL(filePath: path))
    let client = try CurlClient(version: "test")
    for (encoding, text) in [("windows-1252", "€ç"), ("latin-1", "\u{80}ç")] {
      let with: JSON = ["file": "t.csv", "encoding": .string(encoding)]
      let value = try await CSVRead(client: client).execute(
        bench.attempt(with, effect: .pure, files: bench.root + "/files")
      ).value
      #expect(value["rows"] == [["a": .string(text)]])
    }
    let handle = bench.keep("a\nb", name: "x.csv")
    #expect(try await read(["artifact": handle.json], bench)["rows"] == [["a": "b"]])
  }

  @Test("says what is wrong, and is bounded")
  func failures() async throws {
    let bench = try Bench()
    let long = "a\n" + String(repeating: String(repeating: "x", count: 1_000) + "\n", count: 4_300)
    let cases: [(JSON, ErrorClass, String)] = [
      (["text": "a\n\"1"], .data, "The quote that opens on line 2 never closes."),
      (["text": "a\n\"1\"x"], .data, "On line 2 something follows a closing quote."),
      (["text": "a\n1,2", "delimiter": ","], .data, "Row 1 has 2 fields, more than the 1 of the header."),
      (["text": "a", "columns": ["b"]], .data, "There is no column `b`; the header has: a."),
      (["text": .string(long)], .outputTooLarge, "The rows are more than 4 MiB"),
      (["text": "a", "file": "x"], .configuration, "Give only one of"),
      ([:], .configuration, "Nothing says where to ask"),
    ]
    for (with, errorClass, message) in cases {
      let found = await failure { () async throws(Failure) in try await read(with, bench) }
      #expect(found?.errorClass == errorClass)
      #expect(found?.message.hasPrefix(message) == true, "\(found?.message ?? "")")
    }
  }
}

@Suite("feed.read", .timeLimit(.minutes(1)))
struct FeedTests {
  static let rss = """
    <?xml version="1.0"?><rss version="2.0" \
    xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title> News </title>
    <item><title>A &amp; B</title><link>http://x/1</link><guid>g1</guid>
    <pubDate>Fri, 20 Nov 2026 10:00:00 GMT</pubDate><description><![CDATA[<p>s</p>]]></description></item>
    <item><title>C</title><link>http://x/2</link></item></channel></rss>
    """
  static let atom = """
    <feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><entry><id>g1</id><title>A &amp; B</title>
    <link rel="self" href="http://x/self"/><link \
    href="http://x/1"/><author><name>N</name><title>no</title></author>
    <updated>2026-11-20T10:00:00Z</updated><summary>&lt;p&gt;s&lt;/p&gt;</summary></entry></feed>
    """
  static let rdf = """
    <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
    <channel><title>News</title></channel><item rdf:about="g1"><title>A &amp; B</title><link>http://x/1</link>
    <description>&lt;p&gt;s&lt;/p&gt;</description></item></rdf:RDF>
    """

  @Test("reads RSS, Atom and RDF alike", arguments: [rss, atom, rdf])
  func kinds(text: String) throws {
    let feed = try Feed(Array(text.utf8), limit: 10)
    #expect(feed.title == "News")
    let item = try #require(feed.items.first)
    #expect([item.id, item.title, item.link, item.summary] == ["g1", "A & B", "http://x/1", "<p>s</p>"])
  }

  @Test("keeps its limit and says so")
  func limit() async throws {
    let bench = try Bench()
    let read = FeedRead(client: try CurlClient(version: "test"))
    let value = try await read.execute(bench.attempt(["text": .string(Self.rss), "limit": 1], effect: .pure))
      .value
    #expect(value["count"] == 1 && value["truncated"] == true)
    let all = try await read.execute(bench.attempt(["text": .string(Self.rss)], effect: .pure)).value
    #expect(all["truncated"] == false)
    #expect(
      all["items"]?[1] == [
        "id": "http://x/2", "title": "C", "link": "http://x/2", "published": "", "summary": "",
      ])
  }

  @Test(
    "expands no entity and reads no file",
    arguments: [
      "<!ENTITY a SYSTEM \"file:///etc/passwd\">",
      "<!ENTITY b \"xxxxxxxxxx\"><!ENTITY a \"&b;&b;&b;&b;&b;&b;&b;&b;\">",
    ])
  func entities(declaration: String) throws {
    let text = "<!DOCTYPE rss [\(declaration)]><rss><channel><item><title>t&a;</title></item></channel></rss>"
    #expect(try Feed(Array(text.utf8), limit: 10).items.map(\.title) == ["t"])
  }

  @Test("refuses what is no feed", arguments: ["", "<html/>", "<rss><channel>", "no xml"])
  func noFeed(text: String) async {
    let found = await failure { () async throws(Failure) in try Feed(Array(text.utf8), limit: 1) }
    #expect(found?.code == "invalid-feed")
  }
}

@Suite("notify", .timeLimit(.minutes(1)))
struct NotifyTests {
  @Test("logs a warning for whom there is no destination")
  func logged() async throws {
    let bench = try Bench()
    let value = try await Notify().execute(bench.attempt(["to": ["ops", "ana"], "title": "T", "text": "x"]))
      .value
    #expect(value == ["delivered": [], "logged": ["ops", "ana"]])
    #expect(bench.log == ["warn no destination for ops: T: x", "warn no destination for ana: T: x"])
  }
}
