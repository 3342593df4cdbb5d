import Model

/// The schema of parts that are literal.
enum SchemaShapes {
  static func map(_ keys: [Shape.Key]) -> JSON {
    var properties = JSONObject()
    for key in keys { properties[key.name] = schema(of: key.shape) }
    return [
      "type": "object", "additionalProperties": false, "properties": .object(properties),
      "required": .array(keys.filter(\.isRequired).map { .string($0.name) }),
    ]
  }

  private static func schema(of shape: Shape) -> JSON {
    switch shape {
    case .text, .connection, .zone, .file: ["type": "string"]
    case .texts: ["type": "array", "items": ["type": "string"]]
    case .duration: ["type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?(d|h|m|s|ms|us|ns))+$"]
    case .count: ["type": "integer", "minimum": 1]
    case .bool: ["type": "boolean"]
    case .any: true
    case .timeOfDay: ["type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"]
    case .percent: ["type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%$"]
    case .quantity: ["type": ["string", "number"]]
    case .network:
      ["anyOf": [["const": "none"], map([.init("egress", .texts, required: true)])]]
    case .word(let words): ["enum": .array(words.map(JSON.string))]
    case .words(let words):
      [
        "anyOf": [
          ["enum": .array(words.map(JSON.string))],
          ["type": "array", "items": ["enum": .array(words.map(JSON.string))]],
        ]
      ]
    case .map(let keys): map(keys)
    }
  }
}
