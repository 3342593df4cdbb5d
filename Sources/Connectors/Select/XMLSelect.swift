import Engine
import Model
import Net

/// `xml.select`: values out of an XML document.
struct XMLSelect: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "xml.select",
    title: Bilingual("Select from XML", pt: "Selecionar de XML"),
    summary: Bilingual(
      """
      Takes values out of an XML document by XPath 1.0: once, or for each of `rows`. Prefixes are those of \
      `namespaces`. A document type is refused, so there are no entities, and nothing else is fetched.
      """,
      pt: """
        Retira valores de um documento XML por XPath 1.0: uma vez, ou para cada um de `rows`. Os prefixos \
        são os de `namespaces`. Um tipo de documento é recusado; assim não há entidades, e nada mais é \
        buscado.
        """),
    with: WebSchema.object(
      ReaderSource.members + SelectSchema.members(css: false) + [
        (
          "namespaces",
          [
            "type": "object", "maxProperties": 100,
            "additionalProperties": ["type": "string", "minLength": 1],
            "description": "Prefix to the address of a namespace.",
          ]
        )
      ], required: ["select"]),
    output: SelectSchema.output,
    effect: .always(.pure), connection: .optional(kind: "http"), fileKeys: ["file"],
    defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("Items of an invoice", pt: "Itens de uma nota fiscal"),
        yaml: """
          items:
            uses: xml.select
            with:
              file: invoice.xml
              namespaces: {n: "http://www.portalfiscal.inf.br/nfe"}
              rows: "//n:det"
              select: {product: "n:prod/n:xProd", value: "n:prod/n:vProd"}
          """)
    ],
    failures: SelectSchema.failures + [
      SelectSchema.Note(
        .data, code: "invalid-markup",
        Bilingual(
          "it is not well formed, nested more than 256 deep, or has a document type",
          pt: "não é bem formado, tem mais de 256 níveis ou tem um tipo de documento"),
        remedy: Bilingual("The message names the line.", pt: "A mensagem indica a linha."))
    ],
    check: problems(in:))

  static func problems(in with: JSON) -> [Problem] {
    do throws(Problem) { _ = try Selection(with, css: false) } catch { return [error] }
    return []
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let selection: Selection
    do throws(Problem) { selection = try Selection(attempt.with, css: false) } catch {
      throw .selector(error)
    }
    let namespaces = attempt.with["namespaces"]?.object ?? JSONObject()
    let source = try await ReaderSource(client: client, attempt: attempt).file()
    return try await OwnThread.cancellable { flag throws(Failure) in
      let text = try MarkupText.xml(try HTMLSelect.bytes(source.path))
      try MarkupLoad.check(text, isXML: true)
      let document = try MarkupDocument(xml: text)
      try document.register(namespaces)
      return HTMLSelect.output(try document.select(selection, flag), selection)
    }
  }
}
