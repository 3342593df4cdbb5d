import Model

extension OpenAPI {
  static func operation(of shape: Shape, _ parts: inout Components) -> JSON {
    var operation: JSONObject = [
      "operationId": .string(shape.operationID), "tags": [.string(shape.tag)],
      "summary": .string(shape.summary), "description": .string(description(of: shape)),
      "x-permission": .string(shape.permission.description), "x-audit": .string("\(shape.audit)"),
    ]
    let parameters = parameters(of: shape, &parts)
    if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
    if let body = body(of: shape, &parts) { operation["requestBody"] = body }
    operation["responses"] = responses(of: shape, &parts)
    operation["security"] = shape.permission == .open ? [] : [["bearer": []], ["cookie": []]]
    return .object(operation)
  }

  private static func description(of shape: Shape) -> String {
    switch shape.permission {
    case .open: "\(shape.summary)\n\nNobody has to sign in."
    case .signedIn: "\(shape.summary)\n\nFor whoever signed in, about their own things."
    case .needs: "\(shape.summary)\n\nPermission: `\(shape.permission)`."
    }
  }

  private static func parameters(of shape: Shape, _ parts: inout Components) -> [JSON] {
    var parameters: [JSON] = []
    for name in shape.pathNames {
      let member = shape.input.members.first { $0.name == name } ?? Schema.Member(name, .text(1...500))
      parameters.append(parameter(member, in: "path", shape, &parts))
    }
    if shape.method.hasQuery {
      for member in shape.rest { parameters.append(parameter(member, in: "query", shape, &parts)) }
      if let fields = shape.fields {
        let member = Schema.Member.optional(
          FieldSelection.parameter, fields, "Only these members, of a list of each item.")
        parameters.append(parameter(member, in: "query", shape, &parts))
      }
    }
    var headers: [String] = []
    if shape.method == .post, shape.rawBodyLimit == nil { headers.append("IdempotencyKey") }
    if shape.needsPrecondition { headers.append("IfMatch") }
    if case .events = shape.output { headers.append("LastEventID") }
    return parameters + headers.map { ["$ref": .string("#/components/parameters/\($0)")] }
  }

  private static func parameter(
    _ member: Schema.Member, in place: String, _ shape: Shape, _ parts: inout Components
  ) -> JSON {
    var parameter: JSONObject = [
      "name": .string(member.name), "in": .string(place),
      "required": .bool(place == "path" || member.isRequired),
    ]
    if let summary = member.summary { parameter["description"] = .string(summary) }
    if member.schema.json["type"] == "array" {
      parameter["style"] = "form"
      parameter["explode"] = false
    }
    parameter["schema"] = parts.use(member.schema)
    if let example = shape.example?[member.name] { parameter["example"] = example }
    return .object(parameter)
  }

  /// Nil where the path holds all that there is.
  private static func body(of shape: Shape, _ parts: inout Components) -> JSON? {
    if let limit = shape.rawBodyLimit {
      return [
        "description": .string("Taken as the bytes that came, at most \(limit)."), "required": false,
        "content": ["*/*": .object(JSONObject())],
      ]
    }
    guard !shape.method.hasQuery, let schema = shape.body else { return nil }
    var content: JSONObject = ["schema": parts.use(schema)]
    if case .object(var example)? = shape.example {
      for name in shape.pathNames { example[name] = nil }
      content["example"] = .object(example)
    }
    return [
      "required": .bool(schema.json["required"] != nil || schema.json["oneOf"] != nil),
      "content": ["application/json": .object(content)],
    ]
  }
}

extension Shape {
  /// Of `{id}` and its like, in the order of the path.
  var pathNames: [String] {
    path.split(separator: "/").filter { $0.first == "{" }.map { String($0.dropFirst().dropLast()) }
  }

  /// Members of the input that the path does not name.
  var rest: [Schema.Member] {
    let names = pathNames
    return input.members.filter { !names.contains($0.name) }
  }

  /// What the body looks like; nil where the path holds all that there is.
  var body: Schema? {
    let names = pathNames
    if names.isEmpty { return input.members.isEmpty && input.name == nil ? nil : input }
    guard input.json["oneOf"] != nil else { return rest.isEmpty ? nil : .request(rest) }
    let variants = input.parts.map { variant in
      Schema.request(variant.members.filter { !names.contains($0.name) })
    }
    return .oneOf(variants, shared: rest, name: nil, input.json["description"]?.string)
  }

  /// Such as `getJobsByIdLogs`: one for each method and path.
  var operationID: String {
    var words = [method.rawValue.lowercased()]
    for part in path.split(separator: "/").dropFirst(2) {
      let isNamed = part.first == "{"
      let letters = part.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
      if isNamed { words.append("By") }
      words += letters.map { $0.prefix(1).uppercased() + $0.dropFirst() }
    }
    return words.joined()
  }

  /// The part of the documentation that it stands in.
  var tag: String {
    let first = path.split(separator: "/").dropFirst(2).first ?? "system"
    let word = String(first.prefix { $0 != ":" && $0 != "." })
    return OpenAPI.tagOfWord[word] ?? word
  }
}

extension OpenAPI {
  /// First words of paths that stand in another part than their own.
  static let tagOfWord = [
    "fires": "schedules", "outbox": "destinations", "deliveries": "destinations", "mutes": "alerts",
    "alert-rules": "alerts",
    "heartbeats": "expectations", "refusals": "triggers", "schema": "pipelines", "health": "system",
    "ready": "system", "version": "system", "doctor": "system", "openapi": "system",
  ]

  /// In the order in which they first appear.
  static func tags(of shapes: [Shape]) -> [String] {
    var tags: [String] = []
    for shape in shapes where !tags.contains(shape.tag) { tags.append(shape.tag) }
    return tags
  }
}
