import Model

/// Builds nodes from libyaml's events, and holds the text to the profile.
struct YAMLNodeReader: ~Copyable {
  /// A finished node with what the limits need to know of it.
  private struct Built {
    var node: Node
    var count: Int
    var height: Int
  }

  private let bytes: [UInt8]
  private var parser: YAMLParser?
  /// The byte offset of each character; empty where every character is one byte.
  private var offsets: [Int] = []
  private var anchors: [String: Built] = [:]
  private var open: Set<String> = []
  private var expanded = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    parser = YAMLParser(bytes)
    guard bytes.contains(where: { $0 >= 0x80 }) else { return }
    for (offset, byte) in bytes.enumerated() where byte & 0b1100_0000 != 0b1000_0000 {
      offsets.append(offset)
    }
    offsets.append(bytes.count)
  }

  mutating func readAll() throws(ReadingError) -> Node {
    var step = try next()
    while true {
      switch step.event {
      case .start: step = try next()
      case .documentStart:
        let built = try node(from: try next(), depth: 1)
        try expectOnlyOne()
        return built.node
      case .end, .documentEnd, .alias, .scalar, .sequenceStart, .sequenceEnd, .mappingStart, .mappingEnd:
        throw ReadingError(
          "empty-file", Bilingual("the file is empty.", pt: "o arquivo está vazio."),
          remedy: Bilingual(
            "Begin with apiVersion, id, namespace and steps.",
            pt: "Comece com apiVersion, id, namespace e steps."),
          at: 0..<1)
      }
    }
  }

  private mutating func expectOnlyOne() throws(ReadingError) {
    while true {
      let step = try next()
      switch step.event {
      case .end: return
      case .documentStart:
        throw ReadingError(
          "second-document",
          Bilingual("a second document begins here.", pt: "um segundo documento começa aqui."),
          remedy: Bilingual(
            "One file holds one pipeline: make two files.",
            pt: "Um arquivo contém um pipeline: faça dois arquivos."),
          at: span(step))
      case .start, .documentEnd, .alias, .scalar, .sequenceStart, .sequenceEnd, .mappingStart, .mappingEnd:
        break
      }
    }
  }

  private mutating func node(from step: YAMLParser.Step, depth: Int) throws(ReadingError) -> Built {
    if step.tag != nil {
      throw fault("yaml-tag", "tags such as !x are not read", "etiquetas como !x não são lidas", step)
    }
    let built: Built
    if let anchor = step.anchor { open.insert(anchor) }
    switch step.event {
    case .scalar(let text, let style): built = try scalar(text, style, step)
    case .alias(let name): return try alias(name, step, depth: depth)
    case .sequenceStart: built = try list(step, depth: depth)
    case .mappingStart: built = try map(step, depth: depth)
    case .start, .end, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
      throw fault("bad-yaml", "a value is missing", "falta um valor", step)
    }
    if let anchor = step.anchor {
      open.remove(anchor)
      anchors[anchor] = built
    }
    return built
  }

  private func scalar(_ text: String, _ style: Node.Style, _ step: YAMLParser.Step) throws(ReadingError)
    -> Built
  {
    var content = Node.Content.string
    if style == .plain {
      guard let resolved = PlainScalar.resolve(text) else {
        throw ReadingFault.noNumber(text, at: span(step))
      }
      content = resolved
    }
    return Built(
      node: Node(content: content, text: text, style: style, span: span(step)), count: 1, height: 0)
  }

  private mutating func alias(_ name: String, _ step: YAMLParser.Step, depth: Int) throws(ReadingError)
    -> Built
  {
    if open.contains(name) {
      throw fault("yaml-alias", "*\(name) contains itself", "*\(name) contém a si mesmo", step)
    }
    guard let target = anchors[name] else {
      throw fault(
        "yaml-alias", "no anchor &\(name) stands before this", "não há âncora &\(name) antes daqui", step)
    }
    expanded += target.count
    if expanded > SourceReader.maxExpanded {
      throw fault(
        "yaml-alias", "aliases add more than \(SourceReader.maxExpanded) nodes to this file",
        "os atalhos acrescentam mais de \(SourceReader.maxExpanded) nós a este arquivo", step)
    }
    if depth + target.height > SourceReader.maxDepth { throw ReadingFault.tooDeep(at: span(step)) }
    return target
  }

  private mutating func list(_ start: YAMLParser.Step, depth: Int) throws(ReadingError) -> Built {
    if depth >= SourceReader.maxDepth { throw ReadingFault.tooDeep(at: span(start)) }
    var (items, count, height) = ([Node](), 1, 0)
    while true {
      let step = try next()
      if case .sequenceEnd = step.event {
        return built(.list(items), from: start, to: step, count: count, height: height + 1)
      }
      let item = try node(from: step, depth: depth + 1)
      items.append(item.node)
      (count, height) = (count + item.count, max(height, item.height))
    }
  }

  private mutating func map(_ start: YAMLParser.Step, depth: Int) throws(ReadingError) -> Built {
    if depth >= SourceReader.maxDepth { throw ReadingFault.tooDeep(at: span(start)) }
    var (entries, keys) = ([Node.Entry](), Set<ScalarString>())
    var (count, height) = (1, 0)
    while true {
      let step = try next()
      if case .mappingEnd = step.event {
        return built(.map(entries), from: start, to: step, count: count, height: height + 1)
      }
      let key = try self.key(step)
      if !keys.insert(ScalarString(key)).inserted { throw ReadingFault.duplicateKey(key, at: span(step)) }
      let value = try node(from: try next(), depth: depth + 1)
      entries.append(Node.Entry(key: key, keySpan: span(step), value: value.node))
      (count, height) = (count + 1 + value.count, max(height, value.height))
    }
  }

  private mutating func key(_ step: YAMLParser.Step) throws(ReadingError) -> String {
    if step.tag != nil {
      throw fault("yaml-tag", "tags such as !x are not read", "etiquetas como !x não são lidas", step)
    }
    guard case .scalar(let text, let style) = step.event else {
      throw fault(
        "bad-key", "a key is a word here, not a list or map",
        "uma chave aqui é uma palavra, não uma lista ou um mapa", step)
    }
    if style == .plain, text == "<<" {
      throw fault("yaml-merge", "merge keys (<<) are not read", "chaves de fusão (<<) não são lidas", step)
    }
    if let anchor = step.anchor {
      let node = Node(content: .string, text: text, style: style, span: span(step))
      anchors[anchor] = Built(node: node, count: 1, height: 0)
    }
    return text
  }

  private func built(
    _ content: Node.Content, from start: YAMLParser.Step, to end: YAMLParser.Step, count: Int, height: Int
  ) -> Built {
    let range = span(start).lowerBound..<max(span(start).upperBound, span(end).upperBound)
    return Built(
      node: Node(content: content, text: "", style: .collection, span: range), count: count, height: height)
  }

  private mutating func next() throws(ReadingError) -> YAMLParser.Step {
    do throws(YAMLParser.Trouble) {
      guard let step = try parser?.next() else {
        throw YAMLParser.Trouble(problem: "out of memory", character: 0)
      }
      return step
    } catch {
      let place = byteOffset(error.character)
      throw ReadingError(
        "bad-yaml", YAMLWording.message(error.problem), remedy: YAMLWording.remedy, at: place..<place + 1)
    }
  }

  private func fault(
    _ code: String, _ english: String, _ portuguese: String, _ step: YAMLParser.Step
  ) -> ReadingError {
    ReadingError(code, Bilingual(english + ".", pt: portuguese + "."), at: span(step))
  }

  private func span(_ step: YAMLParser.Step) -> Range<Int> {
    let start = byteOffset(step.characters.lowerBound)
    return start..<max(start, byteOffset(step.characters.upperBound))
  }

  private func byteOffset(_ character: Int) -> Int {
    offsets.isEmpty ? min(character, bytes.count) : offsets[min(character, offsets.count - 1)]
  }
}
