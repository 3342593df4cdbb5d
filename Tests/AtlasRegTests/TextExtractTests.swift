import Engine
import Model
import Testing

@testable import Connectors

@Suite("The page reader", .timeLimit(.minutes(1)))
struct PageTextTests {
  @Test("takes the article and its heading, without navigation, scripts and footers")
  func article() {
    let page = PageText(
      html: """
        <!doctype html><html><head><title>Portal &mdash; Aneel</title><style>p{color:red}</style></head>
        <body><header><h1>Portal</h1></header><nav><ul><li>Multas</li></ul></nav>
        <main><div>Início</div><article><header><h1>Decis&atilde;o &amp; multa</h1></header>
        <p class="a>b">A Alfa&nbsp;S.A. pagou<br>R$&#160;10,00.</p><script>if (a < b) { x("</p>") }</script>
        <!-- <p>nada</p> --><p>Fim.</p></article></main><footer>Beta S.A. R$ 99</footer></body></html>
        """)
    #expect(page.title == "Decisão & multa")
    #expect(page.text == "Decisão & multa\n\nA Alfa\u{A0}S.A. pagou\nR$\u{A0}10,00.\n\nFim.")
  }

  @Test("falls back to main, to the body and to the title element")
  func fallbacks() {
    #expect(PageText(html: "<body><p>fora</p><main><p>dentro</p></main></body>").text == "dentro")
    #expect(PageText(html: "<title>T &#x41;</title><p>um</p><p>dois</p>").title == "T A")
    #expect(PageText(html: "a < b & c &bogus; <b>d</b>").text == "a < b & c &bogus; d")
  }

  @Test(
    "never fails on broken markup, and stays linear",
    arguments: ["<", "<a", "<!--", "<script>", "</p", "&", "&amp", "<p \"", "<article>", "<head>", "<title>"])
  func broken(piece: String) {
    let time = ContinuousClock().measure {
      _ = PageText(html: String(repeating: piece, count: (1 << 18) / piece.utf8.count))
    }
    #expect(time < .seconds(20))
  }
}

@Suite("The connector text.extract", .timeLimit(.minutes(1)))
struct TextExtractTests {
  @Test("tells what a page says, with offsets in the text that it gives back")
  func page() async throws {
    let output = try await extract([
      "rules": "br_regulatory",
      "html": """
      <article><h1>Aneel multa Alfa Luz S.A.</h1><p>A Alfa Luz S.A. (CNPJ 12.345.678/0001-95) foi multada em \
      R$ 1,5 milhão em 12/03/2026.</p></article>
      """,
    ])
    let event = try #require(output["event"]?.object)
    #expect(event["type"] == "MULTA")
    #expect(event["company"] == "Alfa Luz S.A.")
    #expect(event["cnpj"] == "12345678000195")
    #expect(event["amount"] == 1_500_000.0)
    #expect(event["date"] == "2026-03-12")
    let scalars = Array(try #require(output["text"]?.string).unicodeScalars)
    let entities = try #require(output["entities"]?.array)
    #expect(entities.count == 6)
    for entity in entities {
      let start = Int(try #require(entity["start"]?.int))
      let end = Int(try #require(entity["end"]?.int))
      #expect(string(scalars[start..<end]) == entity["text"]?.string)
    }
  }

  @Test("counts a title as the first sentence")
  func title() async throws {
    let output = try await extract([
      "rules": "br_regulatory", "title": "Aneel multa Alfa S.A.", "text": "Valor: R$ 10,00.",
    ])
    #expect(output["text"] == "Aneel multa Alfa S.A.\n\nValor: R$ 10,00.")
    #expect(output["event"]?["type"] == "MULTA")
    #expect(output["event"]?["amount"] == 10.0)
  }

  @Test(
    "refuses no source and two sources, before and while it runs",
    arguments: [
      ["rules": "br_regulatory"], ["rules": "br_regulatory", "text": "a", "html": "b"],
    ] as [JSON])
  func sources(with: JSON) async throws {
    #expect(TextExtract().description.check(with).map(\.code) == ["text-extract-source"])
    await #expect(throws: Failure.self) { try await extract(with) }
    #expect(TextExtract().description.check(["rules": "br_regulatory", "html": .null]).isEmpty)
  }

  private func extract(_ with: JSON) async throws -> JSON {
    let services = AttemptServices(
      log: { _, _ in },
      storeArtifact: { _, _, _ throws(Failure) in throw Failure(.internal, "No artifact is stored here.") },
      fetchArtifact: { _, _ throws(Failure) in throw Failure(.internal, "No artifact is fetched here.") },
      workFolder: "", processFolder: "", objectsFolder: "", now: { Timestamp(microseconds: 0) })
    let attempt = Attempt(
      job: ID(high: 0, low: 0), jobKey: "k", pipeline: PipelineName(namespace: "n", name: "p"), path: "p",
      number: 1, stepKey: "s",
      effect: .pure,
      with: with, services: services)
    return try await TextExtract().execute(attempt).value
  }
}
