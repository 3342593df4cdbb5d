internal import CXML

/// A libxml2 reader over bytes in memory: entities are not expanded, nothing is fetched, sizes are bounded.
package struct XMLPull: ~Copyable {
  package enum Node: Equatable {
    case open(name: String, attributes: [Attribute], isEmpty: Bool)
    case close(name: String)
    case text(String)
  }

  package struct Attribute: Equatable {
    /// Without its prefix.
    package var name: String
    package var value: String
  }

  package struct Fault: Error, Equatable { package var line: Int }

  private let reader: xmlTextReaderPtr
  private let bytes: UnsafeMutableBufferPointer<CChar>

  private static let attributeLimit: Int32 = 100

  /// Copies the bytes, which live as long as the reader. Nil where libxml2 cannot start.
  package init?(_ bytes: [UInt8]) {
    let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: max(1, bytes.count))
    for (index, byte) in bytes.enumerated() { buffer[index] = CChar(bitPattern: byte) }
    let options =
      XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
      | XML_PARSE_NOCDATA.rawValue
    guard
      let reader = xmlReaderForMemory(buffer.baseAddress, Int32(bytes.count), nil, nil, Int32(options))
    else {
      buffer.deallocate()
      return nil
    }
    (self.reader, self.bytes) = (reader, buffer)
  }

  deinit {
    xmlFreeTextReader(reader)
    bytes.deallocate()
  }

  /// The next node that matters; nil at the end.
  package mutating func next() throws(Fault) -> Node? {
    while true {
      let result = xmlTextReaderRead(reader)
      if result == 0 { return nil }
      if result < 0 { throw Fault(line: Int(xmlTextReaderGetParserLineNumber(reader))) }
      switch UInt32(bitPattern: xmlTextReaderNodeType(reader)) {
      case XML_READER_TYPE_ELEMENT.rawValue:
        let isEmpty = xmlTextReaderIsEmptyElement(reader) == 1
        return .open(name: name(), attributes: attributes(), isEmpty: isEmpty)
      case XML_READER_TYPE_END_ELEMENT.rawValue: return .close(name: name())
      case XML_READER_TYPE_TEXT.rawValue, XML_READER_TYPE_CDATA.rawValue,
        XML_READER_TYPE_SIGNIFICANT_WHITESPACE.rawValue:
        return .text(Self.string(xmlTextReaderConstValue(reader)))
      case _: continue
      }
    }
  }

  private func name() -> String { Self.string(xmlTextReaderConstLocalName(reader)) }

  private func attributes() -> [Attribute] {
    var found: [Attribute] = []
    for index in 0..<min(xmlTextReaderAttributeCount(reader), Self.attributeLimit)
    where xmlTextReaderMoveToAttributeNo(reader, index) == 1 {
      found.append(Attribute(name: name(), value: Self.string(xmlTextReaderConstValue(reader))))
    }
    _ = xmlTextReaderMoveToElement(reader)
    return found
  }

  private static func string(_ text: UnsafePointer<xmlChar>?) -> String {
    guard let text else { return "" }
    return String(cString: text)
  }
}
