public import Model

extension PipelineCompiler {
  /// The JSON Schema of a pipeline file, from which editors complete and check it. It knows the connectors of
  /// this compiler. What only `validate` can find (names, types, cycles) it lets pass.
  public func pipelineSchema() -> JSON {
    var schema: JSONObject = [
      "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Esteira pipeline",
      "type": "object", "additionalProperties": false,
      "required": ["apiVersion", "id", "namespace", "steps"],
    ]
    schema["properties"] = .object(SchemaParts.top)
    var definitions = SchemaParts.definitions
    definitions["step"] = .object(SchemaParts.step(of: catalogue, isBranch: false))
    definitions["branch"] = .object(SchemaParts.step(of: catalogue, isBranch: true))
    definitions["rescue"] = .object(SchemaParts.rescue(of: catalogue))
    for member in SchemaParts.kindDefinitions { definitions[member.key] = member.value }
    definitions["trigger"] = .object(SchemaParts.trigger)
    schema["$defs"] = .object(definitions)
    return .object(schema)
  }
}

/// The parts of the published schema. A test compares their keys with those that the compiler takes.
enum SchemaParts {
  static let expression: JSON = ["type": "string", "description": "CEL, or ${{ CEL }}"]
  static let text: JSON = ["type": "string"]
  static let name = "^[a-z][a-z0-9_]{0,62}$"
  static let steps: JSON = [
    "type": "object", "minProperties": 1, "propertyNames": ["pattern": .string(name)],
    "additionalProperties": reference("step"),
  ]

  static func reference(_ name: String) -> JSON { ["$ref": .string("#/$defs/\(name)")] }
  static func described(_ schema: JSON, _ description: String) -> JSON {
    guard var object = schema.object else { return schema }
    object["description"] = .string(description)
    return .object(object)
  }

  static let top: JSONObject = [
    "apiVersion": ["const": .string(HeadReader.apiVersion)],
    "id": ["type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"],
    "namespace": ["type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"],
    "title": text, "description": text,
    "labels": ["type": "object", "additionalProperties": text],
    "inputs": [
      "type": "object", "propertyNames": ["pattern": .string(name)],
      "additionalProperties": ["type": "object", "description": "JSON Schema; required without a default"],
    ],
    "key": described(text, "The same key among live jobs returns the existing job."),
    "vars": ["type": "object", "description": "Evaluated once, at admission, in this order."],
    "triggers": ["type": "object", "additionalProperties": reference("trigger")],
    "concurrency": reference("concurrency"), "rate_limit": reference("rate_limit"),
    "priority": reference("priority"), "fair_key": text, "correlation": text,
    "job_labels": ["type": "object", "additionalProperties": ["type": ["string", "number", "boolean"]]],
    "access": [
      "type": "object", "additionalProperties": false, "required": ["owner"], "properties": ["owner": text],
    ],
    "privacy": SchemaShapes.map(IdentityReader.privacy), "log_file": text,
    "expect": SchemaShapes.map(IdentityReader.expect),
    "defaults": reference("defaults"), "deadline": reference("duration"), "steps": steps,
    "on_failure": steps, "on_cancel": steps, "finally": steps,
    "after_each": described(steps, "Run after every step that matches their if; step is that step."),
    "outputs": ["type": "object"],
  ]

  static let definitions: JSONObject = [
    "duration": [
      "type": "string", "description": "90s, 5m, 2h, 1d, or an expression",
      "pattern": "^([0-9]+(\\.[0-9]+)?(d|h|m|s|ms|us|ns))+$|\\$\\{\\{",
    ],
    "count": ["type": ["integer", "string"], "minimum": 1],
    "retry": [
      "type": "object", "additionalProperties": false,
      "properties": [
        "attempts": ["type": ["integer", "string"], "minimum": 1, "maximum": 20],
        "classes": [
          "type": "array", "items": ["enum": .array(ErrorClass.allCases.map { .string($0.rawValue) })],
        ],
        "backoff": [
          "type": "object", "additionalProperties": false,
          "properties": [
            "initial": reference("duration"), "max": reference("duration"),
            "factor": ["type": "number", "minimum": 1, "maximum": 100],
            "jitter": ["type": "number", "minimum": 0, "maximum": 1],
          ],
        ],
      ],
    ],
    "repeat": [
      "type": "object", "additionalProperties": false, "required": ["max"],
      "properties": [
        "max": reference("count"), "carry": ["type": "object"], "until": expression,
        "next": ["type": "object"], "delay": reference("duration"), "on_max": ["enum": ["fail", "continue"]],
      ],
    ],
    "defaults": [
      "type": "object", "additionalProperties": false,
      "properties": [
        "retry": reference("retry"), "isolation": reference("isolation"), "connectors": ["type": "object"],
      ],
    ],
    "isolation": SchemaShapes.map(IsolationReader.keys),
    "concurrency": limit(
      [
        "key": text, "scope": scopes, "limit": reference("count"),
        "max_queued": ["type": ["integer", "string"], "minimum": 0],
        "when_full": ["enum": ["queue", "skip", "cancel_running"]],
      ], required: ["limit"]),
    "rate_limit": limit(
      ["key": text, "scope": scopes, "limit": reference("count"), "per": reference("duration")],
      required: ["limit", "per"]),
    "circuit": limit(
      ["key": text, "failures": reference("count"), "recover_after": reference("duration")],
      required: ["failures", "recover_after"]),
    "cache": limit(["key": text, "for": reference("duration")], required: ["key", "for"]),
    "priority": ["type": ["integer", "string"], "minimum": 0, "maximum": 9],
    "deliver": limit(
      [
        "signal": text, "key": text, "payload": [:],
        "unmatched": limit(
          ["keep": reference("duration"), "then": ["enum": ["dead_letter", "drop"]]], required: []),
      ], required: ["signal"]),
  ]

  private static let scopes: JSON = ["enum": ["pipeline", "namespace"]]

  private static func limit(_ properties: JSONObject, required: [String]) -> JSON {
    [
      "type": "object", "additionalProperties": false, "properties": .object(properties),
      "required": .array(required.map(JSON.string)),
    ]
  }

  static let trigger: JSONObject = {
    var properties = JSONObject()
    for kind in KeyTable.triggerKinds { properties[kind] = SchemaShapes.map(TriggerSpec.kinds[kind] ?? []) }
    properties["enabled"] = ["type": ["string", "boolean"], "description": "CEL over settings"]
    properties["deliver"] = reference("deliver")
    properties["if"] = expression
    properties["inputs"] = ["type": ["object", "string"]]
    properties["idempotency_key"] = text
    return [
      "type": "object", "additionalProperties": false, "properties": .object(properties),
      "oneOf": .array(KeyTable.triggerKinds.map { ["required": [.string($0)]] }),
    ]
  }()

  private static let modifiers: JSONObject = [
    "with": ["type": "object"], "connection": text, "credential": text,
    "if": ["type": ["string", "boolean"], "description": "CEL"],
    "needs": ["type": "array", "items": ["type": ["string", "object"]]],
    "for_each": [
      "type": ["string", "object"], "description": "CEL that gives a list, or lines: an artifact",
      "additionalProperties": false, "properties": ["lines": text], "required": ["lines"],
    ],
    "batch": described(reference("count"), "Each item is a list of so many."),
    "concurrency": reference("concurrency"), "rate_limit": reference("rate_limit"),
    "circuit": reference("circuit"), "cache": reference("cache"), "priority": reference("priority"),
    "isolation": reference("isolation"), "exclusive": described(text, "A lock of the namespace."),
    "queue": ["type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"],
    "as": ["type": "string", "pattern": .string(name)],
    "key": text, "max_parallel": reference("count"), "allow_failed": ["type": ["integer", "string"]],
    "keep": ["enum": ["failed", "all"]], "repeat": reference("repeat"), "retry": reference("retry"),
    "timeout": described(reference("duration"), "One attempt; of a loop or group one round."),
    "queue_timeout": described(reference("duration"), "From ready until started."),
    "deadline": described(reference("duration"), "From ready to the end."),
    "idempotent": ["type": "boolean"],
    "output": described([:], "What a group gives in place of the map of its children's outputs."),
  ]

  static func step(of catalogue: ConnectorCatalogue, isBranch: Bool) -> JSONObject {
    var properties = modifiers
    properties["uses"] = [
      "type": "string", "examples": .array(catalogue.names.map(JSON.string)),
      "description": "A connector, such as shell or http.request@1.",
    ]
    properties["steps"] = steps
    properties["choose"] = [
      "type": "object", "minProperties": 1, "propertyNames": ["pattern": .string(name)],
      "additionalProperties": reference("branch"),
    ]
    properties["value"] = described([:], "Computed in place; a text is CEL.")
    for member in kindKeys { properties[member.key] = member.value }
    if isBranch { properties["else"] = ["const": true] }
    return [
      "type": "object", "additionalProperties": false, "properties": .object(properties),
      "oneOf": .array(KeyTable.kinds.map { ["required": [.string($0)]] }),
      "allOf": .array(catalogue.names.compactMap { with($0, catalogue) } + [approval]),
    ]
  }

  /// The names of a connector's `with`: their values may be expressions, so their types are left out.
  private static func with(_ name: String, _ catalogue: ConnectorCatalogue) -> JSON? {
    guard let connector = catalogue[name], let known = connector.with["properties"]?.object else {
      return nil
    }
    var properties = JSONObject()
    for member in known {
      var shown = JSONObject()
      for key in ["title", "description"] { shown[key] = member.value[key] }
      properties[member.key] = .object(shown)
    }
    var with: JSONObject = ["type": "object", "properties": .object(properties)]
    if connector.with["additionalProperties"]?.bool == false { with["additionalProperties"] = false }
    let pattern = "^" + name.replacing(".", with: "\\.") + "(@[0-9]+)?$"
    return [
      "if": ["required": ["uses"], "properties": ["uses": ["pattern": .string(pattern)]]],
      "then": ["properties": ["with": .object(with)]],
    ]
  }
}
