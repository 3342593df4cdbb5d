/// Reads a file from its first byte to its last. Time and memory are linear in the file's length.
///
/// Field 1.003 decides: it lists the type of each record, without which a binary one could not be told.
struct NistReader {
  let bytes: [UInt8]
  let limits: NistLimits
  /// Whether to read on after what does not hinder it. Then `issues` has all of it.
  let isTolerant: Bool
  private(set) var issues: [NistIssue] = []

  var position = 0
  /// The record that is being read, from 1.
  var record = 1
  /// Of all records so far.
  var fieldCount = 0
  /// What a tolerant reader read before it could not go on.
  private(set) var file = NistFile(records: [])

  init(_ bytes: [UInt8], limits: NistLimits, isTolerant: Bool) {
    (self.bytes, self.limits, self.isTolerant) = (bytes, limits, isTolerant)
  }

  struct Entry {
    var type: Int
    var idc: Int
    /// Where field 1.003 names it.
    var offset: Int
  }

  mutating func read() throws(NistIssue) -> NistFile {
    guard !bytes.isEmpty else { throw issue(.empty, at: 0, "The file is empty.") }
    guard bytes.count <= limits.fileSize else {
      throw issue(.limit, at: 0, "The file has \(bytes.count) bytes; at most \(limits.fileSize) are read.")
    }
    let first = try taggedRecord(of: 1)
    file.records.append(NistRecord(type: 1, idc: nil, offset: 0, body: .fields(first)))
    let content = try content(of: first)
    for (number, entry) in content.enumerated() {
      guard position < bytes.count else {
        try report(
          .contentMismatch, at: entry.offset, field: "1.003",
          "Field 1.003 lists \(content.count) records after the first, and the file ends after \(number).")
        return file
      }
      record = number + 2
      file.records.append(try nextRecord(entry))
    }
    if position < bytes.count {
      try report(
        .trailingBytes, at: position, "\(bytes.count - position) bytes follow the last record.")
    }
    try refuseDuplicates(content)
    return file
  }

  /// As field 1.003 lists it, checked against itself.
  private mutating func content(of first: NistFields) throws(NistIssue) -> [Entry] {
    for (place, number, name) in [(1, 2, "version (VER)"), (2, 3, "content (CNT)")] {
      guard let field = first[number] else {
        throw issue(
          .missingField, at: 0, field: NistField.name(1, number), "The record has no field of the \(name).")
      }
      if first.fields[place].number != number {
        try report(
          .fieldOrder, at: field.tag.startIndex, field: NistField.name(1, number),
          "The \(name) must be field \(place + 1) of the record.")
      }
    }
    guard let field = first[3] else { return [] }
    var entries: [Entry] = []
    for subfield in field.subfields {
      let offset = subfield.first?.startIndex ?? field.value.startIndex
      guard subfield.count == 2, let type = NistField.integer(subfield[0]),
        let number = NistField.integer(subfield[1])
      else {
        throw issue(
          .contentInvalid, at: offset, field: "1.003",
          "Each subfield of the content is two numbers: a record type and its IDC.")
      }
      entries.append(Entry(type: type, idc: number, offset: offset))
    }
    return try checked(entries, at: field.value.startIndex)
  }

  /// Without the first entry, which is `1` and the count of the others.
  private mutating func checked(_ entries: [Entry], at offset: Int) throws(NistIssue) -> [Entry] {
    guard let head = entries.first, head.type == 1 else {
      throw issue(
        .contentInvalid, at: offset, field: "1.003",
        "The content must begin with 1 and the count of the records that follow.")
    }
    guard entries.count <= limits.records else {
      throw issue(
        .limit, at: offset, field: "1.003",
        "The file lists \(entries.count) records; at most \(limits.records) are read.")
    }
    let rest = Array(entries.dropFirst())
    if head.idc != rest.count {
      try report(
        .contentMismatch, at: offset, field: "1.003",
        "The content says that \(head.idc) records follow, and lists \(rest.count).")
    }
    for entry in rest where !(2...99).contains(entry.type) {
      throw issue(
        .unknownType, at: entry.offset, field: "1.003",
        "The content lists a record of type \(entry.type); types are 2 to 99, and 1 only first.")
    }
    return rest
  }

  private mutating func nextRecord(_ entry: Entry) throws(NistIssue) -> NistRecord {
    let start = position
    let (body, idc): (NistRecord.Body, Int)
    if NistRecord.isBinary(entry.type) {
      (body, idc) = try binaryRecord(of: entry.type)
    } else if NistRecord.readTypes.contains(entry.type) {
      let fields = try taggedRecord(of: entry.type)
      (body, idc) = (.fields(fields), try self.idc(of: fields, entry.type, start))
    } else {
      (body, idc) = try opaqueRecord(of: entry.type)
    }
    if idc != entry.idc {
      try report(
        .idcMismatch, at: start, field: NistRecord.isBinary(entry.type) ? nil : NistField.name(entry.type, 2),
        "The content gives this record of type \(entry.type) the IDC \(entry.idc), and it says \(idc)."
      )
    }
    return NistRecord(type: entry.type, idc: idc, offset: start, body: body)
  }

  private mutating func idc(
    of fields: NistFields, _ type: Int, _ start: Int
  ) throws(NistIssue) -> Int {
    let name = NistField.name(type, 2)
    guard let field = fields[2] else {
      throw issue(.missingField, at: start, field: name, "The record has no IDC.")
    }
    if fields.fields[1].number != 2 {
      try report(
        .fieldOrder, at: field.tag.startIndex, field: name, "The IDC must be field 2 of the record.")
    }
    guard let idc = field.integer else {
      throw issue(.idcInvalid, at: field.value.startIndex, field: name, "The IDC is not a number.")
    }
    return idc
  }

  /// An IDC names one image, of which a Type-4 record is the only one of its resolution.
  private mutating func refuseDuplicates(_ content: [Entry]) throws(NistIssue) {
    var seen: Set<Int> = []
    for (number, entry) in content.enumerated() where entry.type == 4 && !seen.insert(entry.idc).inserted {
      record = number + 2
      try report(
        .duplicateIDC, at: file.records[min(number + 1, file.records.count - 1)].offset,
        "Another record of type 4 has the IDC \(entry.idc) too.")
    }
  }

  func issue(
    _ fault: NistFault, at offset: Int, field: String? = nil, _ sentence: String
  ) -> NistIssue {
    NistIssue(
      fault: fault, severity: .error, offset: offset, record: record, field: field, sentence: sentence)
  }

  /// For what a tolerant reader notes and reads past, up to as much as a report has room for.
  mutating func report(
    _ fault: NistFault, at offset: Int, field: String? = nil, _ sentence: String
  ) throws(NistIssue) {
    let found = issue(fault, at: offset, field: field, sentence)
    guard isTolerant else { throw found }
    if issues.count < NistConformance.issueLimit { issues.append(found) }
  }
}
