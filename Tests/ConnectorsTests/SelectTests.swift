import Engine
import Model
import Net
import Testing

@testable import Connectors

@Suite("Selecting from markup", .timeLimit(.minutes(1)))
struct SelectTests {
  private func select(_ with: JSON, xml: Bool = false) async throws -> JSON {
    let (bench, client) = (try Bench(), try CurlClient(version: "test"))
    let attempt = bench.attempt(with, effect: .pure)
    let value =
      xml
      ? try await XMLSelect(client: client).execute(attempt).value
      : try await HTMLSelect(client: client).execute(attempt).value
    await client.stop()
    return value
  }

  private static let page = """
    <html><body><h1> Avisos
      do dia</h1><div id=main class="list wide">
      <article class=notice><h2><a href="/1">Um &amp; só</a></h2><p>é<p>b</article>
      <article class="notice old"><h2><a href='/2' rel="nofollow">Dois</a></h2></article>
      <article><h2>Três</h2></article></div></body></html>
    """

  @Test("gives values of each row: first, all, attributes, and null for what is not there")
  func rows() async throws {
    let found = try await select([
      "text": .string(Self.page), "rows": "article.notice",
      "select": [
        "title": "h2", "link": ["css": "h2 > a", "attr": "href"], "texts": ["css": "p", "all": true],
        "no": "img",
      ],
    ])
    #expect(
      found == [
        "rows": [
          ["title": "Um & só", "link": "/1", "texts": ["é", "b"], "no": .null],
          ["title": "Dois", "link": "/2", "texts": [], "no": .null],
        ], "count": 2, "truncated": false,
      ])
    let one = try await select([
      "text": .string(Self.page), "rows": "article", "limit": 1, "select": ["t": "h2"],
    ])
    #expect(one["count"] == 1 && one["truncated"] == true)
    let whole = try await select([
      "text": .string(Self.page),
      "select": [
        "h": "h1", "n": ["xpath": "count(//article)"], "old": ["xpath": "//article/@class = 'notice old'"],
      ],
    ])
    #expect(whole["values"] == ["h": "Avisos do dia", "n": 3, "old": true])
  }

  @Test(
    "understands CSS",
    arguments: [
      ("article", 3), ("#main", 1), (".notice", 2), (".notice.old", 1), ("article:not(.old)", 2),
      ("div article", 3),
      ("body > article", 0), ("div > article", 3), ("article + article", 2),
      ("article:first-child ~ article", 2),
      ("article:last-child", 1), ("article:nth-child(2)", 1), ("article:nth-child(odd)", 2),
      ("article:nth-child(-n+2)", 2), ("a[rel]", 1), ("a[href='/1']", 1), ("a[href^=\"/\"]", 2),
      ("a[href$=\"2\"]", 1),
      ("[class~=wide]", 1), ("a[href*='1'], h1", 2), ("ARTICLE", 3), ("*", 14),
      ("[class^='']", 0), ("[class$='']", 0), ("[class*='']", 0), ("[class~='']", 0), ("a[rel='']", 0),
      ("a:not([rel^=''])", 2), ("[HREF]", 2), ("A[Rel=nofollow]", 1),
    ])
  func css(selector: String, count: Int64) async throws {
    let found = try await select([
      "text": .string(Self.page), "rows": .string(selector), "select": ["x": ["xpath": "."]],
    ])
    #expect(found["count"] == .int(count))
  }

  @Test("writes any text into XPath as it is")
  func literal() async throws {
    let text = "<a t=\"it's &quot;so&quot;\">x</a><a t=''>y</a>"
    let found = try await select([
      "text": .string(text),
      "select": [
        "x": .string("a[t='x'], a[t=\"it's\"]"),
        "y": ["xpath": .string("//a[@t = \(CSSSelector.literal("it's \"so\""))]")],
      ],
    ])
    #expect(found["values"] == ["x": .null, "y": "x"])
  }

  @Test("reads XML by namespaces, and a page in the charset that it names")
  func xml() async throws {
    let text = "<?xml version='1.0'?><n:r xmlns:n='urn:x'><n:i k='1'> a\n b </n:i><i>no</i></n:r>"
    let found = try await select(
      [
        "text": .string(text), "namespaces": ["q": "urn:x"], "rows": "//q:i",
        "select": ["t": ".", "k": "@k", "n": "number(@k) + 0.5"],
      ], xml: true)
    #expect(found["rows"] == [["t": "a\n b", "k": "1", "n": 1.5]])
    let bench = try Bench()
    let latin = Array("<meta charset=iso-8859-1><p>".utf8) + [0xE9] + Array("</p>".utf8)
    let client = try CurlClient(version: "test")
    let page = bench.keep(bytes: latin, name: "p.html", mediaType: "text/html")
    let value = try await HTMLSelect(client: client).execute(
      bench.attempt(["artifact": page.json, "select": ["p": "p"]], effect: .pure)
    ).value
    #expect(value["values"] == ["p": "é"])
    await client.stop()
  }
}

@Suite("Transforming JSON", .timeLimit(.minutes(1)))
struct TransformTests {
  @Test("gives the value of the expression, or nothing where the filter says no")
  func value() async throws {
    let bench = try Bench()
    func run(_ with: JSON) async throws -> JSON {
      #expect(JSONTransform.description.check(with) == [])
      return try await JSONTransform().execute(bench.attempt(with, effect: .pure)).value
    }
    #expect(
      try await run([
        "value": ["a": [1, 2, 3]], "vars": ["k": 2], "expression": "value.a.map(x, x * vars.k)",
      ])
        == ["value": [2, 4, 6], "count": 1])
    #expect(
      try await run(["value": 1, "expression": "value", "filter": "value > 1"]) == [
        "value": .null, "count": 0,
      ])
    let artifact = bench.keep("{\"a\": {\"b\": 1.5}}", name: "a.json")
    #expect(
      try await run(["artifact": artifact.json, "expression": "value.a"]) == [
        "value": ["b": 1.5], "count": 1,
      ])
  }

  @Test("takes lines one by one, in any pieces, with their number")
  func lines() async throws {
    let bench = try Bench()
    let count = 50_000
    let text =
      (0..<count).map { "{\"n\": \($0), \"t\": \"\(String(repeating: "é", count: $0 % 17))\"}" }.joined(
        separator: "\r\n") + "\n\n"
    let artifact = bench.keep(text, name: "a.ndjson")
    let output = try await JSONTransform().execute(
      bench.attempt(
        [
          "artifact": artifact.json, "lines": true, "expression": "{'i': index, 'n': line.n}",
          "filter": "line.n % 2 == 0",
        ],
        effect: .pure))
    #expect(
      output.value["count"] == .int(Int64(count / 2)) && output.value["skipped"] == .int(Int64(count / 2)))
    let handle = try #require(output.artifacts.first)
    let lines = String(decoding: bench.bytes(of: handle) ?? [], as: UTF8.self).split(separator: "\n")
    #expect(lines.count == count / 2)
    #expect(lines.first == "{\"i\":0,\"n\":0}" && lines.last == "{\"i\":49998,\"n\":49998}")
  }
}
