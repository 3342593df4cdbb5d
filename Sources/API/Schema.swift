public import Model

/// What a value on the wire looks like, as JSON Schema 2020-12, the dialect of OpenAPI 3.1.
///
/// A type that has a name stands once among the document's components and is referred to. The readers of wire
/// types check what they are given against their own schema (`Fields`), so the document cannot promise what
/// they do not hold.
public struct Schema: Sendable, Hashable {
  public var name: String?
  /// The schema itself. What it refers to by name is in `parts`, since a reference alone does not say what it
  /// means.
  public var json: JSON
  public private(set) var parts: [Schema]
  /// Of an object: what it is made of, for schemas that add to it.
  public private(set) var members: [Member]

  init(_ json: JSON, name: String? = nil, parts: [Schema] = [], members: [Member] = []) {
    (self.json, self.name, self.parts, self.members) = (json, name, parts, members)
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

    /// One that may be left out.
    public static func optional(_ name: String, _ schema: Schema, _ summary: String? = nil) -> Member {
      Member(name, schema, required: false, summary)
    }
  }

  /// What is answered: a later server may add members, and an earlier client passes over them.
  public static func object(_ members: [Member], name: String? = nil, _ summary: String? = nil) -> Schema {
    var properties = JSONObject()
    for member in members { properties[member.name] = member.schema.reference(member.summary) }
    var object: JSONObject = ["type": "object"]
    if let summary { object["description"] = .string(summary) }
    object["properties"] = .object(properties)
    let required = members.filter(\.isRequired).map { JSON.string($0.name) }
    if !required.isEmpty { object["required"] = .array(required) }
    return Schema(.object(object), name: name, parts: members.map(\.schema), members: members)
  }

  /// What is taken: a member that it does not name is refused, since it would do nothing unseen.
  public static func request(_ members: [Member], name: String? = nil, _ summary: String? = nil) -> Schema {
    object(members, name: name, summary).with("additionalProperties", false)
  }

  /// How another schema mentions this one.
  public var reference: JSON {
    guard let name else { return json }
    return ["$ref": .string("#/components/schemas/\(name)")]
  }

  func reference(_ summary: String?) -> JSON {
    guard let summary, case .object(var object) = reference else { return reference }
    object["description"] = .string(summary)
    return .object(object)
  }

  /// The same with one keyword more.
  func with(_ keyword: String, _ value: JSON) -> Schema {
    guard case .object(var object) = json else { return self }
    object[keyword] = value
    var schema = self
    schema.json = .object(object)
    return schema
  }
}
