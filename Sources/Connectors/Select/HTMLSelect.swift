import Engine
import Model
import Net

/// `html.select`: values out of a page.
struct HTMLSelect: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "html.select",
    title: Bilingual("Select from HTML", pt: "Selecionar de HTML"),
    summary: Bilingual(
      """
      Takes values out of a page by CSS (type, `#id`, `.class`, `[a=v]` and its `^= $= *= ~=`, `>`, `+`, \
      `~`, lists, `:first-child`, `:last-child`, `:nth-child()`, `:not()`) or XPath 1.0: once, or for each \
      of `rows`. Blanks in texts are put together. No script runs and nothing else is fetched.
      """,
      pt: """
        Retira valores de uma página por CSS (tipo, `#id`, `.class`, `[a=v]` e `^= $= *= ~=`, `>`, `+`, `~`, \
        listas, `:first-child`, `:last-child`, `:nth-child()`, `:not()`) ou XPath 1.0: uma vez, ou para cada \
        um de `rows`. Espaços nos textos são juntados. Nenhum script roda e nada mais é buscado.
        """),
    with: WebSchema.object(ReaderSource.members + SelectSchema.members(css: true), required: ["select"]),
    output: SelectSchema.output,
    effect: .always(.pure), connection: .optional(kind: "http"), fileKeys: ["file"],
    defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("Notices of an agency", pt: "Avisos de uma agência"),
        yaml: """
          notices:
            uses: html.select
            with:
              url: https://example.com/notices
              rows: "article.notice"
              select: {title: h2, link: {css: "h2 > a", attr: href}}
          """)
    ],
    failures: SelectSchema.failures + [
      SelectSchema.Note(
        .data, code: "invalid-markup",
        Bilingual("it is empty or nested more than 256 deep", pt: "está vazio ou tem mais de 256 níveis"),
        remedy: Bilingual("See what the source sends.", pt: "Veja o que a fonte envia."))
    ],
    check: problems(in:))

  static func problems(in with: JSON) -> [Problem] {
    do throws(Problem) { _ = try Selection(with, css: true) } catch { return [error] }
    return []
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let selection: Selection
    do throws(Problem) { selection = try Selection(attempt.with, css: true) } catch { throw .selector(error) }
    let source = try await ReaderSource(client: client, attempt: attempt).file()
    return try await OwnThread.cancellable { flag throws(Failure) in
      let bytes = try Self.bytes(source.path)
      let text = MarkupText.html(bytes, charset: source.charset)
      try MarkupLoad.check(text, isXML: false)
      let document = try MarkupDocument(html: text)
      return Self.output(try document.select(selection, flag), selection)
    }
  }

  static func bytes(_ path: String) throws(Failure) -> [UInt8] {
    guard let bytes = SmallFile.read(path, limit: SelectSchema.sizeLimit) else {
      throw Failure(.data, code: "select-limit", "The document has more than 16 MiB.")
    }
    return bytes
  }

  static func output(_ rows: [JSONObject], _ selection: Selection) -> AttemptOutput {
    guard selection.rows != nil else {
      return AttemptOutput(["values": .object(rows.first ?? JSONObject()), "count": 1])
    }
    let page = rows.prefix(selection.limit)
    return AttemptOutput([
      "rows": .array(page.map { .object($0) }), "count": .int(Int64(page.count)),
      "truncated": .bool(rows.count > selection.limit),
    ])
  }
}
