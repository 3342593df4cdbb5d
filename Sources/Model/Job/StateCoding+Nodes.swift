// The parts of a snapshot that grow with the number of steps, as columns.
extension JobState {
  private static var numbers: [WritableKeyPath<StepState, UInt32>] {
    [
      \.step, \.parent, \.ordinal, \.attempt, \.token, \.round, \.firstChild, \.childCount, \.childStep,
      \.open, \.next, \.bound, \.succeeded, \.partial, \.failed, \.skipped,
    ]
  }

  private static var times: [WritableKeyPath<StepState, Timestamp>] {
    [\.due, \.deadline, \.readyAt, \.startedAt, \.endedAt]
  }

  func writeNodes(to writer: inout RunWriter) {
    writer.number(UInt64(nodes.count))
    for path in Self.numbers { writer.column(nodes) { Int64($0[keyPath: path]) } }
    // Times count from the job's beginning: small numbers are short.
    for path in Self.times { writer.column(nodes) { fromBeginning($0[keyPath: path]) } }
    writer.column(nodes) { $0.pause.microseconds }
    writer.column(nodes) { $0.deadlineAfter.microseconds }
    writer.column(nodes) { Int64($0.layer.rawValue) }
    writer.column(nodes) { Int64($0.status.rawValue) }
    writer.column(nodes) { Int64($0.skipCause.rawValue) }
    writer.column(nodes) { Int64($0.effect.number) }
    writer.column(nodes) { Int64($0.stopping.rawValue) }
    writer.column(nodes) { Int64($0.failures) }
    writer.column(nodes) { Int64($0.crashes) }
    writer.column(nodes) { $0.isShown ? 1 : 0 }
    writer.column(nodes) { $0.beside.map { Int64($0.rawValue) + 1 } ?? 0 }
  }

  mutating func readNodes(from reader: inout RunReader) throws(FactError) {
    let count = try reader.count(atMost: Int(Self.mostNodes) * 2)
    let empty = StepState(step: 0, parent: StepState.none, layer: .step, ordinal: 0)
    nodes = [StepState](repeating: empty, count: count)
    for path in Self.numbers {
      try reader.column(count) { row, value throws(FactError) in
        nodes[row][keyPath: path] = UInt32(truncatingIfNeeded: value)
      }
    }
    for path in Self.times {
      try reader.column(count) { row, value throws(FactError) in
        nodes[row][keyPath: path] = time(fromBeginning: value)
      }
    }
    try reader.column(count) { row, value throws(FactError) in nodes[row].pause = .microseconds(value) }
    try reader.column(count) { row, value throws(FactError) in
      nodes[row].deadlineAfter = .microseconds(value)
    }
    try readWords(count, from: &reader)
    try reader.column(count) { row, value throws(FactError) in
      nodes[row].failures = UInt16(truncatingIfNeeded: value)
    }
    try reader.column(count) { row, value throws(FactError) in
      nodes[row].crashes = UInt16(truncatingIfNeeded: value)
    }
    try reader.column(count) { row, value throws(FactError) in nodes[row].isShown = value == 1 }
    try reader.column(count) { row, value throws(FactError) in
      nodes[row].beside = value == 0 ? nil : try Self.known(AsideKind(rawValue: UInt8(clamping: value - 1)))
    }
  }

  private mutating func readWords(_ count: Int, from reader: inout RunReader) throws(FactError) {
    try reader.column(count) { row, value throws(FactError) in
      nodes[row].layer = try Self.known(StepState.Layer(rawValue: UInt8(clamping: value)))
    }
    try reader.column(count) { row, value throws(FactError) in
      nodes[row].status = try Self.known(StepStatus(rawValue: UInt8(clamping: value)))
    }
    try reader.column(count) { row, value throws(FactError) in
      nodes[row].skipCause = try Self.known(SkipCause(rawValue: UInt8(clamping: value)))
    }
    try reader.column(count) { row, value throws(FactError) in
      nodes[row].effect = try Self.known(EffectClass(number: value))
    }
    try reader.column(count) { row, value throws(FactError) in
      nodes[row].stopping = try Self.known(StepStatus(rawValue: UInt8(clamping: value)))
    }
  }

  private static func known<Word>(_ word: Word?) throws(FactError) -> Word {
    guard let word else { throw FactError("A node of a snapshot is not well formed.") }
    return word
  }

  private func fromBeginning(_ time: Timestamp) -> Int64 {
    time == .never ? 0 : time.microseconds &- createdAt.microseconds &+ 1
  }

  private func time(fromBeginning value: Int64) -> Timestamp {
    value == 0 ? .never : Timestamp(microseconds: value &- 1 &+ createdAt.microseconds)
  }
}

// Outputs and failures: where they lie, and which of them are held.
extension JobState {
  func writeOutputs(to writer: inout RunWriter) {
    writer.number(UInt64(kept.count))
    writer.column(kept) { output in
      guard let output else { return 0 }
      return output.value == nil ? 1 : 2
    }
    Self.write(kept.compactMap { $0?.place }, to: &writer)
  }

  mutating func readOutputs(
    from reader: inout RunReader, values: [(NodeNumber, JSON)]
  ) throws(FactError) {
    let count = try reader.count(atMost: nodes.count)
    var marks: [Int64] = []
    try reader.column(count) { _, value throws(FactError) in marks.append(value) }
    let places = try Self.places(marks.count { $0 != 0 }, from: &reader)
    var next = 0
    for mark in marks {
      guard mark != 0 else {
        kept.append(nil)
        continue
      }
      // A held value that stands by its place alone is null until `fillRows`.
      kept.append(KeptOutput(place: places[next], value: mark == 2 ? .null : nil))
      next += 1
    }
    for (node, value) in values where kept.indices.contains(Int(node)) { kept[Int(node)]?.value = value }
  }

  func writeFailures(to writer: inout RunWriter) {
    let numbers = failures.keys.sorted()
    let all = numbers.compactMap { failures[$0] }
    let codes = Set(all.map { ScalarString($0.code) }).sorted().map(\.string)
    let places = Dictionary(uniqueKeysWithValues: codes.enumerated().map { (ScalarString($1), Int64($0)) })
    writer.number(UInt64(codes.count))
    for code in codes { writer.append(Array(code.utf8)) }
    writer.number(UInt64(numbers.count))
    writer.column(numbers) { Int64($0) }
    writer.column(all) { Int64(ErrorClass.allCases.firstIndex(of: $0.errorClass) ?? 0) }
    writer.column(all) { places[ScalarString($0.code)] ?? 0 }
    Self.write(all.map(\.place), to: &writer)
  }

  mutating func readFailures(
    from reader: inout RunReader, messages: [(NodeNumber, JSON)]
  ) throws(FactError) {
    var codes: [String] = []
    for _ in 0..<(try reader.count(atMost: nodes.count)) {
      codes.append(String(decoding: try reader.text(), as: UTF8.self))
    }
    let count = try reader.count(atMost: nodes.count)
    var numbers: [NodeNumber] = []
    try reader.column(count) { _, value throws(FactError) in
      numbers.append(NodeNumber(truncatingIfNeeded: value))
    }
    var (classes, words): ([ErrorClass], [String]) = ([], [])
    try reader.column(count) { _, value throws(FactError) in
      guard ErrorClass.allCases.indices.contains(Int(value)) else {
        throw FactError("A snapshot names an error class that is not known.")
      }
      classes.append(ErrorClass.allCases[Int(value)])
    }
    try reader.column(count) { _, value throws(FactError) in
      guard codes.indices.contains(Int(value)) else { throw FactError("A failure's code is missing.") }
      words.append(codes[Int(value)])
    }
    let places = try Self.places(count, from: &reader)
    for index in 0..<count {
      var failure = KeptFailure(classes[index], code: words[index], Body(place: places[index], value: .null))
      failure.message = nil
      failures[numbers[index]] = failure
    }
    for (node, message) in messages { failures[node]?.message = message.string }
  }

  private static func write(_ places: [BodyPlace], to writer: inout RunWriter) {
    let columns = places.map(\.columns)
    writer.column(columns) { $0.row }
    writer.column(columns) { $0.sequence }
    writer.column(columns) { $0.offset }
    writer.column(columns) { $0.length }
  }

  private static func places(_ count: Int, from reader: inout RunReader) throws(FactError) -> [BodyPlace] {
    var columns = [PlaceColumns](repeating: PlaceColumns(), count: count)
    try reader.column(count) { row, value throws(FactError) in columns[row].row = value }
    try reader.column(count) { row, value throws(FactError) in columns[row].sequence = value }
    try reader.column(count) { row, value throws(FactError) in columns[row].offset = value }
    try reader.column(count) { row, value throws(FactError) in columns[row].length = value }
    return columns.map(\.place)
  }
}

/// A place as numbers: a row's number, or 0 and the rest.
private struct PlaceColumns {
  var row: Int64 = 0
  var sequence: Int64 = 0
  var offset: Int64 = 0
  var length: Int64 = 0

  var place: BodyPlace {
    row > 0
      ? .row(BodyID(row))
      : .event(
        sequence: UInt32(truncatingIfNeeded: sequence), offset: UInt32(truncatingIfNeeded: offset),
        length: UInt32(truncatingIfNeeded: length))
  }
}

extension BodyPlace {
  var isRow: Bool { if case .row = self { true } else { false } }

  fileprivate var columns: PlaceColumns {
    switch self {
    case .row(let id): PlaceColumns(row: id.value)
    case .event(let sequence, let offset, let length):
      PlaceColumns(sequence: Int64(sequence), offset: Int64(offset), length: Int64(length))
    }
  }
}
