public import Model

/// The OpenAPI 3.1 document of a list of endpoints. The same list gives the same text, byte for byte.
public enum OpenAPI {
  /// `cookie`: the name of the one that browsers sign in with.
  public static func document(
    _ shapes: [Shape], version: String, cookie: String = "esteira_access"
  ) -> JSON {
    var parts = Components()
    let paths = paths(of: shapes, &parts)
    let problems = problemResponses(&parts)
    return [
      "openapi": "3.1.0",
      "info": ["title": "Esteira", "version": .string(version), "description": .string(about)],
      "servers": [["url": "/"]],
      "tags": .array(tags(of: shapes).map { ["name": .string($0)] }),
      "paths": .object(paths),
      "components": [
        "schemas": .object(parts.schemas), "responses": problems, "parameters": parameters,
        "securitySchemes": securitySchemes(cookie),
      ],
    ]
  }

  /// Component schemas, each once, in the order of their names.
  struct Components {
    private var named: [String: JSON] = [:]

    /// How the document mentions it.
    mutating func use(_ schema: Schema, _ summary: String? = nil) -> JSON {
      add(schema)
      return schema.reference(summary)
    }

    private mutating func add(_ schema: Schema) {
      if let name = schema.name {
        if named[name] != nil { return }
        named[name] = schema.json
      }
      for part in schema.parts { add(part) }
    }

    var schemas: JSONObject {
      JSONObject(
        named.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) })
    }
  }

  private static let about = """
    Every call takes one JSON object, whose members travel in the path, in the query (GET, DELETE) or as the \
    body (POST, PUT, PATCH). Problems are RFC 9457 documents with a `code` that has a page. A member or a \
    parameter that an operation does not name is refused.
    """

  private static func paths(of shapes: [Shape], _ parts: inout Components) -> JSONObject {
    var paths = JSONObject()
    for shape in shapes {
      var item = paths[shape.path]?.object ?? JSONObject()
      item[shape.method.rawValue.lowercased()] = operation(of: shape, &parts)
      paths[shape.path] = .object(item)
    }
    return paths
  }

  private static func securitySchemes(_ cookie: String) -> JSON {
    [
      "bearer": [
        "type": "http", "scheme": "bearer",
        "description": "An access token of a sign-in, or an API token.",
      ],
      "cookie": [
        "type": "apiKey", "in": "cookie", "name": .string(cookie),
        "description": "Set by a sign-in; every method but GET needs a known `Origin` with it.",
      ],
    ]
  }

  /// Those that stand in headers; no reader of an input sees them.
  private static let parameters: JSON = [
    "IdempotencyKey": header(
      "Idempotency-Key", required: false,
      "A second call with the same key and body gets the answer of the first, for 24 hours.",
      length: 1...255),
    "IfMatch": header(
      "If-Match", required: true, "The `ETag` of the version that is to change.", length: 1...255),
    "LastEventID": header(
      "Last-Event-ID", required: false, "Goes on behind the event of this id.", length: 1...64),
  ]

  private static func header(
    _ name: String, required: Bool, _ summary: String, length: ClosedRange<Int>
  ) -> JSON {
    [
      "name": .string(name), "in": "header", "required": .bool(required), "description": .string(summary),
      "schema": [
        "type": "string", "minLength": .int(Int64(length.lowerBound)),
        "maxLength": .int(Int64(length.upperBound)), "pattern": "^[!-~]+$",
      ],
    ]
  }
}
