import Expressions
import Model

/// Questions about types that templates ask.
enum Assignability {
  static func isMap(_ type: CELType) -> Bool {
    switch type {
    case .dyn, .map, .record: true
    case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .list, .optional:
      false
    }
  }

  /// May stand in the middle of a text.
  static func isPrintable(_ type: CELType) -> Bool {
    switch type {
    case .dyn, .bool, .int, .uint, .double, .string, .timestamp: true
    case .null, .bytes, .duration, .type, .list, .map, .optional, .record: false
    }
  }
}

/// Types as people say them.
enum TypeWords {
  static func word(_ type: CELType) -> Bilingual {
    switch type {
    case .dyn: Bilingual("anything", pt: "qualquer coisa")
    case .null: Bilingual("null", pt: "null")
    case .bool: Bilingual("true or false", pt: "true ou false")
    case .int, .uint: Bilingual("a whole number", pt: "um número inteiro")
    case .double: Bilingual("a number", pt: "um número")
    case .string: Bilingual("text", pt: "um texto")
    case .bytes: Bilingual("bytes", pt: "bytes")
    case .timestamp: Bilingual("a moment", pt: "um momento")
    case .duration: Bilingual("a duration", pt: "uma duração")
    case .type: Bilingual("a type", pt: "um tipo")
    case .list: Bilingual("a list", pt: "uma lista")
    case .map, .record: Bilingual("a map", pt: "um mapa")
    case .optional: Bilingual("a value that may be absent", pt: "um valor que pode estar ausente")
    }
  }
}
