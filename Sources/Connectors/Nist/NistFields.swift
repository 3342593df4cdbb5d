/// The tagged fields of a record in their order, LEN first.
struct NistFields: Sendable, Hashable {
  private(set) var fields: [NistField]

  init(_ fields: [NistField]) { self.fields = fields }

  subscript(number: Int) -> NistField? { fields.first { $0.number == number } }

  /// With separators and FS.
  var length: Int { fields.reduce(0) { $0 + $1.tag.count + 1 + $1.value.count + 1 } }

  func write(to bytes: inout [UInt8]) {
    for (position, field) in fields.enumerated() {
      if position > 0 { bytes.append(NistSeparator.field) }
      bytes.append(contentsOf: field.tag)
      bytes.append(UInt8(ascii: ":"))
      bytes.append(contentsOf: field.value)
    }
    bytes.append(NistSeparator.record)
  }

  /// A new field goes before the first one of a higher number, spelled with three digits.
  mutating func set(_ number: Int, of type: Int, to value: [UInt8]) -> Bool {
    let isImage = number == NistRecord.imageField && NistRecord.imageTypes.contains(type)
    guard number > 1, !value.isEmpty,
      isImage || !value.contains(where: { $0 == NistSeparator.field || $0 == NistSeparator.record })
    else { return false }
    if let position = fields.firstIndex(where: { $0.number == number }) {
      fields[position].value = value[...]
    } else {
      let place = fields.firstIndex { $0.number > number } ?? fields.endIndex
      fields.insert(NistField(type, number, value), at: place)
    }
    measure()
    return true
  }

  /// Writes the record's length into LEN. One that was padded with zeros keeps its width where it can.
  mutating func measure() {
    guard let old = fields.first?.value else { return }
    let rest = length - old.count
    let isPadded = old.count > 1 && old.first == UInt8(ascii: "0")
    // The length counts its own digits: 98 other bytes need three of them, since 100 has three.
    var width = isPadded ? old.count : 1
    while String(rest + width).utf8.count > width { width += 1 }
    let digits = Array(String(rest + width).utf8)
    fields[0].value = (Array(repeating: UInt8(ascii: "0"), count: width - digits.count) + digits)[...]
  }
}

/// One tagged field. Its text is bytes: what they stand for is a matter of the file's character set.
struct NistField: Sendable, Hashable {
  var number: Int
  /// As it is spelled: `1.001`, and `1.01` of older files.
  var tag: ArraySlice<UInt8>
  /// What stands behind the colon.
  var value: ArraySlice<UInt8>

  init(number: Int, tag: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
    (self.number, self.tag, self.value) = (number, tag, value)
  }

  init(_ type: Int, _ number: Int, _ value: [UInt8]) {
    self.init(number: number, tag: Array(Self.name(type, number).utf8)[...], value: value[...])
  }

  /// `14.011`.
  static func name(_ type: Int, _ number: Int) -> String {
    let digits = String(number)
    return "\(type)." + String(repeating: "0", count: max(0, 3 - digits.utf8.count)) + digits
  }

  /// What `14.011` names.
  struct Name: Hashable {
    var type: Int
    var number: Int

    init?(_ text: String) {
      let parts = text.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2, let type = NistField.integer(Array(parts[0].utf8)[...]),
        let number = NistField.integer(Array(parts[1].utf8)[...])
      else { return nil }
      (self.type, self.number) = (type, number)
    }

    /// Whether its value can be had: images are no text, and of other types fields are not read.
    var hasValue: Bool {
      NistRecord.readTypes.contains(type)
        && !(NistRecord.imageTypes.contains(type) && number == NistRecord.imageField)
    }
  }

  /// Its subfields, each with its items.
  var subfields: [[ArraySlice<UInt8>]] {
    value.split(separator: NistSeparator.subfield, omittingEmptySubsequences: false).map {
      $0.split(separator: NistSeparator.item, omittingEmptySubsequences: false)
    }
  }

  /// The number that the whole value is, with leading zeros too; nil for anything else.
  var integer: Int? { Self.integer(value) }

  /// At most nine digits.
  static func integer(_ digits: ArraySlice<UInt8>) -> Int? {
    guard (1...9).contains(digits.count) else { return nil }
    var number = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      number = number * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return number
  }
}
