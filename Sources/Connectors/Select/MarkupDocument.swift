import CXML
import Engine
import Glibc
import Model

/// A document of libxml2 and what is asked of it by XPath: nothing is fetched, no entity is expanded, depth,
/// size and the steps of all questions together are bounded. It is made of UTF-8, which nothing in the
/// document changes. No pointer leaves. Blocks.
struct MarkupDocument: ~Copyable {
  private let document: xmlDocPtr
  private let context: xmlXPathContextPtr
  private let collapsesBlanks: Bool

  /// About one each node that an expression looks at, over all expressions of a document.
  static let stepLimit: UInt = 100_000_000
  private static let stepsExceeded = Int32(
    XML_XPATH_EXPRESSION_OK.rawValue + XPATH_OP_LIMIT_EXCEEDED.rawValue)
  private static let quiet = Int32(
    XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
      | XML_PARSE_NOCDATA.rawValue | XML_PARSE_IGNORE_ENC.rawValue)
  private static let htmlOptions = Int32(
    HTML_PARSE_NONET.rawValue | HTML_PARSE_NOERROR.rawValue | HTML_PARSE_NOWARNING.rawValue
      | HTML_PARSE_RECOVER.rawValue | HTML_PARSE_IGNORE_ENC.rawValue)
  private static let isReady: Bool = {
    xmlInitParser()
    return true
  }()

  /// Any page is one: what is wrong in it is put right as browsers do.
  init(html bytes: [UInt8]) throws(Failure) {
    guard Self.isReady, let parser = htmlNewParserCtxt() else { throw .noMarkup("HTML", "no memory") }
    defer { htmlFreeParserCtxt(parser) }
    let found = bytes.withUnsafeBytes { buffer in
      htmlCtxtReadMemory(
        parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), nil, "UTF-8",
        Self.htmlOptions)
    }
    guard let found else { throw .noMarkup("HTML", "it is empty") }
    guard xmlDocGetRootElement(found) != nil else {
      xmlFreeDoc(found)
      throw .noMarkup("HTML", "it is empty")
    }
    guard parser.pointee.disableSAX == 0 else {
      xmlFreeDoc(found)
      throw .noMarkup("HTML", Self.reason(parser))
    }
    try self.init(found, collapsesBlanks: true)
  }

  /// A document type is refused: it is where entities come from.
  init(xml bytes: [UInt8]) throws(Failure) {
    guard Self.isReady, let parser = xmlNewParserCtxt() else { throw .noMarkup("XML", "no memory") }
    defer { xmlFreeParserCtxt(parser) }
    guard !Self.declaresType(bytes) else { throw .noMarkup("XML", "a document type (DOCTYPE) is not taken") }
    let found = bytes.withUnsafeBytes { buffer in
      xmlCtxtReadMemory(
        parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), nil, "UTF-8",
        Self.quiet)
    }
    guard let found else { throw .noMarkup("XML", Self.reason(parser)) }
    guard found.pointee.intSubset == nil else {
      xmlFreeDoc(found)
      throw .noMarkup("XML", "a document type (DOCTYPE) is not taken")
    }
    try self.init(found, collapsesBlanks: false)
  }

  /// Makes prefixes known to what is asked from then on.
  func register(_ namespaces: JSONObject) throws(Failure) {
    for member in namespaces {
      guard xmlXPathRegisterNs(context, member.key, member.value.string ?? "") == 0 else {
        throw Failure(
          .configuration, code: "invalid-selector", "The namespace prefix `\(member.key)` cannot be used.")
      }
    }
  }

  private init(_ document: xmlDocPtr, collapsesBlanks: Bool) throws(Failure) {
    esteira_xml_be_quiet()
    guard let context = xmlXPathNewContext(document) else {
      xmlFreeDoc(document)
      throw .noMarkup("markup", "no memory")
    }
    context.pointee.opLimit = Self.stepLimit
    context.pointee.error = { _, _ in }
    (self.document, self.context, self.collapsesBlanks) = (document, context, collapsesBlanks)
  }

  deinit {
    xmlXPathFreeContext(context)
    xmlFreeDoc(document)
  }

  /// Whether it has the form of XPath; names and functions are found when it is asked.
  static func isPath(_ text: String) -> Bool {
    esteira_xml_be_quiet()
    guard isReady, text.utf8.count <= 10_000, let context = xmlXPathNewContext(nil) else { return false }
    defer { xmlXPathFreeContext(context) }
    context.pointee.error = { _, _ in }
    guard let compiled = xmlXPathCtxtCompile(context, text) else { return false }
    xmlXPathFreeCompExpr(compiled)
    return true
  }

  /// The rows, at most one more than the limit; without `rows` the whole document is the only one.
  func select(_ selection: Selection, _ flag: CancelFlag) throws(Failure) -> [JSONObject] {
    let fields = try selection.fields.map { field throws(Failure) in
      (field, try CompiledPath(field.xpath, context))
    }
    guard let rows = selection.rows else {
      var size = 0
      return [try values(fields, at: nil, &size, flag)]
    }
    let found = try evaluate(try CompiledPath(rows, context), at: nil, rows)
    defer { xmlXPathFreeObject(found) }
    var (result, size): ([JSONObject], Int) = ([], 0)
    for node in Self.nodes(found).prefix(selection.limit + 1) {
      try flag.check()
      result.append(try values(fields, at: node, &size, flag))
    }
    return result
  }

  /// At the document itself where no node is given. `size` is what has been selected so far.
  private func values(
    _ fields: [(Selection.Field, CompiledPath)], at node: xmlNodePtr?, _ size: inout Int, _ flag: CancelFlag
  ) throws(Failure) -> JSONObject {
    var values = JSONObject()
    for (field, path) in fields {
      let found = try evaluate(path, at: node, field.xpath)
      defer { xmlXPathFreeObject(found) }
      size += field.name.utf8.count + 8
      let all = try self.values(of: found, first: !field.all, &size, flag)
      if field.isRequired, all.isEmpty {
        throw Failure(
          .data, code: "nothing-selected",
          "`\(field.name)` is required, and \(field.xpath.prefix(300)) finds nothing.")
      }
      values[field.name] = field.all ? .array(all) : all.first ?? .null
    }
    return values
  }

  private func evaluate(
    _ path: CompiledPath, at node: xmlNodePtr?, _ text: String
  ) throws(Failure) -> xmlXPathObjectPtr {
    context.pointee.node = node ?? UnsafeMutableRawPointer(document).assumingMemoryBound(to: xmlNode.self)
    if let found = xmlXPathCompiledEval(path.handle, context) { return found }
    if context.pointee.lastError.code == Self.stepsExceeded {
      throw Failure(
        .data, code: "select-limit", "`\(text.prefix(300))` takes too many steps on this document.")
    }
    throw Failure(
      .configuration, code: "invalid-selector",
      "`\(text.prefix(300))` cannot be asked: it names a function or a namespace prefix that is not known.")
  }

  /// Elements in one another have their text in common, so the texts of a page may be far larger than the
  /// page: they are counted as they come.
  private func values(
    of found: xmlXPathObjectPtr, first: Bool, _ size: inout Int, _ flag: CancelFlag
  ) throws(Failure) -> [JSON] {
    guard found.pointee.type == XPATH_NODESET else {
      let values = Self.plainValues(of: found)
      try Self.add(values.reduce(0) { $0 + ($1.string?.utf8.count ?? 8) + 4 }, to: &size)
      return values
    }
    let nodes = Self.nodes(found)
    var texts: [JSON] = []
    for node in first ? nodes.prefix(1) : nodes[...] {
      try flag.check()
      let text = text(of: node)
      try Self.add(text.utf8.count + 4, to: &size)
      texts.append(.string(text))
    }
    return texts
  }

  private static func add(_ count: Int, to size: inout Int) throws(Failure) {
    size += count
    guard size <= FileSchema.inlineLimit else {
      throw .tooLargeInline("What is selected", "select less, or set a `limit`")
    }
  }

  private static func plainValues(of found: xmlXPathObjectPtr) -> [JSON] {
    switch found.pointee.type {
    case XPATH_BOOLEAN: return [.bool(found.pointee.boolval != 0)]
    case XPATH_NUMBER:
      let number = found.pointee.floatval
      if let whole = Int64(exactly: number) { return [.int(whole)] }
      return number.isFinite ? [.double(number)] : []
    case XPATH_STRING: return [.string(found.pointee.stringval.map { String(cString: $0) } ?? "")]
    default: return []
    }
  }

  private static func nodes(_ found: xmlXPathObjectPtr) -> [xmlNodePtr] {
    guard found.pointee.type == XPATH_NODESET, let set = found.pointee.nodesetval,
      let table = set.pointee.nodeTab
    else { return [] }
    return (0..<Int(set.pointee.nodeNr)).compactMap { table[$0] }
  }

  private func text(of node: xmlNodePtr) -> String {
    guard let buffer = xmlBufferCreate() else { return "" }
    defer { xmlBufferFree(buffer) }
    guard xmlNodeBufGetContent(buffer, node) == 0, let content = xmlBufferContent(buffer) else { return "" }
    let words = String(cString: content)
    let isBlank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
    if collapsesBlanks {
      return words.utf8.split(whereSeparator: isBlank).map { String(decoding: $0, as: UTF8.self) }.joined(
        separator: " ")
    }
    let trimmed = words.utf8.drop(while: isBlank)
    let end = trimmed.lastIndex { !isBlank($0) }.map { trimmed.index(after: $0) } ?? trimmed.startIndex
    return String(decoding: trimmed[..<end], as: UTF8.self)
  }

  /// Only before the root element is it one: in a comment or behind `<![CDATA[` it is text.
  private static func declaresType(_ text: [UInt8]) -> Bool {
    var rest = text.starts(with: [0xEF, 0xBB, 0xBF]) ? text[3...] : text[...]
    while true {
      rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
      let isComment = rest.starts(with: "<!--".utf8)
      guard isComment || rest.starts(with: "<?".utf8) else { return rest.starts(with: "<!DOCTYPE".utf8) }
      let (start, end) = isComment ? (4, Array("-->".utf8)) : (2, Array("?>".utf8))
      guard let found = rest.dropFirst(start).firstRange(of: end) else { return false }
      rest = rest[found.upperBound...]
    }
  }

  private static func reason(_ parser: xmlParserCtxtPtr) -> String {
    let error = parser.pointee.lastError
    let text = error.message.map { String(cString: $0) } ?? "it is not well formed"
    let sentence = text.split(separator: "\n").first.map(String.init) ?? text
    return "line \(error.line): \(sentence)"
  }
}

/// A compiled expression. A class, because it stands in a list.
private final class CompiledPath {
  let handle: xmlXPathCompExprPtr

  init(_ text: String, _ context: xmlXPathContextPtr) throws(Failure) {
    guard let handle = xmlXPathCtxtCompile(context, text) else {
      throw Failure(.configuration, code: "invalid-selector", "`\(text.prefix(300))` is no XPath.")
    }
    self.handle = handle
  }

  deinit { xmlXPathFreeCompExpr(handle) }
}

extension Failure {
  static func noMarkup(_ language: String, _ reason: String) -> Failure {
    Failure(.data, code: "invalid-markup", "This is no \(language): \(reason).")
  }
}
