import CYAML

/// libyaml's parser and the only code that names it: one owner, freed in `deinit`, no pointer leaves it.
struct YAMLParser: ~Copyable {
  enum Event {
    case start, end
    case documentStart, documentEnd
    case alias(String)
    case scalar(text: String, style: Node.Style)
    case sequenceStart, sequenceEnd
    case mappingStart, mappingEnd
  }

  /// One event; places are offsets in the characters of the text.
  struct Step {
    var event: Event
    var anchor: String?
    var tag: String?
    var characters: Range<Int>
  }

  struct Trouble: Error {
    var problem: String
    var character: Int
  }

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let input: UnsafeMutableBufferPointer<UInt8>

  /// Takes UTF-8 without a byte order mark. Nil where memory is out.
  init?(_ bytes: [UInt8]) {
    parser = .allocate(capacity: 1)
    input = .allocate(capacity: max(1, bytes.count))
    _ = input.initialize(from: bytes)
    guard yaml_parser_initialize(parser) == 1 else {
      input.deallocate()
      parser.deallocate()
      return nil
    }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  mutating func next() throws(Trouble) -> Step {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else {
      let problem = parser.pointee.problem.map { String(cString: $0) } ?? "out of memory"
      let isReader = parser.pointee.error == YAML_READER_ERROR
      let mark = isReader ? parser.pointee.mark : parser.pointee.problem_mark
      throw Trouble(problem: problem, character: Int(mark.index))
    }
    defer { yaml_event_delete(&event) }
    return Self.step(event)
  }

  private static func step(_ event: yaml_event_t) -> Step {
    let places = Int(event.start_mark.index)..<max(Int(event.start_mark.index), Int(event.end_mark.index))
    var step = Step(event: .end, characters: places)
    switch event.type {
    case YAML_STREAM_START_EVENT: step.event = .start
    case YAML_DOCUMENT_START_EVENT: step.event = .documentStart
    case YAML_DOCUMENT_END_EVENT: step.event = .documentEnd
    case YAML_ALIAS_EVENT: step.event = .alias(text(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      step.event = .scalar(text: text(scalar.value, count: scalar.length), style: style(scalar.style))
      (step.anchor, step.tag) = (text(scalar.anchor), text(scalar.tag))
    case YAML_SEQUENCE_START_EVENT:
      step.event = .sequenceStart
      (step.anchor, step.tag) = (text(event.data.sequence_start.anchor), text(event.data.sequence_start.tag))
    case YAML_SEQUENCE_END_EVENT: step.event = .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      step.event = .mappingStart
      (step.anchor, step.tag) = (text(event.data.mapping_start.anchor), text(event.data.mapping_start.tag))
    case YAML_MAPPING_END_EVENT: step.event = .mappingEnd
    default: break
    }
    return step
  }

  private static func style(_ style: yaml_scalar_style_t) -> Node.Style {
    switch style {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: .quoted
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .escaped
    case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
    default: .plain
    }
  }

  private static func text(_ value: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    value.map { String(cString: $0) }
  }

  private static func text(_ value: UnsafeMutablePointer<yaml_char_t>?, count: Int) -> String {
    value.map { String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self) } ?? ""
  }
}
