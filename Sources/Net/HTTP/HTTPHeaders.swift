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
    let name = name.lowercased()
    return fields.first { Self.same($0.name, name) }?.value
  }

  public func all(_ name: String) -> [String] {
    let name = name.lowercased()
    return fields.filter { Self.same($0.name, name) }.map(\.value)
  }

  public mutating func add(_ name: String, _ value: String) {
    fields.append(Field(name: name.lowercased(), value: value))
  }

  /// Takes the place of every field of that name.
  public mutating func set(_ name: String, _ value: String) {
    remove(name)
    add(name, value)
  }

  public mutating func remove(_ name: String) {
    let name = name.lowercased()
    fields.removeAll { Self.same($0.name, name) }
  }

  /// The comma-separated members of all fields of that name, in lower case and without spaces around.
  public func tokens(_ name: String) -> [String] {
    all(name).flatMap { value in
      value.split(separator: ",").map { HTTPText.trimmed($0).lowercased() }.filter { !$0.isEmpty }
    }
  }

  private static func same(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
}

enum HTTPText {
  static func trimmed(_ text: some StringProtocol) -> String {
    let isBlank: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
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
