public import Expressions
public import Model

/// A JSON Schema 2020-12 of the vocabulary that `docs/json-schema.md` lists, ready to judge values.
///
/// Two keywords are ours: `type: artifact` (with `media_type`) takes the handle of an artifact, and
/// `x-personal-data: true` marks what is about a person.
public struct JSONSchema: Sendable {
  /// The schema as it was written.
  public let json: JSON
  /// Every subschema once; the first is the whole.
  let rules: [SchemaRules]

  /// Reads a schema. An unknown keyword is an error, as are a `$ref` out of the file and one that never ends.
  public init(_ json: JSON) throws(SchemaFaults) {
    var compiler = SchemaCompiler(root: json)
    rules = try compiler.compile()
    self.json = json
  }

  /// Takes every value.
  public static let anything = JSONSchema(json: .object(JSONObject()), rules: [SchemaRules()])

  private init(json: JSON, rules: [SchemaRules]) { (self.json, self.rules) = (json, rules) }

  /// What the value breaks, in the order of the value; empty where it is valid.
  public func violations(in value: JSON) -> [SchemaViolation] {
    var validation = SchemaValidation(rules: rules)
    return validation.violations(of: value)
  }

  /// The type that an expression sees.
  public var type: CELType { SchemaTypes(rules: rules).type(of: 0) }

  /// The same value with numbers as the schema writes them (`1` where a `number` is asked for becomes `1.0`,
  /// `1.0` for an `integer` becomes `1`) and with absent members that have a `default`. Valid values only.
  public func normalized(_ value: JSON) -> JSON {
    SchemaNormalizing(rules: rules).normalized(value, by: 0, depth: 0)
  }

  /// `x-personal-data: true` stands at its top.
  public var isPersonal: Bool { json["x-personal-data"]?.bool == true }
}

/// One thing that a value breaks.
public struct SchemaViolation: Error, Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    /// A member that must be there is not.
    case missing(String)
    /// A member that the schema does not have.
    case unknown(String)
    case other
  }
  public var kind: Kind
  /// Keys and indexes that lead to the value.
  public var path: [String]
  public var message: Bilingual

  public init(_ kind: Kind = .other, at path: [String], _ message: Bilingual) {
    (self.kind, self.path, self.message) = (kind, path, message)
  }

  /// The path as a JSON Pointer (RFC 6901); empty for the value as a whole.
  public var pointer: String {
    path.map { "/" + JSONPointer.escaped($0) }.joined()
  }
}

/// What is wrong with a schema itself: never empty.
public struct SchemaFaults: Error, Sendable, Hashable {
  public var faults: [SchemaViolation]
  public init(_ faults: [SchemaViolation]) { self.faults = faults }
}

/// RFC 6901.
enum JSONPointer {
  static func escaped(_ key: String) -> String {
    String(
      decoding: key.utf8.flatMap { byte -> [UInt8] in
        switch byte {
        case UInt8(ascii: "~"): Array("~0".utf8)
        case UInt8(ascii: "/"): Array("~1".utf8)
        default: [byte]
        }
      }, as: UTF8.self)
  }

  /// The keys of a fragment such as `#/$defs/a~1b`; nil for anything else.
  static func keys(ofFragment reference: String) -> [String]? {
    guard reference.hasPrefix("#") else { return nil }
    let pointer = reference.dropFirst()
    if pointer.isEmpty { return [] }
    guard pointer.hasPrefix("/"), !pointer.contains("%") else { return nil }
    return pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(unescaped)
  }

  private static func unescaped(_ key: Substring) -> String {
    var (bytes, rest) = ([UInt8](), Array(key.utf8)[...])
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "~"), let next = rest.first,
        next == UInt8(ascii: "0") || next == UInt8(ascii: "1")
      {
        rest = rest.dropFirst()
        bytes.append(next == UInt8(ascii: "0") ? UInt8(ascii: "~") : UInt8(ascii: "/"))
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
