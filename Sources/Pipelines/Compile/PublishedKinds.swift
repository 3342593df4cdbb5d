import Model

/// The kinds of steps beside connectors and groups, in the published schema.
extension SchemaParts {
  private static func map(_ properties: JSONObject, required: [JSON] = []) -> JSON {
    var schema: JSONObject = [
      "type": "object", "additionalProperties": false, "properties": .object(properties),
    ]
    if !required.isEmpty { schema["required"] = .array(required) }
    return .object(schema)
  }

  private static let names: JSON = ["type": ["string", "array"]]

  private static let question: JSONObject = [
    "title": described(text, "What people are asked."),
    "show": described(["type": ["object", "string"]], "What they see; an answer is bound to its hash."),
    "to": reference("people"), "requester_may_answer": ["type": "boolean"],
    "quorum": described(reference("count"), "How many must make the same choice."),
    "expires": described(reference("duration"), "7d where it is absent."),
    "on_expiry": described(text, "fail, skip, or a choice that does not approve"),
    "remind": described(reference("duration"), "Each time that so much has passed."),
    "escalate": map(["after": reference("duration"), "to": reference("people")], required: ["after", "to"]),
  ]

  private static var ask: JSONObject {
    var ask = question
    ask["choices"] = [
      "type": "object", "minProperties": 1, "propertyNames": ["pattern": .string(name)],
      "additionalProperties": map([
        "label": text, "approves": ["type": "boolean"],
        "form": ["type": "object", "description": "JSON Schema of what the person fills in"],
      ]),
    ]
    return ask
  }

  static var kindDefinitions: JSONObject {
    [
      "people": map(["users": names, "groups": names]),
      "ask": map(ask, required: ["title", "choices"]),
      "approval": map(question, required: ["title"]),
      "signal": map(
        [
          "name": text, "key": described(text, "Only a signal of the same key is taken."),
          "schema": [
            "type": ["object", "string"], "description": "JSON Schema, or a file beside the pipeline",
          ],
          "broadcast": ["type": "boolean"],
        ], required: ["name"]),
      "wait": [
        "type": "object", "additionalProperties": false,
        "properties": [
          "for": reference("duration"), "until": described(expression, "CEL that gives a moment"),
          "signal": reference("signal"),
        ],
        "oneOf": .array(["for", "until", "signal"].map { ["required": [.string($0)]] }),
      ],
      "call": map(
        [
          "pipeline": ["type": "string", "pattern": "^([a-z0-9-]+/)?[a-z0-9-]+$"],
          "inputs": ["type": ["object", "string"]], "revision": ["type": "integer", "minimum": 1],
          "detach": ["type": "boolean"],
        ], required: ["pipeline"]),
      "end": map(
        [
          "status": ["enum": ["success", "partial", "failed", "cancelled"]], "class": errorClass,
          "message": text,
          "outputs": described(["type": ["object", "string"]], "In place of the outputs of the file."),
        ], required: ["status"]),
    ]
  }

  private static let errorClass: JSON = ["enum": .array(ErrorClass.allCases.map { .string($0.rawValue) })]

  /// The keys of a step whose value is one of those definitions.
  static var kindKeys: JSONObject {
    var keys: JSONObject = [
      "rescue": described(reference("rescue"), "Runs where the step failed; its output becomes the step's."),
      "on_kill": ["const": "run"],
    ]
    for kind in ["call", "ask", "wait", "end"] { keys[kind] = reference(kind) }
    for handler in KeyTable.handlers { keys[handler] = steps }
    return keys
  }

  /// A rescue is a step with the classes of failures that it is for.
  static func rescue(of catalogue: ConnectorCatalogue) -> JSONObject {
    var schema = step(of: catalogue, isBranch: false)
    var properties = schema["properties"]?.object ?? JSONObject()
    for key in ["if", "needs", "for_each"] { properties[key] = false }
    properties["classes"] = ["type": "array", "items": errorClass]
    schema["properties"] = .object(properties)
    return schema
  }

  /// `with` of `human.approve`, which is a question and no connector.
  static let approval: JSON = [
    "if": ["required": ["uses"], "properties": ["uses": ["pattern": "^human\\.approve(@[0-9]+)?$"]]],
    "then": ["required": ["with"], "properties": ["with": reference("approval")]],
  ]
}
