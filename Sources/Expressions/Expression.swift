public import Model

// The public face of this module, fixed before its inside: see each type's comment for what it promises.

/// A parsed, typed expression, ready to be evaluated any number of times on any thread.
public struct Expression: Sendable {
  public let source: String
  public let type: CELType
  /// The distinct variables it uses, by their declared names, in the order of first use. The place is the slot.
  public let variables: [String]
}

/// Gives an expression its variables when it asks for them; what is not asked for is never made.
public protocol Bindings {
  func value(at slot: Int, of name: String) throws(ExpressionError) -> Value
}

/// A static type. `dyn` agrees with every type.
public indirect enum CELType: Hashable, Sendable {
  case dyn, null, bool, int, uint, double, string, bytes, timestamp, duration, type
  case list(CELType)
  case map(CELType, CELType)
  case optional(CELType)
  /// A map with known members, as a JSON Schema gives it. A field that may be absent needs `.?` or `has`.
  case record(Record)
}

public struct Record: Hashable, Sendable {
  public struct Field: Hashable, Sendable {
    public var type: CELType
    public var isRequired: Bool
    public init(_ type: CELType, isRequired: Bool = true) { (self.type, self.isRequired) = (type, isRequired) }
  }
  public var fields: [String: Field]
  /// The type of members that are not listed; nil: there are none, and naming one is an error.
  public var additional: CELType?

  public init(fields: [String: Field], additional: CELType? = nil) {
    (self.fields, self.additional) = (fields, additional)
  }
}

/// What is wrong with an expression, and where: a range of UTF-8 offsets in its source.
public struct ExpressionError: Error, Sendable, Hashable {
  public enum Kind: Sendable, Hashable { case syntax, type, unknownName, evaluation, limit }
  public var kind: Kind
  public var message: Bilingual
  public var remedy: Bilingual?
  public var range: Range<Int>

  public init(_ kind: Kind, _ message: Bilingual, remedy: Bilingual? = nil, at range: Range<Int>) {
    (self.kind, self.message, self.remedy, self.range) = (kind, message, remedy, range)
  }
}
