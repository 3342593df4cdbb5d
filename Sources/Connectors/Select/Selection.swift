import Engine
import Model

/// What is taken out of a document: named values, of the whole or of each row.
struct Selection: Sendable {
  struct Field: Sendable {
    var name: String
    var xpath: String
    /// A list of all matches, not the first alone.
    var all: Bool
    var isRequired: Bool
  }

  var rows: String?
  var fields: [Field]
  var limit: Int

  /// Whether a text alone is CSS; else it is XPath.
  init(_ with: JSON, css: Bool) throws(Problem) {
    rows = nil
    if let given = with["rows"], !Self.isUnknown(given) { rows = try Self.xpath(given, "rows", css: css) }
    fields = []
    for member in with["select"]?.object ?? JSONObject() {
      if Self.isUnknown(member.value) { continue }
      fields.append(
        Field(
          name: member.key, xpath: try Self.xpath(member.value, "select.\(member.key)", css: css),
          all: member.value["all"]?.bool ?? false, isRequired: member.value["required"]?.bool ?? false))
    }
    limit = Int(with["limit"]?.int ?? 1_000)
  }

  /// What an expression will give stands as null while the file is only looked at.
  private static func isUnknown(_ selector: JSON) -> Bool {
    [selector, selector["css"], selector["xpath"]].contains { $0?.isNull == true }
  }

  private static func xpath(_ json: JSON, _ place: String, css: Bool) throws(Problem) -> String {
    let path: String
    switch (json.string, json["css"]?.string, json["xpath"]?.string) {
    case (let text?, _, _): path = css ? try Self.css(text, place) : text
    case (nil, let text?, nil): path = try Self.css(text, place)
    case (nil, nil, let text?): path = text
    case (nil, _, _):
      throw wrong(
        place,
        Bilingual("it needs exactly one of css and xpath", pt: "precisa de exatamente um de css e xpath"))
    }
    guard MarkupDocument.isPath(path) else {
      throw wrong(
        place, Bilingual("`\(path.prefix(200))` is no XPath", pt: "`\(path.prefix(200))` não é XPath"))
    }
    guard let attribute = json["attr"]?.string else { return path }
    // In HTML names have no case, and the parser writes them small.
    return "(\(path))/@\(css ? attribute.lowercased() : attribute)"
  }

  private static func css(_ text: String, _ place: String) throws(Problem) -> String {
    do throws(CSSSelector.Fault) { return try CSSSelector(text).xpath } catch {
      throw wrong(
        place,
        Bilingual(
          "`\(text.prefix(200))`, column \(error.column): \(error.reason.english)",
          pt: "`\(text.prefix(200))`, coluna \(error.column): \(error.reason.portuguese)"))
    }
  }

  private static func wrong(_ place: String, _ reason: Bilingual) -> Problem {
    Problem(
      "invalid-selector",
      Bilingual(
        "The selector in `\(place)` cannot be used: \(reason.english).",
        pt: "O seletor em `\(place)` não pode ser usado: \(reason.portuguese)."),
      remedy: Bilingual("See docs/connectors/html.select.md.", pt: "Veja docs/connectors/html.select.md."))
  }
}

extension Failure {
  static func selector(_ problem: Problem) -> Failure {
    Failure(.configuration, code: problem.code, problem.message.english)
  }
}

/// What the two connectors share in their descriptions.
enum SelectSchema {
  typealias Note = ConnectorDescription.FailureNote

  static let sizeLimit = 16 << 20

  static func members(css: Bool) -> [(String, JSON)] {
    let language = css ? "CSS" : "XPath"
    let paths: [(String, JSON)] =
      (css ? [("css", ["type": "string", "minLength": 1])] : []) + [
        ("xpath", ["type": "string", "minLength": 1])
      ]
    let field = WebSchema.object(
      paths + [
        (
          "attr",
          [
            "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_.:-]*$",
            "description": "This attribute instead of the text.",
          ]
        ),
        ("all", ["type": "boolean", "default": false, "description": "A list of all; else the first."]),
        ("required", ["type": "boolean", "default": false]),
      ])
    return [
      (
        "select",
        [
          "type": "object", "minProperties": 1, "maxProperties": 200,
          "additionalProperties": ["anyOf": [["type": "string", "minLength": 1], field]],
          "description": .string(
            "Name to \(language), or to a map with `attr`, `all` and `required`."
          ),
        ]
      ),
      (
        "rows",
        [
          "anyOf": [["type": "string", "minLength": 1], WebSchema.object(paths)],
          "description": "For each of these the values are taken, from it on.",
        ]
      ),
      (
        "limit",
        ["type": "integer", "minimum": 1, "maximum": 10000, "default": 1000, "description": "Of rows."]
      ),
    ]
  }

  static let output = FileSchema.output(
    [("count", ["type": "integer", "description": "Of the rows; 1 without `rows`."])],
    optional: [
      (
        "values",
        ["type": "object", "additionalProperties": true, "description": "Without `rows`; null: not there."]
      ),
      ("rows", ["type": "array", "items": ["type": "object", "additionalProperties": true]]),
      ("truncated", ["type": "boolean", "description": "True where `limit` left rows out."]),
    ])

  static let failures: [Note] =
    WebNotes.reading + [
      Note(
        .configuration, code: "invalid-selector",
        Bilingual("a selector is not understood", pt: "um seletor não é entendido"),
        remedy: Bilingual("The message names it and the place.", pt: "A mensagem indica qual e onde.")),
      Note(
        .data, code: "nothing-selected",
        Bilingual("a `required` value is not there", pt: "um valor `required` não existe"),
        remedy: Bilingual("See whether the page has changed.", pt: "Veja se a página mudou.")),
      Note(
        .data, code: "select-limit",
        Bilingual(
          "it is larger than 16 MiB, its tags have too many attributes, or a selector takes too long on it",
          pt: "o documento tem mais de 16 MiB, atributos demais nas tags, ou um seletor demora demais nele"),
        remedy: Bilingual("Select less, or use a script.", pt: "Selecione menos, ou use um script.")),
      Note(
        .outputTooLarge, code: "output-too-large",
        Bilingual("the values are more than 4 MiB", pt: "os valores passam de 4 MiB"),
        remedy: Bilingual("Select less, or set a `limit`.", pt: "Selecione menos, ou use `limit`.")),
    ]
}
