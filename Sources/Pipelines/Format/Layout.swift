/// A YAML text as it was laid out: collections, scalars as they are written, anchors and aliases.
struct Layout {
  struct Node {
    enum Content {
      /// `raw` is the scalar as it is written, with its anchor.
      case scalar(text: String, style: Layout.Style, raw: String)
      case alias(String)
      case map([Entry])
      case list([Entry])
    }

    var content: Content
    var anchor: String?
    /// Written in braces or brackets.
    var isBracketed = false
    /// Bytes of the source.
    var span: Range<Int>
  }

  enum Style { case plain, quoted, escaped, block }

  /// A member of a map, or an item of a list.
  struct Entry {
    /// Numbered in the order of the text; what is outside comes before what is inside.
    var number: Int
    /// The key as it is written; empty for an item.
    var key: String
    var value: Node
  }

  /// Where an entry stands in the source.
  struct Place {
    var start: Int
    var end: Int
    var line: Int
    /// Of the collection that it is in.
    var column: Int
    var isInBrackets: Bool
    var depth: Int
  }

  var root: Node
  var places: [Place]
  /// Spans of all scalars, in the order of the text: no comment begins in one.
  var scalars: [Range<Int>]
  var brackets: [Range<Int>]
}

/// Builds a layout from libyaml's events. The text was read as a pipeline file before, so that it is one
/// document, without tags and of bounded depth.
struct LayoutReader: ~Copyable {
  private let source: SourceText
  private var parser: YAMLParser
  private let offsets: [Int]
  private var places: [Layout.Place] = []
  private var scalars: [Range<Int>] = []
  private var brackets: [Range<Int>] = []

  init?(_ source: SourceText) {
    guard let parser = YAMLParser(source.bytes) else { return nil }
    self.source = source
    self.parser = parser
    offsets = source.bytes.indices.filter { source.bytes[$0] & 0b1100_0000 != 0b1000_0000 }
  }

  /// Nil where libyaml finds a fault after all.
  mutating func read() -> Layout? {
    do throws(YAMLParser.Trouble) {
      var step = try parser.next()
      while true {
        switch step.event {
        case .start, .documentStart: step = try parser.next()
        case .end, .documentEnd: return nil
        case .alias, .scalar, .sequenceStart, .sequenceEnd, .mappingStart, .mappingEnd:
          let root = try node(step, depth: 0)
          return Layout(root: root, places: places, scalars: scalars, brackets: brackets)
        }
      }
    } catch {
      return nil
    }
  }

  private mutating func node(_ step: YAMLParser.Step, depth: Int) throws(YAMLParser.Trouble) -> Layout.Node {
    let span = span(step)
    switch step.event {
    case .scalar(let text, let style):
      scalars.append(span)
      let raw = String(decoding: source.bytes[span], as: UTF8.self)
      return Layout.Node(
        content: .scalar(text: text, style: Self.style(style), raw: Self.trimmed(raw)), span: span)
    case .alias(let name): return Layout.Node(content: .alias(name), span: span)
    case .sequenceStart, .mappingStart: return try collection(step, depth: depth)
    case .start, .end, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
      throw YAMLParser.Trouble(problem: "unexpected event", character: 0)
    }
  }

  private mutating func collection(
    _ start: YAMLParser.Step, depth: Int
  ) throws(YAMLParser.Trouble) -> Layout.Node {
    let isMap = if case .mappingStart = start.event { true } else { false }
    let isBracketed = self.isBracketed(start)
    var entries: [Layout.Entry] = []
    while true {
      let step = try parser.next()
      switch step.event {
      case .mappingEnd, .sequenceEnd:
        let span = span(start).lowerBound..<max(span(start).upperBound, self.span(step).upperBound)
        if isBracketed { brackets.append(span) }
        return Layout.Node(
          content: isMap ? .map(entries) : .list(entries), anchor: start.anchor, isBracketed: isBracketed,
          span: span)
      case .start, .end, .documentStart, .documentEnd, .alias, .scalar, .sequenceStart, .mappingStart:
        entries.append(try entry(step, isMap, isBracketed, column(of: start), depth: depth))
      }
    }
  }

  private mutating func entry(
    _ first: YAMLParser.Step, _ isMap: Bool, _ isBracketed: Bool, _ column: Int, depth: Int
  ) throws(YAMLParser.Trouble) -> Layout.Entry {
    let number = places.count
    let start = span(first).lowerBound
    places.append(
      Layout.Place(
        start: start, end: start, line: source.position(of: start).line, column: column,
        isInBrackets: isBracketed,
        depth: depth))
    var (key, value) = ("", first)
    if isMap {
      scalars.append(span(first))
      key = String(decoding: source.bytes[span(first)], as: UTF8.self)
      value = try parser.next()
    }
    let node = try node(value, depth: depth + 1)
    places[number].end = max(start, node.span.upperBound)
    return Layout.Entry(number: number, key: key, value: node)
  }

  /// A collection with an anchor begins at the anchor; its bracket follows.
  private func isBracketed(_ step: YAMLParser.Step) -> Bool {
    var rest = source.bytes[span(step).lowerBound...]
    if rest.first == UInt8(ascii: "&") { rest = rest.drop { $0 > 0x20 }.drop { $0 <= 0x20 } }
    return rest.first == UInt8(ascii: "{") || rest.first == UInt8(ascii: "[")
  }

  private func column(of step: YAMLParser.Step) -> Int {
    source.position(of: span(step).lowerBound).column
  }

  private func span(_ step: YAMLParser.Step) -> Range<Int> {
    let start = offset(step.characters.lowerBound)
    return start..<max(start, offset(step.characters.upperBound))
  }

  private func offset(_ character: Int) -> Int {
    character < offsets.count ? offsets[character] : source.bytes.count
  }

  private static func style(_ style: Node.Style) -> Layout.Style {
    switch style {
    case .plain, .collection: .plain
    case .quoted: .quoted
    case .escaped: .escaped
    case .block: .block
    }
  }

  private static func trimmed(_ raw: String) -> String {
    var bytes = Array(raw.utf8)[...]
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}
