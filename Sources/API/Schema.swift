public import Model

/// What a value on the wire looks like, as JSON Schema 2020-12, the dialect of OpenAPI 3.1.
///
/// A type that has a name stands once among the document's components and is referred to.
public struct Schema: Sendable, Hashable {
  public var name: String?
  /// The schema itself. What it refers to by name is in `parts`, since a reference alone does not say what it
  /// means.
  public var json: JSON
  public private(set) var parts: [Schema]

  init(_ json: JSON, name: String? = nil, parts: [Schema] = []) {
    (self.json, self.name, self.parts) = (json, name, parts)
  }

  /// Anything: what only the user knows the shape of.
  public static let any = Schema(.object(JSONObject()))
  public static let nothing = Schema.object([])

  public static let text = Schema(["type": "string"])
  public static let integer = Schema(["type": "integer", "format": "int64"])
  public static let number = Schema(["type": "number"])
  public static let flag = Schema(["type": "boolean"])
  /// RFC 3339, in UTC.
  public static let time = Schema(["type": "string", "format": "date-time"])
  /// An object of members that only the user knows.
  public static let map = Schema(["type": "object"])

  /// One of these words.
  public static func words(_ words: [String]) -> Schema {
    Schema(["type": "string", "enum": .array(words.map { .string($0) })])
  }

  public static func list(of element: Schema) -> Schema {
    Schema(["type": "array", "items": element.reference], parts: [element])
  }

  /// A member of an object.
  public struct Member: Sendable, Hashable {
    public var name: String
    public var schema: Schema
    public var isRequired: Bool
    /// For people; a sentence.
    public var summary: String?

    public init(_ name: String, _ schema: Schema, required: Bool = true, _ summary: String? = nil) {
      (self.name, self.schema, self.isRequired, self.summary) = (name, schema, required, summary)
    }
  }

  public static func object(_ members: [Member], name: String? = nil) -> Schema {
    var properties = JSONObject()
    for member in members {
      var schema = member.schema.reference
      if let summary = member.summary, case .object(var object) = schema {
        object["description"] = .string(summary)
        schema = .object(object)
      }
      properties[member.name] = schema
    }
    var object: JSONObject = ["type": "object", "properties": .object(properties)]
    let required = members.filter(\.isRequired).map { JSON.string($0.name) }
    if !required.isEmpty { object["required"] = .array(required) }
    return Schema(.object(object), name: name, parts: members.map(\.schema))
  }

  /// How another schema mentions this one.
  public var reference: JSON {
    guard let name else { return json }
    return ["$ref": .string("#/components/schemas/\(name)")]
  }
}
