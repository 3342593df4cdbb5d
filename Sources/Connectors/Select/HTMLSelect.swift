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
      try MarkupLoad.check(bytes)
      let document = try MarkupDocument(html: bytes, encoding: Self.encoding(source.charset, bytes))
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

  /// What the server named; else UTF-8 where the bytes are; else the page itself says.
  private static func encoding(_ charset: String?, _ bytes: [UInt8]) -> String? {
    switch charset.flatMap(TextEncoding.init(named:)) {
    case .utf8?: return "UTF-8"
    case .latin1?: return "ISO-8859-1"
    case .windows1252?: return "windows-1252"
    case nil: return String(validating: bytes, as: UTF8.self) == nil ? nil : "UTF-8"
    }
  }
}

/// libxml2 compares each attribute of a tag with all before it, so one tag could keep it busy for hours.
enum MarkupLoad {
  static let attributes = 5_000

  static func check(_ bytes: [UInt8]) throws(Failure) {
    var (isTag, quote, count): (Bool, UInt8?, Int) = (false, nil, 0)
    var before: UInt8 = 0
    for byte in bytes {
      defer { before = byte }
      if let open = quote {
        if byte == open { quote = nil }
      } else if isTag {
        switch byte {
        case UInt8(ascii: ">"): isTag = false
        case UInt8(ascii: "\""), UInt8(ascii: "'"): if before == UInt8(ascii: "=") { quote = byte }
        case 0x20, 0x09, 0x0A, 0x0D, 0x0C, UInt8(ascii: "="), UInt8(ascii: "/"): count += 1
        default: break
        }
        if count > attributes {
          throw Failure(.data, code: "select-limit", "A tag of the document has more than 2,500 attributes.")
        }
      } else if before == UInt8(ascii: "<"), byte | 0x20 >= 0x61, byte | 0x20 <= 0x7A {
        (isTag, count) = (true, 0)
      }
    }
  }
}
