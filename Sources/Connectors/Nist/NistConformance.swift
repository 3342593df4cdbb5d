import Model

/// What the standard says of a file beyond its structure: a report, never a refusal.
///
/// The rules are those of ANSI/NIST-ITL 1-2011 that can be told without the agreement between two agencies,
/// which decides about types of transactions and the fields of Type-2.
struct NistConformance {
  /// A report has no more issues than this of the file's structure, and no more of its content.
  static let issueLimit = 1_000

  private let file: NistFile
  private(set) var issues: [NistIssue] = []

  /// Everything that can be said of these bytes, in the order of the file: also of a file that the parser
  /// refuses, as far as it can be read.
  static func report(on bytes: [UInt8], limits: NistLimits = NistLimits()) -> [NistIssue] {
    var reader = NistReader(bytes, limits: limits, isTolerant: true)
    var fatal: [NistIssue] = []
    do throws(NistIssue) { _ = try reader.read() } catch { fatal = [error] }
    let found = reader.issues + fatal + issues(of: reader.file)
    return found.enumerated().sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }
      .map(\.element)
  }

  static func issues(of file: NistFile) -> [NistIssue] {
    var conformance = Self(file: file)
    for (position, record) in file.records.enumerated() { conformance.check(record, position + 1) }
    for image in file.images { conformance.check(image) }
    return conformance.issues
  }

  private init(file: NistFile) {
    self.file = file
    characterSet = NistCharacterSet(of: file)
  }

  private let characterSet: NistCharacterSet

  private mutating func check(_ record: NistRecord, _ position: Int) {
    switch record.body {
    case .fixedImage(let image): check(image, of: record, position)
    case .opaque: break
    case .fields(let fields):
      for rule in NistRule.rules(of: record.type) { check(rule, of: record, fields, position) }
      checkOrder(of: record, fields, position)
      checkCharacters(of: record, fields, position)
      if record.type == 1 { checkTransaction(record, fields) }
    }
  }

  private mutating func check(_ rule: NistRule, of record: NistRecord, _ fields: NistFields, _ position: Int)
  {
    guard let field = fields[rule.number], !field.value.isEmpty else {
      // Without an image, which a missing finger or eye explains, its measures are missing too.
      let isExcused =
        rule.isOfImage && fields[NistRecord.imageField] == nil
        && NistRule.absence(of: record.type).map { fields[$0] != nil } == true
      if rule.isMandatory, !isExcused {
        add(
          .missingField, .error, record.offset, position, record.type, rule.number,
          "The field \(rule.mnemonic) is mandatory and is missing or empty.")
      }
      return
    }
    guard let range = rule.range, !(field.integer.map(range.contains) ?? false) else { return }
    add(
      .value, .error, field.value.startIndex, position, record.type, rule.number,
      "\(rule.mnemonic) must be a number from \(range.lowerBound) to \(range.upperBound).")
  }

  /// The standard recommends the order of the numbers; LEN, IDC and the image have their fixed places.
  private mutating func checkOrder(of record: NistRecord, _ fields: NistFields, _ position: Int) {
    var highest = 0
    for field in fields.fields {
      if field.number < highest {
        add(
          .fieldOrder, .warning, field.tag.startIndex, position, record.type, field.number,
          "The field stands behind \(NistField.name(record.type, highest)), which has a higher number.")
      }
      highest = max(highest, field.number)
    }
  }

  private mutating func checkCharacters(of record: NistRecord, _ fields: NistFields, _ position: Int) {
    for field in fields.fields where !field.isImage(of: record.type) {
      guard let place = field.value.firstIndex(where: { $0 > 0x7F }) else { continue }
      switch characterSet {
      case .latin1: continue
      case .utf8: if String(validating: field.value, as: UTF8.self) != nil { continue }
      case .ascii, .other: break
      }
      let set = characterSet == .utf8 ? "UTF-8, which field 1.015 names" : "7-bit ASCII"
      add(
        .characterSet, .warning, place, position, record.type, field.number,
        "The field is not \(set); it is read as UTF-8 or else as ISO 8859-1.")
    }
  }

  private mutating func checkTransaction(_ record: NistRecord, _ fields: NistFields) {
    if let field = fields[2], !Self.versions.contains(String(decoding: field.value, as: UTF8.self)) {
      add(
        .version, .warning, field.value.startIndex, 1, 1, 2,
        "VER names no version of the standard that is known here (0200 to 0502).")
    }
    if let field = fields[5], !field.value.isEmpty, Self.date(field.value) == nil {
      add(.value, .error, field.value.startIndex, 1, 1, 5, "DAT must be a day, written as YYYYMMDD.")
    }
    if case .other = characterSet, let field = fields[15] {
      add(
        .characterSet, .warning, field.value.startIndex, 1, 1, 15,
        "This character set is not read here; texts are read as UTF-8 or else as ISO 8859-1.")
    }
    for number in [11, 12] {
      guard let field = fields[number], !field.value.isEmpty, !Self.isResolution(field.value) else {
        continue
      }
      add(
        .value, .error, field.value.startIndex, 1, 1, number,
        "\(number == 11 ? "NSR" : "NTR") must be pixels per millimetre, written as 19.69.")
    }
  }

  private static let versions = ["0200", "0201", "0300", "0400", "0500", "0501", "0502"]

  static func date(_ value: ArraySlice<UInt8>) -> CivilDate? {
    guard value.count == 8, let number = NistField.integer(value) else { return nil }
    return CivilDate(checking: number / 10_000, number / 100 % 100, number % 100)
  }

  private static func isResolution(_ value: ArraySlice<UInt8>) -> Bool {
    let parts = value.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { $0.count == 2 && NistField.integer($0) != nil }
  }

  mutating func add(
    _ fault: NistFault, _ severity: NistIssue.Severity, _ offset: Int, _ record: Int, _ type: Int,
    _ number: Int?, _ sentence: String
  ) {
    guard issues.count < Self.issueLimit else { return }
    issues.append(
      NistIssue(
        fault: fault, severity: severity, offset: offset, record: record,
        field: number.map { NistField.name(type, $0) }, sentence: sentence))
  }
}

extension NistField {
  func isImage(of type: Int) -> Bool {
    number == NistRecord.imageField && NistRecord.imageTypes.contains(type)
  }
}
