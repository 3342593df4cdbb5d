public import Engine
public import Model

/// Finds what a Portuguese text about regulation names and tells.
public struct TextExtract: Connector {
  public init() {}

  public var description: ConnectorDescription {
    ConnectorDescription(
      name: "text.extract",
      title: Bilingual("Extract facts from a text", pt: "Extrair fatos de um texto"),
      summary: Bilingual(
        "Finds CNPJs, amounts in reais, dates and organisations, and decides what the text tells. The rules "
          + "and their limits: docs/connectors/text-extract-rules.md.",
        pt:
          "Encontra CNPJs, valores em reais, datas e organizações e decide o que o texto conta. As regras e "
          + "seus limites: docs/connectors/text-extract-rules.md."),
      with: Self.with, output: Self.output, effect: .always(.pure), defaultTimeout: .seconds(60),
      examples: [Self.example],
      failures: [
        .init(
          .configuration, code: "text-extract-source",
          Bilingual(
            "there is not exactly one of `text` and `html`", pt: "não há exatamente um de `text` e `html`"),
          remedy: Bilingual("Keep the one that holds the document.", pt: "Mantenha o que contém o documento.")
        )
      ],
      check: Self.problems(in:))
  }

  static func problems(in with: JSON) -> [Problem] {
    let given = ["text", "html"].filter { with[$0] != nil }
    return given.count == 1 ? [] : [Self.needsOneSource]
  }

  public func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let (title, text): (String, String)
    switch (attempt.with["text"]?.string, attempt.with["html"]?.string) {
    case (let plain?, nil): (title, text) = (attempt.with["title"]?.string ?? "", plain)
    case (nil, let html?):
      let page = PageText(html: html)
      (title, text) = (attempt.with["title"]?.string ?? page.title, page.text)
    case (nil, nil), (_?, _?):
      throw Failure(.configuration, code: Self.needsOneSource.code, Self.needsOneSource.message.english)
    }
    return AttemptOutput(Self.output(title: title, text: text))
  }

  private static let needsOneSource = Problem(
    "text-extract-source",
    Bilingual(
      "text.extract reads either \"text\" or \"html\", and exactly one of them must be given.",
      pt: "text.extract lê \"text\" ou \"html\", e exatamente um deles precisa ser informado."),
    remedy: Bilingual(
      "Keep the one that holds the document.", pt: "Mantenha aquele que contém o documento."))

  private static let example = ConnectorDescription.Example(
    Bilingual("Facts of a press release", pt: "Fatos de uma nota à imprensa"),
    yaml: """
      facts:
        uses: text.extract
        with:
          rules: br_regulatory
          text: Aneel multa Light S.A. em R$ 12,5 milhões.
      """)
}

extension TextExtract {
  /// The title counts as the first sentence where the text does not begin with it.
  static func output(title: String, text: String) -> JSON {
    let whole = title.isEmpty || ScalarText.begins(text, with: title) ? text : "\(title)\n\n\(text)"
    let scalars = Array(whole.unicodeScalars)
    let found = RegulatoryExtraction(scalars: scalars)
    return [
      "title": .string(title), "text": .string(whole), "characters": .int(Int64(scalars.count)),
      "event": json(found.event), "entities": .array(found.entities.map(json)),
      "truncated": .bool(found.isTruncated),
    ]
  }

  private static func json(_ entity: RegulatoryEntity) -> JSON {
    var members = JSONObject([
      ("type", .string(entity.type.rawValue)), ("text", .string(entity.text)),
      ("confidence", .double(entity.confidence)), ("start", .int(Int64(entity.range.lowerBound))),
      ("end", .int(Int64(entity.range.upperBound))),
    ])
    switch entity.value {
    case .money(let cents, let upTo):
      members["cents"] = .int(cents)
      members["amount"] = .double(Double(cents) / 100)
      if let upTo { members["up_to"] = .double(Double(upTo) / 100) }
    case .cnpj(let cnpj): members["cnpj"] = .string(cnpj)
    case .date(let date): members["date"] = .string(date)
    case .organisation(let isAuthority): members["authority"] = .bool(isAuthority)
    }
    return .object(members)
  }

  private static func json(_ event: RegulatoryEvent) -> JSON {
    var members = JSONObject([
      ("type", .string(event.type.rawValue)), ("confidence", .double(event.confidence)),
    ])
    if let company = event.company { members["company"] = .string(company.text) }
    if case .cnpj(let cnpj)? = event.cnpj?.value { members["cnpj"] = .string(cnpj) }
    if case .money(let cents, _)? = event.amount?.value {
      members["amount"] = .double(Double(cents) / 100)
      members["amount_text"] = event.amount.map { .string($0.text) }
    }
    if case .date(let date)? = event.date?.value { members["date"] = .string(date) }
    return .object(members)
  }
}

extension TextExtract {
  private static let with: JSON = [
    "type": "object", "additionalProperties": false, "required": ["rules"],
    "properties": [
      "rules": ["enum": ["br_regulatory"], "description": "Which set of rules reads the text."],
      "text": ["type": "string", "description": "The text; give this or html."],
      "html": ["type": "string", "description": "A page; its article is read, without navigation."],
      "title": ["type": "string", "description": "Counts as the first sentence; of a page the h1 is taken."],
    ],
  ]

  private static let output: JSON = [
    "type": "object", "required": ["title", "text", "characters", "event", "entities", "truncated"],
    "properties": [
      "title": ["type": "string"],
      "text": ["type": "string", "description": "What was read: start and end count in it."],
      "characters": ["type": "integer", "description": "Unicode scalars of text."],
      "event": eventSchema, "entities": ["type": "array", "items": entitySchema],
      "truncated": ["type": "boolean", "description": "Whether the text or the list was cut at its limit."],
    ],
  ]

  private static let eventSchema: JSON = [
    "type": "object", "required": ["type", "confidence"],
    "properties": [
      "type": ["enum": .array(RegulatoryEvent.Kind.allCases.map { .string($0.rawValue) }), "type": "string"],
      "confidence": ["type": "number"], "company": ["type": "string"], "cnpj": ["type": "string"],
      "amount": ["type": "number", "description": "In reais."], "amount_text": ["type": "string"],
      "date": ["type": "string", "format": "date"],
    ],
  ]

  private static let entitySchema: JSON = [
    "type": "object", "required": ["type", "text", "confidence", "start", "end"],
    "properties": [
      "type": [
        "enum": .array(RegulatoryEntity.Kind.allCases.map { .string($0.rawValue) }), "type": "string",
      ],
      "text": ["type": "string"], "confidence": ["type": "number"], "start": ["type": "integer"],
      "end": ["type": "integer"], "amount": ["type": "number"], "cents": ["type": "integer"],
      "up_to": ["type": "number"], "cnpj": ["type": "string"], "date": ["type": "string"],
      "authority": ["type": "boolean"],
    ],
  ]
}
