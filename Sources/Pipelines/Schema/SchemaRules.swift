import Expressions
import Model

/// What one subschema asks. Other subschemas are places in the list of all.
struct SchemaRules: Sendable {
  enum Kind: String, Sendable, CaseIterable {
    case null, boolean, integer, number, string, array, object, artifact
  }

  struct Bound: Sendable {
    var value: Double
    /// As it was written, for messages.
    var json: JSON
  }

  struct Condition: Sendable {
    var condition: Int
    var then: Int?
    var otherwise: Int?
  }

  /// `false`: nothing is valid.
  var refusesAll = false
  var kinds: [Kind]?
  var mediaType: String?
  var enumeration: [JSON]?
  var constant: JSON?

  var properties: [(name: String, rules: Int)] = []
  var patternProperties: [(pattern: SchemaPattern, rules: Int)] = []
  var additionalProperties: Int?
  var propertyNames: Int?
  var required: [String] = []
  var minProperties: Int?
  var maxProperties: Int?

  var prefixItems: [Int] = []
  var items: Int?
  var minItems: Int?
  var maxItems: Int?
  var uniqueItems = false

  var minimum: Bound?
  var maximum: Bound?
  var exclusiveMinimum: Bound?
  var exclusiveMaximum: Bound?
  var multipleOf: Bound?

  var minLength: Int?
  var maxLength: Int?
  var pattern: SchemaPattern?
  var format: SchemaFormat?

  var allOf: [Int] = []
  var anyOf: [Int] = []
  var oneOf: [Int] = []
  var not: Int?
  var condition: Condition?
  var reference: Int?
  var defaultValue: JSON?

  /// Subschemas that judge the same value, which must not lead back here.
  var inPlace: [Int] {
    let condition = [
      self.condition?.condition, self.condition?.then, self.condition?.otherwise, not, reference,
    ]
    return allOf + anyOf + oneOf + condition.compactMap(\.self)
  }

  /// The property of that name.
  func property(_ name: String) -> Int? {
    properties.first { ScalarString($0.name) == ScalarString(name) }?.rules
  }
}
