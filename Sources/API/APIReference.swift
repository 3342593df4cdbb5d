public import Model

/// The OpenAPI document as one page for people: nothing in it is fetched from elsewhere.
public struct APIReference {
  let document: JSON
  let words: APIReferenceWords

  /// `nonce`: of the Content-Security-Policy, for the inline style and the few lines that search; without one
  /// there is no script and no search box.
  public static func html(_ document: JSON, language: Language = .english, nonce: String? = nil) -> String {
    let reference = APIReference(document: document, words: APIReferenceWords(language))
    let mark = nonce.map { " nonce=\"\(escape($0))\"" } ?? ""
    let script = nonce == nil ? "" : "<script\(mark)>\n\(searchScript)</script>\n"
    return """
      <!doctype html>
      <html lang="\(language == .portuguese ? "pt-BR" : "en")">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Esteira API</title>
      <style\(mark)>
      \(style)</style>
      </head>
      <body>
      \(reference.header(hasSearch: nonce != nil))
      <main>
      \(reference.operations())\(reference.schemas())</main>
      \(script)</body>
      </html>

      """
  }

  private func header(hasSearch: Bool) -> String {
    let version = Self.escape(document["info"]?["version"]?.string ?? "")
    let about = Self.prose(document["info"]?["description"]?.string ?? "")
    let search =
      hasSearch
      ? "<label>\(words.search) <input id=\"search\" type=\"search\" autocomplete=\"off\"></label>\n" : ""
    let links = tags.map { "<a href=\"#tag-\(Self.anchor($0))\">\(Self.escape($0))</a>" }
    return """
      <header>
      <h1>Esteira API <small>\(version)</small></h1>
      <p>\(about)</p>
      \(search)<nav>\(links.joined(separator: " ")) <a href="#schemas">\(words.schemas)</a></nav>
      </header>
      """
  }

  private var tags: [String] { (document["tags"]?.array ?? []).compactMap { $0["name"]?.string } }

  private func operations() -> String {
    var sections: [String: String] = [:]
    for path in document["paths"]?.object ?? JSONObject() {
      for method in path.value.object ?? JSONObject() {
        let tag = method.value["tags"]?[0]?.string ?? ""
        sections[tag, default: ""] += operation(method.key.uppercased(), path.key, method.value)
      }
    }
    return tags.map { tag in
      let title = "<h2 id=\"tag-\(Self.anchor(tag))\">\(Self.escape(tag))</h2>"
      return "<section>\n\(title)\n\(sections[tag] ?? "")</section>\n"
    }.joined()
  }

  private func schemas() -> String {
    let all = document["components"]?["schemas"]?.object ?? JSONObject()
    let items = all.map { schema in
      """
      <article id="schema-\(Self.anchor(schema.key))">
      <h3>\(Self.escape(schema.key))</h3>
      \(self.schema(schema.value))
      </article>

      """
    }
    return "<section>\n<h2 id=\"schemas\">\(words.schemas)</h2>\n\(items.joined())</section>\n"
  }

  /// Text and attribute values alike.
  static func escape(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
      case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
      case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
      case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
      case _: escaped.append(scalar)
      }
    }
    return String(escaped)
  }

  /// What stands between backticks is code.
  static func prose(_ text: String) -> String {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false).map { escape(String($0)) }
    guard parts.count.isMultiple(of: 2) == false else { return escape(text) }
    return parts.enumerated().map { $0.offset.isMultiple(of: 2) ? $0.element : "<code>\($0.element)</code>" }
      .joined()
  }

  /// Letters, digits and `-` alone.
  static func anchor(_ text: String) -> String {
    String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
  }
}
