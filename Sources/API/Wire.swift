public import Model

/// What travels. Stored and domain types never do: each has a wire type, so that they change apart.
///
/// The reader and the schema agree: `init` takes what the schema takes and nothing else, and `json` is of it.
public protocol Wire: Sendable {
  static var schema: Schema { get }
  init(_ json: JSON) throws(WireError)
  var json: JSON { get }
}

/// Why a JSON value is not what an endpoint takes; `pointer` is a JSON pointer such as `/inputs`.
public struct WireError: Error, Sendable, Hashable {
  public var pointer: String
  public var message: Bilingual

  public init(_ pointer: String, _ message: Bilingual) { (self.pointer, self.message) = (pointer, message) }
}

/// Any JSON, where the shape is only the user's.
extension JSON: Wire {
  public static let schema = Schema.any
  public init(_ json: JSON) throws(WireError) { self = json }
  public var json: JSON { self }
}

/// Nothing to say.
public struct Nothing: Wire, Hashable {
  public static let schema = Schema.nothing
  public init() {}
  public init(_ json: JSON) throws(WireError) { _ = try Fields(json, Self.schema) }
  public var json: JSON { .object(JSONObject()) }
}

/// Reads the members of an object into typed values, once the schema has taken it.
///
/// A type with a schema reads with `try Fields(json, Self.schema)`: what the schema does not say (a missing
/// member, a wrong type, an unknown word, a number out of range, a member too many in a request) is refused
/// before the first member is read. Null is no value of an optional member unless its schema says so.
public struct Fields: Sendable {
  public let object: JSONObject

  public init(_ json: JSON, _ schema: Schema) throws(WireError) {
    if let fault = SchemaCheck.fault(of: json, by: schema.json, at: "") { throw fault }
    guard case .object(let object) = json else { throw Self.noObject }
    self.object = object
  }

  private static let noObject = SchemaCheck.wrong("", Bilingual("an object", pt: "um objeto"))

  public func text(_ name: String) throws(WireError) -> String {
    try present(name, try optionalText(name))
  }

  public func optionalText(_ name: String) throws(WireError) -> String? {
    switch object[name] {
    case nil, .null?: nil
    case .string(let text)?: text
    case _?: throw wrong(name, Bilingual("text", pt: "texto"))
    }
  }

  public func texts(_ name: String) throws(WireError) -> [String] {
    var texts: [String] = []
    for (index, item) in try items(name).enumerated() {
      guard let text = item.string else {
        throw wrong("\(name)/\(index)", Bilingual("text", pt: "texto"))
      }
      texts.append(text)
    }
    return texts
  }

  public func integers(_ name: String) throws(WireError) -> [Int64] {
    var integers: [Int64] = []
    for (index, item) in try items(name).enumerated() {
      guard let integer = item.int ?? item.number.flatMap({ Int64(exactly: $0) }) else {
        throw wrong("\(name)/\(index)", Bilingual("a whole number", pt: "um inteiro"))
      }
      integers.append(integer)
    }
    return integers
  }

  public func integer(_ name: String) throws(WireError) -> Int64 {
    try present(name, try optionalInteger(name))
  }

  /// `5.0` is a whole number, as JSON Schema has it.
  public func optionalInteger(_ name: String) throws(WireError) -> Int64? {
    switch object[name] {
    case nil, .null?: return nil
    case .int(let integer)?: return integer
    case .double(let number)?:
      if let integer = Int64(exactly: number) { return integer }
      throw wrong(name, Bilingual("a whole number", pt: "um inteiro"))
    case _?: throw wrong(name, Bilingual("a whole number", pt: "um inteiro"))
    }
  }

  public func int(_ name: String) throws(WireError) -> Int { try present(name, try optionalInt(name)) }

  public func optionalInt(_ name: String) throws(WireError) -> Int? {
    guard let integer = try optionalInteger(name) else { return nil }
    guard let int = Int(exactly: integer) else {
      throw wrong(name, Bilingual("a smaller number", pt: "um número menor"))
    }
    return int
  }

  public func number(_ name: String) throws(WireError) -> Double {
    try present(name, try optionalNumber(name))
  }

  public func optionalNumber(_ name: String) throws(WireError) -> Double? {
    switch object[name] {
    case nil, .null?: return nil
    case let value?:
      guard let number = value.number else { throw wrong(name, Bilingual("a number", pt: "um número")) }
      return number
    }
  }

  /// False where it is absent.
  public func flag(_ name: String) throws(WireError) -> Bool {
    switch object[name] {
    case nil, .null?: false
    case .bool(let flag)?: flag
    case _?: throw wrong(name, Bilingual("true or false", pt: "true ou false"))
    }
  }

  public func json(_ name: String) throws(WireError) -> JSON { try present(name, object[name]) }

  /// The object of that name; empty where it is absent or null.
  public func map(_ name: String) throws(WireError) -> JSONObject {
    switch object[name] {
    case nil, .null?: JSONObject()
    case .object(let map)?: map
    case _?: throw wrong(name, Bilingual("an object", pt: "um objeto"))
    }
  }

  public func value<Value: Wire>(_ name: String, of type: Value.Type) throws(WireError) -> Value {
    try present(name, try optionalValue(name, of: type))
  }

  public func optionalValue<Value: Wire>(_ name: String, of type: Value.Type) throws(WireError) -> Value? {
    guard let json = object[name], !json.isNull else { return nil }
    return try Self.read(json, at: "/\(name)")
  }

  public func list<Element: Wire>(_ name: String, of type: Element.Type) throws(WireError) -> [Element] {
    var elements: [Element] = []
    for (index, item) in try items(name).enumerated() {
      elements.append(try Self.read(item, at: "/\(name)/\(index)"))
    }
    return elements
  }

  public func time(_ name: String) throws(WireError) -> Timestamp {
    try present(name, try optionalTime(name))
  }

  public func optionalTime(_ name: String) throws(WireError) -> Timestamp? {
    guard let text = try optionalText(name) else { return nil }
    guard let time = Timestamp(rfc3339: text) else {
      throw wrong(
        name, Bilingual("a time such as 2026-11-20T09:00:00Z", pt: "uma hora como 2026-11-20T09:00:00Z"))
    }
    return time
  }

  private func items(_ name: String) throws(WireError) -> [JSON] {
    switch object[name] {
    case nil, .null?: []
    case .array(let items)?: items
    case _?: throw wrong(name, Bilingual("a list", pt: "uma lista"))
    }
  }

  private static func read<Value: Wire>(_ json: JSON, at pointer: String) throws(WireError) -> Value {
    do throws(WireError) { return try Value(json) } catch {
      throw WireError(pointer + error.pointer, error.message)
    }
  }

  private func present<Value>(_ name: String, _ value: Value?) throws(WireError) -> Value {
    guard let value else {
      throw WireError("/\(name)", Bilingual("\"\(name)\" is missing.", pt: "Falta \"\(name)\"."))
    }
    return value
  }

  private func wrong(_ name: String, _ expected: Bilingual) -> WireError {
    SchemaCheck.wrong("/\(name)", expected)
  }
}

/// Members in order, without those that are nil.
func members(_ pairs: KeyValuePairs<String, JSON?>) -> JSON {
  var object = JSONObject()
  for (name, value) in pairs {
    if let value { object[name] = value }
  }
  return .object(object)
}

extension String {
  var wire: JSON { .string(self) }
}

extension Int {
  var wire: JSON { .int(Int64(self)) }
}

extension Bool {
  /// Left out when false.
  var wire: JSON? { self ? JSON.bool(true) : JSON?.none }
}

extension Timestamp {
  var wire: JSON { .string(rfc3339) }
}

extension Array where Element: Wire {
  var wire: JSON { .array(map(\.json)) }
}
