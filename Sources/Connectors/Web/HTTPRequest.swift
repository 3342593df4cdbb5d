import Engine
import Model
import Net

/// `http.request`: one request, its answer as a value.
struct HTTPRequestConnector: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  /// What may stand in an output.
  private static let bodyLimit = 4 << 20

  static let description = ConnectorDescription(
    name: "http.request",
    title: Bilingual("HTTP request", pt: "Requisição HTTP"),
    summary: Bilingual(
      """
      Sends one request and gives status, headers and body; JSON is parsed by its content type. 429 is \
      `rate_limited`, 408 and 5xx `transient`, 401 and 403 `credential`, any other unexpected status `data`. \
      Private addresses are refused unless the connection allows them.
      """,
      pt: """
        Envia uma requisição e devolve status, cabeçalhos e corpo; JSON é lido conforme o tipo do conteúdo. \
        429 é `rate_limited`, 408 e 5xx `transient`, 401 e 403 `credential`, outro status inesperado `data`. \
        Endereços privados são recusados, a menos que a conexão os permita.
        """),
    with: WebSchema.object(
      [("method", ["enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], "default": "GET"])]
        + WebSchema.address + [
          ("json", ["description": "The body, as JSON."]),
          ("text", ["type": "string", "description": "The body, as it is; instead of `json`."]),
          WebSchema.expect,
          (
            "parse",
            ["enum": ["auto", "json", "text"], "default": "auto", "description": "How the answer is read."]
          ),
        ]),
    output: [
      "type": "object",
      "properties": [
        "status": ["type": "integer"],
        "headers": ["type": "object", "additionalProperties": ["type": "string"]],
        "body": ["description": "A JSON value, or text; empty text for HEAD."],
        "url": ["type": "string", "description": "Where the answer came from, after redirects."],
      ],
      "required": ["status", "headers", "body", "url"],
      "additionalProperties": false,
    ],
    effect: .pureWhen(key: "method", values: ["GET", "HEAD"], absent: true),
    connection: .optional(kind: "http"), defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("Ask an API", pt: "Consultar uma API"),
        yaml: """
          rates:
            uses: http.request
            with: {url: "https://api.example.com/rates", query: {date: "2026-01-02"}}
          """)
    ], failures: WebNotes.calling + [WebNotes.invalidJSON, WebNotes.notText],
    check: problems(in:))

  static func problems(in with: JSON) -> [Problem] {
    guard with["json"] != nil, with["text"] != nil else { return [] }
    return [
      Problem(
        "invalid-with",
        Bilingual("`with` has both `json` and `text`.", pt: "`with` tem `json` e `text` ao mesmo tempo."),
        remedy: Bilingual("Keep the one that is the body.", pt: "Mantenha o que é o corpo."))
    ]
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    var call = try WebCall(attempt, method: attempt.with["method"]?.string ?? "GET")
    call.request.maxResponseBytes = Self.bodyLimit
    call.request.acceptsCompression = true
    if let json = attempt.with["json"] {
      call.request.body = json.serialized()
      if call.request.headers["content-type"] == nil {
        call.request.headers.set("content-type", "application/json")
      }
    } else if let text = attempt.with["text"]?.string {
      call.request.body = Array(text.utf8)
    }
    if attempt.effect == .keyed { call.request.headers.set("idempotency-key", attempt.stepKey) }
    let response = try await call.perform(client)
    try call.check(response)
    var headers = JSONObject()
    for field in response.headers.fields {
      let earlier = headers[field.name]?.string.map { "\($0), " } ?? ""
      headers[field.name] = .string(earlier + field.value)
    }
    return AttemptOutput([
      "status": .int(Int64(response.status)), "headers": .object(headers),
      "body": try Self.body(response, form: attempt.with["parse"]?.string ?? "auto", call),
      "url": .string(response.url),
    ])
  }

  private static func body(
    _ response: IncomingResponse, form: String, _ call: WebCall
  ) throws(Failure) -> JSON {
    let type = ContentType(response.headers["content-type"] ?? "")
    if form == "json" || (form == "auto" && type.isJSON && !response.body.isEmpty) {
      do throws(JSONError) { return try JSON(parsing: response.body) } catch {
        throw Failure(
          .data, code: "invalid-json",
          "\(call.shown) answered no JSON: line \(error.line), column \(error.column): "
            + "\(error.message.english)"
        )
      }
    }
    guard let text = TextEncoding(named: type.charset ?? "utf-8").flatMap({ $0.decode(response.body) }) else {
      throw Failure(
        .data, code: "not-text", "\(call.shown) answered bytes that are no text; use http.download for files."
      )
    }
    return .string(text)
  }
}

/// A media type and its charset, in lower case.
struct ContentType: Hashable, Sendable {
  var type: String
  var charset: String?

  init(_ header: String) {
    let parts = header.split(separator: ";").map { part in
      String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()).lowercased()
    }
    type = parts.first ?? ""
    charset = parts.dropFirst().first { $0.hasPrefix("charset=") }.map {
      String($0.dropFirst(8)).split(separator: "\"").first.map(String.init) ?? ""
    }
  }

  var isJSON: Bool { type == "application/json" || type.hasSuffix("+json") }
}
