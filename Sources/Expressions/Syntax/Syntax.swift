/// A node of a parsed expression.
struct Syntax: Sendable {
  var kind: Kind
  /// UTF-8 offsets in the source.
  var range: Range<Int>
  /// The longest way down; at most `ExpressionLimits.height`.
  var height: Int

  indirect enum Kind: Sendable {
    case literal(Value)
    /// `isAbsolute`: written with a leading dot, so no comprehension variable is meant.
    case name(String, isAbsolute: Bool)
    case select(Syntax, field: Name, isOptional: Bool)
    case index(Syntax, key: Syntax, isOptional: Bool)
    /// A function, a method or an operator (`+`, `!_`, `-_`).
    case call(Name, target: Syntax?, arguments: [Syntax])
    case list([Element])
    case map([Entry])
    /// `Type{…}`: understood, and refused by the checker.
    case message
    case all([Syntax])
    case any([Syntax])
    case conditional(Syntax, Syntax, Syntax)
    case has(Syntax)
    case comprehension(Comprehension)
    /// `cel.bind(name, value, body)`.
    case bind(Name, Syntax, Syntax)
    /// `value.optMap(name, body)`; `isFlat`: the body gives an optional itself.
    case optionalMap(Syntax, Name, Syntax, isFlat: Bool)
  }

  struct Name: Sendable {
    var text: String
    var range: Range<Int>
  }

  struct Element: Sendable {
    var value: Syntax
    var isOptional: Bool
  }

  struct Entry: Sendable {
    var key: Syntax
    var value: Syntax
    var isOptional: Bool
  }

  struct Comprehension: Sendable {
    enum Kind: String, Sendable {
      case all, exists, existsOne, map, filter, transformList, transformMap, transformMapEntry, sortBy,
        groupBy
    }
    var kind: Kind
    var source: Syntax
    /// One name for the element (of a map: its key), or two: index and element, or key and value.
    var names: [Name]
    /// What decides whether an element counts, for the forms of `map` and `transform…` that have one.
    var condition: Syntax?
    var body: Syntax
  }
}
