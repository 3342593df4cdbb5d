import Model

/// What the shape of a `webhook` trigger cannot say: how its path may look.
struct HookRules {
  let report: Report
  /// Of a path, in bytes.
  static let longest = 100

  func check(_ node: Node, path: String) {
    guard let entry = node["path"], let text = entry.string, !Self.isPath(text) else { return }
    report.error(
      "wrong-value", at: entry.span, path: "\(path).path",
      Bilingual(
        "this must be one segment of an address: letters, digits, -, . and _, at most \(Self.longest).",
        pt: "isto deve ser um segmento de endereço: letras, dígitos, -, . e _, no máximo \(Self.longest)."),
      remedy: Bilingual("Write it like orders or github-push.", pt: "Escreva como pedidos ou github-push."))
  }

  /// Nothing that an address would have to encode, so that each path is written in one way only.
  static func isPath(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard (1...longest).contains(bytes.count), text != ".", text != ".." else { return false }
    return bytes.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
        true
      case _: false
      }
    }
  }
}
