/// Header fields in their order. Names are kept in lower case and compared by their bytes.
public struct HTTPHeaders: Hashable, Sendable {
  public struct Field: Hashable, Sendable {
    public let name: String
    public let value: String
  }

  public private(set) var fields: [Field] = []

  public init() {}

  public init(_ fields: [(String, String)]) {
    for (name, value) in fields { add(name, value) }
  }

  /// The first value of that name.
  public subscript(_ name: String) -> String? {
    let name = Self.lowered(name)
    return fields.first { Self.same($0.name, name) }?.value
  }

  public func all(_ name: String) -> [String] {
    let name = Self.lowered(name)
    var values: [String] = []
    for field in fields where Self.same(field.name, name) { values.append(field.value) }
    return values
  }

  public mutating func add(_ name: String, _ value: String) {
    fields.append(Field(name: Self.lowered(name), value: value))
  }

  /// Takes the place of every field of that name.
  public mutating func set(_ name: String, _ value: String) {
    remove(name)
    add(name, value)
  }

  public mutating func remove(_ name: String) {
    let name = Self.lowered(name)
    fields.removeAll { Self.same($0.name, name) }
  }

  /// The comma-separated members of all fields of that name, in lower case and without spaces around.
  public func tokens(_ name: String) -> [String] {
    all(name).flatMap { value in
      value.split(separator: ",").map { HTTPText.trimmed($0).lowercased() }.filter { !$0.isEmpty }
    }
  }

  /// Most names are asked for as they are kept, and then nothing is made.
  private static func lowered(_ name: String) -> String {
    name.utf8.allSatisfy { $0 < 65 || (91...127).contains($0) } ? name : name.lowercased()
  }

  /// `==` is the fast one. It takes letters of one look for the same, so that it says only "perhaps".
  private static func same(_ left: String, _ right: String) -> Bool {
    left == right && left.utf8.elementsEqual(right.utf8)
  }
}

enum HTTPText {
  static func trimmed(_ text: some StringProtocol) -> String {
    let isBlank: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
    if !text.utf8.contains(where: isBlank) { return String(text) }
    let head = Array(text.utf8.drop(while: isBlank))
    guard let last = head.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(decoding: head[...last], as: UTF8.self)
  }

  /// The characters of a header name or a method.
  static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy(isTokenByte)
  }

  static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    case 33, 35...39, 42, 43, 45, 46, 94, 95, 96, 124, 126: true
    default: false
    }
  }

  /// A value that stays in its line: no control characters but the tabulator.
  static func isFieldValue(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 == 9 || ($0 >= 32 && $0 != 127) }
  }
}
