import API
import Foundation
import Model
import Testing

@Suite("The reference page", .timeLimit(.minutes(1)))
struct APIReferenceTests {
  private static let page = APIReference.html(OpenAPITests.document, nonce: "abc")

  @Test("it has an anchor for every operation and every schema, and every link leads to one")
  func anchors() {
    let ids = Set(Self.page.matches(of: /id="([^"]+)"/).map { String($0.1) })
    let links = Set(Self.page.matches(of: /href="#([^"]+)"/).map { String($0.1) })
    #expect(links.subtracting(ids) == [])
    let articles = Self.page.matches(of: /<article id="/).count
    let schemas = OpenAPITests.document["components"]?["schemas"]?.object?.count ?? 0
    #expect(articles == EndpointCatalog.shapes.count + schemas)
  }

  @Test("it fetches nothing, and its style and script carry the nonce")
  func selfContained() {
    for word in ["href=\"http", "src=", "@import", "url(", "<link", "<iframe"] {
      #expect(!Self.page.contains(word), "\(word)")
    }
    #expect(Self.page.contains("<style nonce=\"abc\">") && Self.page.contains("<script nonce=\"abc\">"))
    #expect(!Self.page.contains(" style=\"") && !Self.page.contains(" onclick="))
  }

  @Test("a long pattern is opened by whoever wants it, and a short one stands there")
  func patterns() {
    let long = String(repeating: "a?", count: 21)
    let schema = { (pattern: String) -> JSON in
      ["components": ["schemas": ["One": ["type": "string", "pattern": .string(pattern)]]]]
    }
    let (folded, plain) = (APIReference.html(schema(long)), APIReference.html(schema("^a$")))
    #expect(folded.contains("<details><summary>pattern</summary><code>\(long)</code></details>"))
    #expect(!plain.contains("<details") && plain.contains("<code>^a$</code>"))
  }

  @Test("without a nonce there is neither script nor search box")
  func noScript() {
    let page = APIReference.html(OpenAPITests.document)
    #expect(!page.contains("<script") && !page.contains("<input") && page.contains("<style>"))
  }

  @Test("what a document says is text and never markup")
  func escaped() {
    let evil = #"<img src=x onerror="alert('1')">&"#
    let schema = Schema.request([.init("name", .words([evil]), evil)], name: "Evil")
    let shape = Endpoint<NamePath, Nothing>(.post, "/a/{id}", .needs(evil, "x"), evil).shape
    var document = OpenAPI.document([shape], version: evil)
    if case .object(var whole) = document, case .object(var components)? = whole["components"] {
      components["schemas"] = [evil: schema.json]
      whole["components"] = .object(components)
      document = .object(whole)
    }
    let page = APIReference.html(document, nonce: #""><script>"#)
    #expect(!page.contains("<img") && !page.contains("<script>"))
    #expect(page.contains("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;"))
  }

  @Test("an operation shows its permission, its parameters and a call that a shell takes")
  func operation() throws {
    let page = Self.page
    let start = try #require(page.range(of: "<article id=\"postPipelinesByIdExecute\">"))
    let end = try #require(page.range(of: "</article>", range: start.upperBound..<page.endIndex))
    let article = String(page[start.lowerBound..<end.lowerBound])
    #expect(article.contains("<code>pipelines:execute</code>"))
    #expect(article.contains("Idempotency-Key"))
    #expect(
      article.contains(
        """
        curl -X POST &quot;$ESTEIRA_URL/api/v1/pipelines/demo~hello/execute&quot; \\
          -H &quot;Authorization: Bearer $ESTEIRA_TOKEN&quot; \\
          -H &#39;Content-Type: application/json&#39; \\
          -d &#39;{&quot;inputs&quot;:{&quot;name&quot;:&quot;Ana&quot;}}&#39;
        """))
  }

  @Test("its own words come in Portuguese, too")
  func portuguese() {
    let page = APIReference.html(OpenAPITests.document, language: .portuguese, nonce: "abc")
    #expect(page.contains("<html lang=\"pt-BR\">") && page.contains("Permissão: <code>jobs:read</code>"))
    #expect(!page.contains("Permission: <code>jobs:read</code>"))
  }
}
