import Model

/// A value of a pipeline file that knows where it was written.
struct Node: Sendable {
  enum Content: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string
    case list([Node])
    case map([Entry])
  }

  /// A member of a map.
  struct Entry: Sendable {
    var key: String
    var keySpan: Range<Int>
    var value: Node
  }

  /// How a scalar was written, which decides how its text lies in the source.
  enum Style: Sendable { case plain, quoted, escaped, block, collection }

  var content: Content
  /// A scalar's text as it stands after unescaping; empty for lists and maps.
  var text: String
  var style: Style
  /// Offsets of the source's bytes.
  var span: Range<Int>
}

extension Node {
  var entries: [Entry]? { if case .map(let entries) = content { entries } else { nil } }
  var items: [Node]? { if case .list(let items) = content { items } else { nil } }
  var isNull: Bool { if case .null = content { true } else { false } }
  var isScalar: Bool { style != .collection }
  /// The text of a string; nil for other kinds, also for numbers.
  var string: String? { if case .string = content { text } else { nil } }

  subscript(key: String) -> Node? { entries?.first { ScalarString($0.key) == ScalarString(key) }?.value }

  var json: JSON {
    switch content {
    case .null: .null
    case .bool(let bool): .bool(bool)
    case .int(let int): .int(int)
    case .double(let double): .double(double)
    case .string: .string(text)
    case .list(let items): .array(items.map(\.json))
    case .map(let entries): .object(JSONObject(entries.map { ($0.key, $0.value.json) }))
    }
  }

  /// The word used in messages, in both languages.
  var kind: Bilingual {
    switch content {
    case .null: Bilingual("nothing", pt: "nada")
    case .bool: Bilingual("true or false", pt: "verdadeiro ou falso")
    case .int, .double: Bilingual("a number", pt: "um número")
    case .string: Bilingual("text", pt: "um texto")
    case .list: Bilingual("a list", pt: "uma lista")
    case .map: Bilingual("a map", pt: "um mapa")
    }
  }

  /// The node that a JSON pointer leads to, or the last one on the way that exists.
  func following(_ pointer: [String]) -> (node: Node, found: Bool) {
    guard let step = pointer.first else { return (self, true) }
    let next =
      self[step]
      ?? Int(step).flatMap { index in
        items.flatMap { $0.indices.contains(index) ? $0[index] : nil }
      }
    return next?.following(Array(pointer.dropFirst())) ?? (self, false)
  }
}

/// Why a text is no tree at all: what is found first ends the reading.
struct ReadingError: Error, Sendable {
  var code: String
  var message: Bilingual
  var remedy: Bilingual?
  /// Offsets of the source's bytes.
  var span: Range<Int>

  init(_ code: String, _ message: Bilingual, remedy: Bilingual? = nil, at span: Range<Int>) {
    (self.code, self.message, self.remedy, self.span) = (code, message, remedy, span)
  }
}
