/// A file of ANSI/NIST-ITL in its traditional encoding, as a value: parsed and written without I/O.
///
/// Every byte of the input is kept, so that `bytes` of a parsed file are the file itself. The parts are
/// slices of the input: an image is never copied.
struct NistFile: Sendable, Hashable {
  /// Type-1 first, then in the order of its field 1.003.
  var records: [NistRecord]

  init(records: [NistRecord]) { self.records = records }

  init(parsing bytes: [UInt8], limits: NistLimits = NistLimits()) throws(NistIssue) {
    var reader = NistReader(bytes, limits: limits, isTolerant: false)
    self = try reader.read()
  }

  /// The file written out, with every LEN right.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(records.reduce(0) { $0 + $1.length })
    for record in records { record.write(to: &bytes) }
    return bytes
  }

  /// The fields of the first record; a parsed file has them.
  var transaction: NistFields { records.first?.fields ?? NistFields([]) }
}

/// One record.
struct NistRecord: Sendable, Hashable {
  /// 1 to 99.
  var type: Int
  /// The information designation character; Type-1 has none.
  var idc: Int?
  /// Where it begins in the parsed file.
  var offset: Int
  var body: Body

  enum Body: Sendable, Hashable {
    case fields(NistFields)
    case fixedImage(NistFixedImage)
    /// A type whose inside is not looked at: its bytes with its LEN.
    case opaque(ArraySlice<UInt8>)
  }

  var fields: NistFields? { if case .fields(let fields) = body { fields } else { nil } }

  /// As it will be written.
  var length: Int {
    switch body {
    case .fields(let fields): fields.length
    case .fixedImage(let image): NistFixedImage.headerLength + image.data.count
    case .opaque(let bytes): bytes.count
    }
  }

  func write(to bytes: inout [UInt8]) {
    switch body {
    case .fields(let fields): fields.write(to: &bytes)
    case .fixedImage(let image): image.write(to: &bytes)
    case .opaque(let raw): bytes.append(contentsOf: raw)
    }
  }
}

extension NistRecord {
  /// Types whose fields are read; all fields are tagged.
  static let readTypes: Set<Int> = [1, 2, 9, 10, 13, 14, 15, 17]
  /// Those of them whose field 999 is an image up to the end of the record.
  static let imageTypes: Set<Int> = [10, 13, 14, 15, 17]
  /// Types that begin with a LEN of four bytes and an IDC of one.
  static let binaryTypes: ClosedRange<Int> = 3...8
  static let imageField = 999

  static func isBinary(_ type: Int) -> Bool { binaryTypes.contains(type) }
}

/// A Type-4 record: a fingerprint of fixed resolution behind a header of 18 bytes.
struct NistFixedImage: Sendable, Hashable {
  static let headerLength = 18
  static let fingerCount = 6
  /// Fills the places of fingers that the record does not name.
  static let noFinger: UInt8 = 255

  var idc: UInt8
  /// IMP.
  var impression: UInt8
  /// FGP: six places, those that are free hold 255.
  var fingers: [UInt8]
  /// ISR.
  var scanResolution: UInt8
  /// HLL, in pixels.
  var width: UInt16
  /// VLL, in pixels.
  var height: UInt16
  /// GCA.
  var compression: UInt8
  var data: ArraySlice<UInt8>

  func write(to bytes: inout [UInt8]) {
    let length = UInt32(Self.headerLength + data.count)
    bytes += (0..<4).map { UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * $0)) }
    bytes += [idc, impression] + fingers + [scanResolution]
    bytes += [UInt8(width >> 8), UInt8(width & 255), UInt8(height >> 8), UInt8(height & 255), compression]
    bytes.append(contentsOf: data)
  }
}
