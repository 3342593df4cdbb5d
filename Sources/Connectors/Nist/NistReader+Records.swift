/// One record, from `position` on.
extension NistReader {
  private static let colon = UInt8(ascii: ":")
  private static let lengthDigits = 10

  private struct Tag {
    var type: Int
    var number: Int
    var text: Range<Int>
    /// Behind the colon.
    var value: Int
  }

  /// A record of fields that are read.
  mutating func taggedRecord(of type: Int) throws(NistIssue) -> NistFields {
    let end = try taggedEnd(of: type)
    var fields: [NistField] = []
    var numbers: Set<Int> = []
    while true {
      let field = try self.field(of: type, upTo: end)
      if !numbers.insert(field.number).inserted {
        try report(
          .repeatedField, at: field.tag.startIndex, field: NistField.name(type, field.number),
          "The record has this field twice.")
      }
      fieldCount += 1
      guard fieldCount <= limits.fields else {
        throw issue(
          .limit, at: field.tag.startIndex, field: NistField.name(type, field.number),
          "The file has more fields than \(limits.fields), which are the most that are read.")
      }
      fields.append(field)
      if position == end { break }
      position += 1
    }
    position = end + 1
    return NistFields(fields)
  }

  /// A tagged record whose inside is not read beyond its LEN and IDC.
  mutating func opaqueRecord(of type: Int) throws(NistIssue) -> (NistRecord.Body, Int) {
    let start = position
    let end = try taggedEnd(of: type)
    _ = try field(of: type, upTo: end)
    let name = NistField.name(type, 2)
    guard position < end else {
      throw issue(.missingField, at: start, field: name, "The record has no IDC.")
    }
    position += 1
    let second = try field(of: type, upTo: end)
    guard second.number == 2 else {
      throw issue(.missingField, at: second.tag.startIndex, field: name, "The second field must be the IDC.")
    }
    guard let idc = second.integer else {
      throw issue(.idcInvalid, at: second.value.startIndex, field: name, "The IDC is not a number.")
    }
    position = end + 1
    return (.opaque(bytes[start...end]), idc)
  }

  /// A record that begins with four bytes of LEN and one of IDC.
  mutating func binaryRecord(of type: Int) throws(NistIssue) -> (NistRecord.Body, Int) {
    let start = position
    let least = type == 4 ? NistFixedImage.headerLength : 5
    guard bytes.count - start >= least else {
      throw issue(
        .truncated, at: start,
        "A record of type \(type) has at least \(least) bytes; the file has \(bytes.count - start) more.")
    }
    let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
    guard length >= least else {
      throw issue(
        .lengthTooShort, at: start,
        "LEN is \(length), and a record of type \(type) has at least \(least) bytes.")
    }
    try refuseBeyondEnd(length, from: start, field: nil)
    position = start + length
    let idc = Int(bytes[start + 4])
    if type != 4 { return (.opaque(bytes[start..<position]), idc) }
    return (.fixedImage(fixedImage(start..<position)), idc)
  }

  private func fixedImage(_ range: Range<Int>) -> NistFixedImage {
    let start = range.lowerBound
    return NistFixedImage(
      idc: bytes[start + 4], impression: bytes[start + 5], fingers: Array(bytes[start + 6..<start + 12]),
      scanResolution: bytes[start + 12],
      width: UInt16(bytes[start + 13]) << 8 | UInt16(bytes[start + 14]),
      height: UInt16(bytes[start + 15]) << 8 | UInt16(bytes[start + 16]),
      compression: bytes[start + 17],
      data: bytes[start + NistFixedImage.headerLength..<range.upperBound])
  }

  /// Where the record's FS stands, by its LEN; `position` stays.
  private func taggedEnd(of type: Int) throws(NistIssue) -> Int {
    let start = position
    let tag = try tag(upTo: bytes.count)
    let name = NistField.name(tag.type, tag.number)
    guard tag.type == type else {
      let first = "The file does not begin with the field 1.001."
      let other =
        "Field 1.003 says that a record of type \(type) comes here; this is one of type \(tag.type)."
      throw issue(type == 1 ? .notNist : .contentMismatch, at: start, field: name, type == 1 ? first : other)
    }
    guard tag.number == 1 else {
      throw issue(.fieldOrder, at: start, field: name, "The record does not begin with its LEN.")
    }
    let digits = bytes[tag.value...].prefix(Self.lengthDigits + 1)
      .prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard digits.endIndex < bytes.count else {
      throw issue(.truncated, at: tag.value, field: name, "The file ends within LEN.")
    }
    let behind = bytes[digits.endIndex]
    guard (1...Self.lengthDigits).contains(digits.count),
      behind == NistSeparator.field || behind == NistSeparator.record
    else { throw issue(.lengthNotNumber, at: tag.value, field: name, "LEN is not a number.") }
    let length = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    guard length >= digits.endIndex + 1 - start else {
      throw issue(
        .lengthTooShort, at: tag.value, field: name, "LEN is \(length): the record would end within its LEN.")
    }
    try refuseBeyondEnd(length, from: start, field: name)
    let end = start + length - 1
    guard bytes[end] == NistSeparator.record else {
      throw issue(
        .noSeparatorAtEnd, at: end, field: name,
        "LEN is \(length), and the last of so many bytes is not FS (1C hexadecimal).")
    }
    return end
  }

  private func refuseBeyondEnd(_ length: Int, from start: Int, field: String?) throws(NistIssue) {
    guard length > bytes.count - start else { return }
    throw issue(
      .lengthBeyondEnd, at: start, field: field,
      "LEN is \(length), and the file has only \(bytes.count - start) bytes from there on.")
  }

  /// The field at `position`, which then stands behind it: at its separator, or at `end`.
  private mutating func field(of type: Int, upTo end: Int) throws(NistIssue) -> NistField {
    let start = position
    guard start < end else {
      throw issue(.separator, at: start, "A field is missing between two separators.")
    }
    let tag = try tag(upTo: end)
    guard tag.type == type else {
      throw issue(
        .foreignField, at: start, field: NistField.name(tag.type, tag.number),
        "A field of type \(tag.type) stands in a record of type \(type).")
    }
    var behind = end
    if tag.number != NistRecord.imageField || !NistRecord.imageTypes.contains(type) {
      behind = try textEnd(of: tag, upTo: end)
    }
    position = behind
    return NistField(number: tag.number, tag: bytes[tag.text], value: bytes[tag.value..<behind])
  }

  private func textEnd(of tag: Tag, upTo end: Int) throws(NistIssue) -> Int {
    let start = tag.value
    var (subfields, items, place) = (1, 1, start)
    while place < end, bytes[place] != NistSeparator.field {
      switch bytes[place] {
      case NistSeparator.record:
        throw issue(
          .separator, at: place, field: NistField.name(tag.type, tag.number),
          "FS (1C hexadecimal) stands before the end that LEN says.")
      case NistSeparator.subfield: (subfields, items) = (subfields + 1, items + 1)
      case NistSeparator.item: items += 1
      case _: break
      }
      place += 1
    }
    if place - start <= min(limits.fieldLength, limits.subfields, limits.items) { return place }
    for (count, limit, things) in [
      (place - start, limits.fieldLength, "bytes"), (subfields, limits.subfields, "subfields"),
      (items, limits.items, "items"),
    ] where count > limit {
      throw issue(
        .limit, at: start, field: NistField.name(tag.type, tag.number),
        "The field has \(count) \(things); at most \(limit) are read.")
    }
    return place
  }

  /// `14.011:`, with any zeros before its numbers. `position` stays.
  private func tag(upTo end: Int) throws(NistIssue) -> Tag {
    let (type, point) = number(from: position, upTo: end, digits: 3)
    let (number, colon) = self.number(from: point + 1, upTo: end, digits: 9)
    guard let type, let number, colon < end, bytes[point] == UInt8(ascii: "."), bytes[colon] == Self.colon
    else {
      throw position == 0
        ? issue(.notNist, at: 0, "The file does not begin with the field 1.001.")
        : issue(
          .tag, at: position, "A field begins with its number, such as `14.011:`, and there is none here.")
    }
    return Tag(type: type, number: number, text: position..<colon, value: colon + 1)
  }

  private func number(from start: Int, upTo end: Int, digits: Int) -> (value: Int?, end: Int) {
    guard start < end else { return (nil, end) }
    let found = bytes[start..<min(end, start + digits)]
      .prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return (NistField.integer(found), found.endIndex)
  }
}
