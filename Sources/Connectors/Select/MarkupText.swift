import CXML
import Engine
import Model

/// The bytes of a document as UTF-8, before the parser gets it: what is looked at beforehand is then what is
/// parsed, in whatever encoding it came. Blocks.
enum MarkupText {
  /// Where a page or a declaration says its encoding, from its beginning.
  private static let declaredWithin = 4_096

  /// Always text: what the page's encoding cannot read is read as browsers do. `charset` is what the server
  /// named.
  static func html(_ bytes: [UInt8], charset: String?) -> [UInt8] {
    let text = charset.flatMap { decode(bytes, $0) } ?? marked(bytes) ?? unmarked(bytes)
    return text.contains(0) ? text.filter { $0 != 0 } : text
  }

  private static func unmarked(_ bytes: [UInt8]) -> [UInt8] {
    if String(validating: bytes, as: UTF8.self) != nil { return bytes }
    // A page that says so in ASCII is not of two bytes a character.
    return declared(bytes, behind: "charset").flatMap { $0.hasPrefix("utf-16") ? nil : decode(bytes, $0) }
      ?? TextEncoding.windows1252.toUTF8(bytes[...])
  }

  /// By its byte order mark.
  private static func marked(_ bytes: [UInt8]) -> [UInt8]? {
    if bytes.starts(with: [0xFF, 0xFE]) { return convert(bytes, xmlFindCharEncodingHandler("UTF-16LE")) }
    if bytes.starts(with: [0xFE, 0xFF]) { return convert(bytes, xmlFindCharEncodingHandler("UTF-16BE")) }
    return nil
  }

  private static func decode(_ bytes: [UInt8], _ name: String) -> [UInt8]? {
    switch TextEncoding(named: name) {
    case .utf8?: Array(String(decoding: bytes, as: UTF8.self).utf8)
    case .latin1?: TextEncoding.latin1.toUTF8(bytes[...])
    case .windows1252?: TextEncoding.windows1252.toUTF8(bytes[...])
    case nil: convert(bytes, xmlFindCharEncodingHandler(name))
    }
  }

  /// By its first bytes, else by its declaration, else UTF-8, which the parser checks.
  static func xml(_ bytes: [UInt8]) throws(Failure) -> [UInt8] {
    let detected = xmlDetectCharEncoding(bytes, Int32(min(bytes.count, 4)))
    if detected != XML_CHAR_ENCODING_NONE, detected != XML_CHAR_ENCODING_UTF8 {
      guard let text = convert(bytes, xmlGetCharEncodingHandler(detected)) else {
        throw .noMarkup("XML", "its encoding is not read, or its bytes are no text of it")
      }
      return text
    }
    guard bytes.starts(with: Array("<?xml".utf8)), let name = declared(bytes, behind: "encoding") else {
      return bytes
    }
    if TextEncoding(named: name) == .utf8 { return bytes }
    guard let text = decode(bytes, name) else {
      throw .noMarkup("XML", "its encoding `\(name)` is not read, or its bytes are no text of it")
    }
    return text
  }

  /// The first name in `word = "name"`, with quotes or without.
  private static func declared(_ bytes: [UInt8], behind word: String) -> String? {
    let start = String(decoding: bytes.prefix(declaredWithin).map { $0 < 0x80 ? $0 : 0x3F }, as: UTF8.self)
      .lowercased()
    let end = word == "encoding" ? start.firstRange(of: "?>")?.lowerBound : nil
    guard let place = start[..<(end ?? start.endIndex)].firstRange(of: word) else { return nil }
    let isBlank = { (letter: Character) in letter.isWhitespace }
    let rest = start[place.upperBound...].drop(while: isBlank)
    guard rest.first == "=" else { return nil }
    let value = rest.dropFirst().drop { isBlank($0) || $0 == "\"" || $0 == "'" }
    let name = value.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.:".contains($0)) }
    return (1...40).contains(name.utf8.count) ? String(name) : nil
  }

  /// Nil where there is no such encoding or the bytes are no text of it. Its byte order mark is left out.
  private static func convert(_ bytes: [UInt8], _ handler: xmlCharEncodingHandlerPtr?) -> [UInt8]? {
    guard let handler else { return nil }
    defer { xmlCharEncCloseFunc(handler) }
    esteira_xml_be_quiet()
    let input = MarkupBuffer(bytes)
    let output = MarkupBuffer([])
    while input.count > 0 {
      let before = input.count
      guard xmlCharEncInFunc(handler, output.handle, input.handle) >= 0 else { return nil }
      // Nothing was taken: it is no text, but for a last character that was cut.
      if input.count == before { if before < 8, output.count > 0 { break } else { return nil } }
    }
    let text = output.bytes
    return text.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(text.dropFirst(3)) : text
  }
}

/// A buffer of libxml2.
private struct MarkupBuffer: ~Copyable {
  let handle: xmlBufferPtr

  init(_ bytes: [UInt8]) {
    handle = xmlBufferCreateSize(bytes.count + 1)
    _ = xmlBufferAdd(handle, bytes, Int32(bytes.count))
  }

  deinit { xmlBufferFree(handle) }

  var count: Int { Int(xmlBufferLength(handle)) }
  var bytes: [UInt8] { Array(UnsafeBufferPointer(start: xmlBufferContent(handle), count: count)) }
}
