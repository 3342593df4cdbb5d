import Crypto
import Model

/// Gives each step the hash of its definition: what the file says of it and of what is inside it, with the
/// defaults that reach it, the major versions of its connectors and the bytes of its files.
///
/// A rerun takes a result again only where the hash is the same, so every meaning counts. Comments, the order
/// of keys, quotes and the space in expressions do not.
struct DefinitionHasher {
  private static let version = "step 1\n"
  static let digits = 32

  private let draft: Draft
  private let defaults: DefaultsDraft
  private let catalogue: ConnectorCatalogue
  /// The files that are named inside the place with this path of keys.
  private let files: [ScalarString: [String]]

  init(draft: Draft, defaults: DefaultsDraft, catalogue: ConnectorCatalogue) {
    (self.draft, self.defaults, self.catalogue) = (draft, defaults, catalogue)
    var files: [ScalarString: [String]] = [:]
    for file in draft.head.files {
      let path = Array(file.path.utf8)
      for end in path.indices where path[end] == UInt8(ascii: ".") {
        files[ScalarString(String(decoding: path[..<end], as: UTF8.self)), default: []].append(file.name)
      }
    }
    self.files = files
  }

  func hashAll() {
    guard !draft.report.hasErrors else { return }
    var digests: [ScalarString: String] = [:]
    for name in Set(draft.head.files.map { ScalarString($0.name) }) {
      digests[name] = draft.readFile(name.string).map { Self.hash($0) }
    }
    for index in draft.steps.indices {
      let step = draft.steps[index]
      guard let source = step.source else { continue }
      let names = Set((files[ScalarString(step.keyPath)] ?? []).map { ScalarString($0) }).sorted()
      let parts = names.map { JSON.array([.string($0.string), digests[$0].map(JSON.string) ?? .null]) }
      let text = Self.version + JSON.array([self.step(source), .array(parts)]).text
      draft.steps[index].definition = String(Self.hash(Array(text.utf8)).prefix(Self.digits))
    }
  }

  private static func hash(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return Hex.encode(hash.finish())
  }

  private func step(_ node: Node) -> JSON {
    guard let entries = defaults.merged(into: node, connectors: catalogue).entries else {
      return CanonicalForm.of(node)
    }
    return CanonicalForm.map(entries) { entry in
      switch entry.key {
      case "steps", "on_failure", "on_cancel", "finally": steps(entry.value)
      case "choose": branches(entry.value)
      case "rescue": step(entry.value)
      case "uses": connector(entry.value)
      case "repeat": CanonicalForm.of(entry.value, bare: ["until"])
      case "for_each":
        entry.value.entries == nil
          ? CanonicalForm.bare(entry.value) : CanonicalForm.of(entry.value, bare: ["lines"])
      case "if", "value", "max_parallel": CanonicalForm.bare(entry.value)
      case _: CanonicalForm.of(entry.value)
      }
    }
  }

  private func steps(_ node: Node) -> JSON {
    node.entries.map { CanonicalForm.map($0) { step($0.value) } } ?? CanonicalForm.of(node)
  }

  /// In the order of the file, in which they are asked.
  private func branches(_ node: Node) -> JSON {
    guard let entries = node.entries else { return CanonicalForm.of(node) }
    return .array(entries.map { .array([.string($0.key), step($0.value)]) })
  }

  private func connector(_ node: Node) -> JSON {
    let (name, major) = StepReader.name(ofUse: node.text)
    return .string("\(name)@\(catalogue[name].map { String($0.major) } ?? major ?? "")")
  }
}

/// A value of the file without the way it was written.
enum CanonicalForm {
  static func of(_ node: Node, bare: Set<String> = []) -> JSON {
    switch node.content {
    case .null, .bool, .int, .double: node.json
    case .string: text(node.text)
    case .list(let items): .array(items.map { of($0) })
    case .map(let entries): map(entries) { bare.contains($0.key) ? self.bare($0.value) : of($0.value) }
    }
  }

  /// Text that is an expression also without `${{ }}`.
  static func bare(_ node: Node) -> JSON {
    guard node.string != nil, node.text.firstRange(ofUTF8: "${{") == nil else { return of(node) }
    return .array([.string("template"), expression(node.text)])
  }

  /// The members by the order of their names.
  static func map(_ entries: [Node.Entry], _ value: (Node.Entry) -> JSON) -> JSON {
    let sorted = entries.sorted { ScalarString($0.key) < ScalarString($1.key) }
    return ["map": .array(sorted.map { .array([.string($0.key), value($0)]) })]
  }

  private static func text(_ text: String) -> JSON {
    let pieces = TemplatePieces(text)
    guard pieces.unclosed == nil, pieces.all.contains(where: \.isExpression) else { return .string(text) }
    return .array(
      [.string("template")]
        + pieces.all.map { piece in
          switch piece {
          case .literal(let text): .string(text)
          case .expression(let source, _): expression(source)
          }
        })
  }

  private static func expression(_ source: String) -> JSON { ["expression": .string(spaceless(source))] }

  /// CEL with no space but what keeps two words apart. Strings keep theirs, comments go.
  static func spaceless(_ source: String) -> String {
    let bytes = Array(source.utf8)
    var (result, position, isApart) = ([UInt8](), 0, false)
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "/"), position + 1 < bytes.count, bytes[position + 1] == byte {
        while position < bytes.count, bytes[position] != 0x0A { position += 1 }
        isApart = true
      } else if byte <= 0x20 {
        isApart = true
        position += 1
      } else {
        if isApart, let last = result.last, isWord(last), isWord(byte) { result.append(0x20) }
        isApart = false
        let isQuote = byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"")
        let end = (isQuote ? TemplatePieces.afterString(bytes, from: position) : nil) ?? position + 1
        result += bytes[position..<min(end, bytes.count)]
        position = end
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), 0x80...: true
    case _: false
    }
  }
}

extension TemplatePieces.Piece {
  fileprivate var isExpression: Bool {
    switch self {
    case .literal: false
    case .expression: true
    }
  }
}
