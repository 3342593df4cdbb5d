public import Model

/// What travels. Stored and domain types never do: each has a wire type, so that they change apart.
public protocol Wire: Sendable {
  init(_ json: JSON) throws(WireError)
  var json: JSON { get }
  static var schema: Schema { get }
}

extension Wire {
  public static var schema: Schema { .any }
}

/// Why a JSON value is not what an endpoint takes; `pointer` is a JSON pointer such as `/inputs`.
public struct WireError: Error, Sendable, Hashable {
  public var pointer: String
  public var message: Bilingual

  public init(_ pointer: String, _ message: Bilingual) { (self.pointer, self.message) = (pointer, message) }
}

/// Any JSON, where the shape is only the user's.
extension JSON: Wire {
  public init(_ json: JSON) throws(WireError) { self = json }
  public var json: JSON { self }
}

/// Nothing to say.
public struct Nothing: Wire, Hashable {
  public init() {}
  public init(_ json: JSON) throws(WireError) {}
  public var json: JSON { .object(JSONObject()) }
}

/// Reads the members of an object into typed values. Text is taken for numbers and truth values too, because
/// a query holds only text.
public struct Fields: Sendable {
  public let object: JSONObject

  public init(_ json: JSON) throws(WireError) {
    guard case .object(let object) = json else {
      throw WireError("", Bilingual("An object was expected here.", pt: "Aqui se esperava um objeto."))
    }
    self.object = object
  }

  public func text(_ name: String) throws(WireError) -> String {
    guard let text = try optionalText(name) else { throw missing(name) }
    return text
  }

  public func optionalText(_ name: String) throws(WireError) -> String? {
    switch object[name] {
    case nil, .null?: nil
    case .string(let text)?: text
    case _?: throw wrong(name, Bilingual("text", pt: "texto"))
    }
  }

  public func integer(_ name: String) throws(WireError) -> Int64 {
    guard let integer = try optionalInteger(name) else { throw missing(name) }
    return integer
  }

  public func optionalInteger(_ name: String) throws(WireError) -> Int64? {
    switch object[name] {
    case nil, .null?: return nil
    case .int(let integer)?: return integer
    case .string(let text)?:
      guard let integer = Int64(text) else {
        throw wrong(name, Bilingual("a whole number", pt: "um inteiro"))
      }
      return integer
    case _?: throw wrong(name, Bilingual("a whole number", pt: "um inteiro"))
    }
  }

  public func flag(_ name: String) throws(WireError) -> Bool {
    switch object[name] {
    case nil, .null?, .bool(false)?, .string("false")?: return false
    case .bool(true)?, .string("true")?, .string("")?: return true
    case _?: throw wrong(name, Bilingual("true or false", pt: "true ou false"))
    }
  }

  public func json(_ name: String) throws(WireError) -> JSON {
    guard let json = object[name] else { throw missing(name) }
    return json
  }

  /// The object of that name; empty where it is absent or null.
  public func map(_ name: String) throws(WireError) -> JSONObject {
    switch object[name] {
    case nil, .null?: JSONObject()
    case .object(let map)?: map
    case _?: throw wrong(name, Bilingual("an object", pt: "um objeto"))
    }
  }

  public func list<Element: Wire>(_ name: String, of type: Element.Type) throws(WireError) -> [Element] {
    switch object[name] {
    case nil, .null?: return []
    case .array(let items)?:
      var elements: [Element] = []
      for (index, item) in items.enumerated() {
        do throws(WireError) {
          elements.append(try Element(item))
        } catch {
          throw WireError("/\(name)/\(index)\(error.pointer)", error.message)
        }
      }
      return elements
    case _?: throw wrong(name, Bilingual("a list", pt: "uma lista"))
    }
  }

  public func time(_ name: String) throws(WireError) -> Timestamp? {
    guard let text = try optionalText(name) else { return nil }
    guard let time = Timestamp(rfc3339: text) else {
      throw wrong(
        name, Bilingual("a time such as 2026-11-20T09:00:00Z", pt: "uma hora como 2026-11-20T09:00:00Z"))
    }
    return time
  }

  private func missing(_ name: String) -> WireError {
    WireError("/\(name)", Bilingual("\"\(name)\" is missing.", pt: "Falta \"\(name)\"."))
  }

  private func wrong(_ name: String, _ expected: Bilingual) -> WireError {
    WireError(
      "/\(name)",
      Bilingual(
        "\"\(name)\" must be \(expected.english).", pt: "\"\(name)\" deve ser \(expected.portuguese)."))
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
