/// Writes a layout canonically: two spaces a level, one space after a colon, at most one blank line.
///
/// What stands in brackets stays there while it fits into a line, holds no comment and no long template.
struct LayoutWriter {
  static let width = 110
  /// A longer template is written in block style, without quotes.
  static let longTemplate = 40

  private let layout: Layout
  private let comments: LayoutComments
  private let source: SourceText
  private var lines: [String] = []
  private var line = ""
  /// Columns of the source and of the text, of the blocks around what was written last.
  private var blocks: [(source: Int, indent: Int)] = []

  init(_ layout: Layout, _ comments: LayoutComments, _ source: SourceText) {
    (self.layout, self.comments, self.source) = (layout, comments, source)
  }

  mutating func text() -> String {
    switch layout.root.content {
    case .map(let entries) where !entries.isEmpty: map(entries, indent: 0, isInline: false)
    case .list(let items) where !items.isEmpty: list(items, indent: 0, isInline: false)
    case .map, .list, .scalar, .alias: add(oneLine(layout.root))
    }
    endLine()
    for comment in comments.last { write(comment, indent: self.indent(of: comment, before: 1, 0)) }
    return lines.joined(separator: "\n") + "\n"
  }

  private mutating func map(_ entries: [Layout.Entry], indent: Int, isInline: Bool) {
    for (place, entry) in entries.enumerated() {
      begin(entry, indent: indent, isFirst: place == 0, isInline: isInline && place == 0)
      add("\(entry.key):")
      value(entry, indent: indent, isItem: false)
    }
  }

  private mutating func list(_ items: [Layout.Entry], indent: Int, isInline: Bool) {
    for (place, item) in items.enumerated() {
      begin(item, indent: indent, isFirst: place == 0, isInline: isInline && place == 0)
      add("-")
      value(item, indent: indent, isItem: true)
    }
  }

  /// The comments before an entry, a blank line where there was one, and the indent.
  private mutating func begin(_ entry: Layout.Entry, indent: Int, isFirst: Bool, isInline: Bool) {
    let place = layout.places[entry.number]
    if !isInline {
      endLine()
      for comment in comments.leading[entry.number] ?? [] {
        let own = place.isInBrackets ? indent : self.indent(of: comment, before: place.column, indent)
        write(comment, indent: own)
      }
      if !place.isInBrackets, comments.isApart(place.start), !isFirst || lines.last?.contains("#") == true {
        blank()
      }
      add(String(repeating: " ", count: indent))
    }
    blocks.removeAll { $0.indent >= indent }
    if !place.isInBrackets { blocks.append((place.column, indent)) }
  }

  /// A comment that stands further in than what follows belongs to the block before, which is never further
  /// out: a list may have stood at the column of its key.
  private func indent(of comment: LayoutComments.Comment, before column: Int, _ indent: Int) -> Int {
    guard comment.column > column else { return indent }
    return max(indent, blocks.last { $0.source <= comment.column }?.indent ?? indent)
  }

  private mutating func write(_ comment: LayoutComments.Comment, indent: Int) {
    if comment.isApart { blank() }
    lines.append(String(repeating: " ", count: indent) + comment.text)
  }

  private mutating func value(_ entry: Layout.Entry, indent: Int, isItem: Bool) {
    let node = entry.value
    switch node.content {
    case .alias(let name): add(" *\(name)")
    case .scalar(let text, let style, let raw): scalar(text, style, raw, node, entry, indent)
    case .map, .list:
      if let anchor = node.anchor { add(" &\(anchor)") }
      if let text = inline(node) {
        add(" \(text)")
      } else {
        return block(entry, indent: indent, isItem: isItem)
      }
    }
    comment(on: entry)
  }

  private mutating func block(_ entry: Layout.Entry, indent: Int, isItem: Bool) {
    let node = entry.value
    let isInline = isItem && node.anchor == nil && comments.trailing[entry.number] == nil
    if isInline { add(" ") } else { comment(on: entry) }
    switch node.content {
    case .map(let entries): map(entries, indent: indent + 2, isInline: isInline)
    case .list(let items): list(items, indent: indent + 2, isInline: isInline)
    case .scalar, .alias: break
    }
  }

  /// A collection in brackets that may stay there; nil: it becomes a block.
  private func inline(_ node: Layout.Node) -> String? {
    if isEmpty(node), !hasComment(node) { return oneLine(node) }
    guard node.isBracketed, !hasComment(node), !hasLongTemplate(node) else { return nil }
    let text = oneLine(node)
    return line.unicodeScalars.count + 1 + text.unicodeScalars.count <= Self.width ? text : nil
  }

  private func isEmpty(_ node: Layout.Node) -> Bool {
    switch node.content {
    case .map(let entries), .list(let entries): entries.isEmpty
    case .scalar, .alias: false
    }
  }

  private func hasComment(_ node: Layout.Node) -> Bool {
    node.isBracketed && comments.offsets.contains { node.span.contains($0) }
  }

  /// Also a scalar of several lines, which has no place in one line.
  private func hasLongTemplate(_ node: Layout.Node) -> Bool {
    switch node.content {
    case .scalar(let text, _, let raw): LayoutScalar.isLongTemplate(text) || raw.utf8.contains(0x0A)
    case .alias: false
    case .map(let entries), .list(let entries): entries.contains { hasLongTemplate($0.value) }
    }
  }

  /// A node in one line, without its own anchor.
  private func oneLine(_ node: Layout.Node) -> String {
    func value(_ node: Layout.Node) -> String {
      let text = oneLine(node)
      return (node.anchor.map { "&\($0) " } ?? "") + (text.isEmpty ? "null" : text)
    }
    switch node.content {
    case .scalar(_, _, let raw): return raw
    case .alias(let name): return "*\(name)"
    case .list(let items): return "[" + items.map { value($0.value) }.joined(separator: ", ") + "]"
    case .map(let entries):
      return "{" + entries.map { "\($0.key): \(value($0.value))" }.joined(separator: ", ") + "}"
    }
  }

  private mutating func scalar(
    _ text: String, _ style: Layout.Style, _ raw: String, _ node: Layout.Node, _ entry: Layout.Entry,
    _ indent: Int
  ) {
    let inner = String(repeating: " ", count: indent + 2)
    if style == .block {
      let (header, body) = LayoutScalar.block(raw, text: text)
      add(" \(header)")
      comment(on: entry)
      endLine()
      lines += body.map { $0.isEmpty ? "" : inner + $0 }
      return
    }
    if LayoutScalar.isLongTemplate(text), !raw.hasPrefix("&") {
      if LayoutScalar.isPlain(text) { return add(" \(text)") }
      if LayoutScalar.isFoldable(text) {
        add(" >-")
        comment(on: entry)
        endLine()
        lines.append(inner + text)
        return
      }
    }
    let parts = raw.split(separator: "\n", omittingEmptySubsequences: false)
    if let first = parts.first, !first.isEmpty { add(" \(first)") }
    for part in parts.dropFirst() {
      endLine()
      let rest = part.drop { $0 == " " || $0 == "\t" }
      if rest.isEmpty { lines.append("") } else { add(inner + rest) }
    }
  }

  private mutating func comment(on entry: Layout.Entry) {
    guard let comment = comments.trailing[entry.number], !line.isEmpty else { return }
    let width = line.unicodeScalars.count
    let gap = isAsWritten(entry) ? max(1, comment.column - 1 - width) : 2
    add(String(repeating: " ", count: gap) + comment.text)
  }

  /// Whether the line stands in the source as it was written here, so that aligned comments stay aligned.
  private func isAsWritten(_ entry: Layout.Entry) -> Bool {
    let start = layout.places[entry.number].start
    var (first, rest) = (start, source.bytes[start...].prefix { $0 != UInt8(ascii: "\n") })
    while first > 0, source.bytes[first - 1] != UInt8(ascii: "\n") { first -= 1 }
    rest = source.bytes[first..<rest.endIndex]
    let written = Array(line.utf8)
    return rest.starts(with: written)
      && rest.dropFirst(written.count).first { $0 > 0x20 } == UInt8(ascii: "#")
  }

  private mutating func add(_ text: String) { line += text }

  private mutating func endLine() {
    guard !line.isEmpty else { return }
    var bytes = Array(line.utf8)[...]
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
    lines.append(String(decoding: bytes, as: UTF8.self))
    line = ""
  }

  private mutating func blank() {
    if let last = lines.last, !last.isEmpty { lines.append("") }
  }
}
