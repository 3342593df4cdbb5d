/// What is wrong with a file of ANSI/NIST-ITL, and where: the error of the parser, and a line of a report.
struct NistIssue: Error, Sendable, Hashable {
  var fault: NistFault
  var severity: Severity
  /// Of the first byte that is meant, from 0.
  var offset: Int
  /// In the order of the file, from 1.
  var record: Int
  /// Such as `14.011`; nil where no field is meant.
  var field: String?
  /// One sentence, without its place.
  var sentence: String

  enum Severity: String, Sendable, Hashable {
    /// The standard says no.
    case error
    /// The standard says no, but readers cope, or the standard leaves it open and readers stumble.
    case warning
  }

  /// The sentence with its place, for people.
  var message: String {
    let place = field.map { "record \(record), field \($0)" } ?? "record \(record)"
    return "\(sentence) (\(place), byte \(offset))"
  }
}

/// The kinds of faults; `docs/nist.md` explains each.
enum NistFault: String, Sendable, Hashable, CaseIterable {
  // Of the structure: the parser refuses the file.
  case empty
  case notNist = "not-nist"
  case truncated
  case lengthNotNumber = "length-not-number"
  case lengthTooShort = "length-too-short"
  case lengthBeyondEnd = "length-beyond-end"
  case noSeparatorAtEnd = "no-separator-at-end"
  case separator
  case tag
  case foreignField = "foreign-field"
  case fieldOrder = "field-order"
  case repeatedField = "repeated-field"
  case missingField = "missing-field"
  case contentInvalid = "content-invalid"
  case contentMismatch = "content-mismatch"
  case idcInvalid = "idc-invalid"
  case idcMismatch = "idc-mismatch"
  case duplicateIDC = "duplicate-idc"
  case unknownType = "unknown-type"
  case trailingBytes = "trailing-bytes"
  case limit
  // Of the content: a report has them, and the parser does not mind.
  case version
  case value
  case characterSet = "character-set"
  case compression
  case imageFormat = "image-format"
  case imageSize = "image-size"
}

/// How much a file may hold. What a parsed file takes in memory is its bytes, and at most 80 bytes a field.
struct NistLimits: Sendable, Hashable {
  /// In bytes.
  var fileSize = 64 << 20
  /// With Type-1.
  var records = 1_000
  /// Of all records together.
  var fields = 50_000
  /// Of one field.
  var subfields = 10_000
  /// Of one field, in all its subfields.
  var items = 50_000
  /// In bytes; an image is not bound by it.
  var fieldLength = 4 << 20
}

/// The four separators of the traditional encoding.
enum NistSeparator {
  /// FS ends a record.
  static let record: UInt8 = 0x1C
  /// GS stands between fields.
  static let field: UInt8 = 0x1D
  /// RS stands between subfields.
  static let subfield: UInt8 = 0x1E
  /// US stands between items.
  static let item: UInt8 = 0x1F
}
