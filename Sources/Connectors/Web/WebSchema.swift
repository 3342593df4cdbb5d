import Model

/// The members of `with` that all connectors of the web share.
enum WebSchema {
  static let address: [(String, JSON)] = [
    ("url", ["type": "string", "minLength": 1, "description": "The whole address, http or https."]),
    (
      "path",
      [
        "type": "string", "pattern": "^/",
        "description": "Follows the address of the connection, instead of `url`.",
      ]
    ),
    (
      "query",
      [
        "type": "object", "additionalProperties": true,
        "description": "Escaped and put behind the address; a list repeats its name.",
      ]
    ),
    (
      "headers",
      ["type": "object", "additionalProperties": ["type": ["string", "integer", "number", "boolean"]]]
    ),
  ]

  static let expect: (String, JSON) = (
    "expect",
    [
      "type": "array", "items": ["type": "integer", "minimum": 100, "maximum": 599],
      "description": "The statuses that are a success; 200 to 299 where missing.",
    ]
  )

  static func object(_ members: [(String, JSON)], required: [JSON] = []) -> JSON {
    var schema = JSONObject([
      ("type", "object"), ("properties", .object(JSONObject(members))), ("additionalProperties", false),
    ])
    if !required.isEmpty { schema["required"] = .array(required) }
    return .object(schema)
  }
}
