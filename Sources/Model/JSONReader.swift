/// Why a text is not JSON, and where. Lines and columns count from 1; a column is one Unicode scalar.
public struct JSONError: Error, Sendable, Hashable {
  /// Bytes before the fault.
  public var offset: Int
  public var line: Int
  public var column: Int
  public var message: Bilingual

  public init(offset: Int, line: Int, column: Int, message: Bilingual) {
    (self.offset, self.line, self.column, self.message) = (offset, line, column, message)
  }

  /// The same fault for a user, with its place in the sentence.
  public var problem: Problem {
    Problem(
      "invalid-json",
      Bilingual(
        "The text is not JSON: line \(line), column \(column): \(message.english)",
        pt: "O texto não é JSON: linha \(line), coluna \(column): \(message.portuguese)"))
  }
}

extension JSON {
  /// How many arrays and objects may lie in one another.
  public static let depthLimit = 128
  /// What the engine stores wraps values of users, which keep to `depthLimit`, into its own and the file's.
  public static let storedDepthLimit = 256

  /// Reads exactly one value, with white space around it and nothing else.
  ///
  /// Stricter than most readers: a key that occurs twice in an object, text that is not UTF-8, half a
  /// surrogate pair, and a number too large for a `Double` are errors. `1` is `int`, `1.0` and `1e3` are
  /// `double`; a whole number beyond `Int64` becomes the nearest `double`.
  public init(parsing bytes: [UInt8], depthLimit: Int = depthLimit) throws(JSONError) {
    var reader = JSONReader(bytes: bytes, depthLimit: depthLimit)
    do {
      self = try reader.document()
    } catch {
      throw error.placed(in: bytes)
    }
  }

  public init(parsing text: String) throws(JSONError) {
    try self.init(parsing: Array(text.utf8))
  }
}

/// A fault before its line and column are counted, which only the failing path pays for.
struct JSONFault: Error {
  var offset: Int
  var message: Bilingual

  func placed(in bytes: [UInt8]) -> JSONError {
    let before = bytes[..<min(offset, bytes.count)]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
    return JSONError(offset: offset, line: line, column: column, message: message)
  }
}

/// One pass over the bytes by recursive descent. Strings without escapes are copied whole.
struct JSONReader {
  let bytes: [UInt8]
  var position = 0
  private var depth = 0
  private let depthLimit: Int

  init(bytes: [UInt8], depthLimit: Int = JSON.depthLimit) {
    (self.bytes, self.depthLimit) = (bytes, depthLimit)
  }

  mutating func document() throws(JSONFault) -> JSON {
    skipSpace()
    let value = try value()
    skipSpace()
    if position < bytes.count {
      throw fault(
        "There is more after the end of the value.", pt: "Há mais texto depois do fim do valor.")
    }
    return value
  }

  /// The byte here, or 0 at the end: no JSON text may hold a 0 outside of a fault.
  var next: UInt8 { position < bytes.count ? bytes[position] : 0 }

  func fault(_ english: String, pt portuguese: String, at offset: Int? = nil) -> JSONFault {
    JSONFault(offset: offset ?? position, message: Bilingual(english, pt: portuguese))
  }

  mutating func skipSpace() {
    while position < bytes.count {
      let byte = bytes[position]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      position += 1
    }
  }

  private mutating func value() throws(JSONFault) -> JSON {
    switch next {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return try nested { reader throws(JSONFault) in try reader.object() }
    case UInt8(ascii: "["): return try nested { reader throws(JSONFault) in try reader.array() }
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case _ where position >= bytes.count:
      throw fault("The text ends where a value is expected.", pt: "O texto acaba onde se espera um valor.")
    case _:
      throw fault("A value is expected here.", pt: "Aqui se espera um valor.")
    }
  }

  private mutating func nested(
    _ read: (inout JSONReader) throws(JSONFault) -> JSON
  ) throws(JSONFault) -> JSON {
    if depth == depthLimit {
      throw fault(
        "Arrays and objects are nested more than \(depthLimit) deep.",
        pt: "Listas e objetos estão aninhados em mais de \(depthLimit) níveis.")
    }
    depth += 1
    defer { depth -= 1 }
    position += 1
    skipSpace()
    return try read(&self)
  }

  private mutating func array() throws(JSONFault) -> JSON {
    var elements: [JSON] = []
    if next == UInt8(ascii: "]") {
      position += 1
      return .array(elements)
    }
    repeat {
      skipSpace()
      elements.append(try value())
      skipSpace()
    } while try another(until: UInt8(ascii: "]"))
    return .array(elements)
  }

  private mutating func object() throws(JSONFault) -> JSON {
    var members = JSONObject()
    if next == UInt8(ascii: "}") {
      position += 1
      return .object(members)
    }
    repeat {
      skipSpace()
      try member(into: &members)
      skipSpace()
    } while try another(until: UInt8(ascii: "}"))
    return .object(members)
  }

  private mutating func member(into members: inout JSONObject) throws(JSONFault) {
    let start = position
    guard next == UInt8(ascii: "\"") else {
      throw fault("A key in double quotes is expected here.", pt: "Aqui se espera uma chave entre aspas.")
    }
    let key = try string()
    skipSpace()
    guard next == UInt8(ascii: ":") else {
      throw fault("A colon is expected after the key.", pt: "Depois da chave se esperam dois-pontos.")
    }
    position += 1
    skipSpace()
    let value = try value()
    guard members.add(key, value) else {
      throw fault(
        "The key \"\(key)\" occurs twice in this object.",
        pt: "A chave \"\(key)\" aparece duas vezes neste objeto.", at: start)
    }
  }

  /// Past the comma that promises one more, or past the closing bracket.
  private mutating func another(until close: UInt8) throws(JSONFault) -> Bool {
    switch next {
    case UInt8(ascii: ","):
      position += 1
      return true
    case close:
      position += 1
      return false
    case _:
      let bracket = Character(UnicodeScalar(close))
      throw fault("A comma or \(bracket) is expected here.", pt: "Aqui se espera vírgula ou \(bracket).")
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONFault) -> JSON {
    let text = word.description.utf8
    guard bytes[position...].starts(with: text) else {
      throw fault("A value is expected here.", pt: "Aqui se espera um valor.")
    }
    position += text.count
    return value
  }
}
