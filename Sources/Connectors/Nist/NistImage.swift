/// An image of a record with what the record says of it, whichever way it is encoded.
struct NistImage: Sendable, Hashable {
  /// In the order of the file, from 1.
  var record: Int
  var type: Int
  var idc: Int
  /// Positions of fingers and palms; of Type-4 those that are not 255.
  var fingers: [Int]
  /// IMP; nil where the record has none.
  var impression: Int?
  /// Of Type-10 its kind, such as `FACE`; of Type-17 the eye, such as `1`.
  var kind: String?
  var width: Int?
  var height: Int?
  /// Of one pixel, where the record says it.
  var bitsPerPixel: Int?
  var compression: NistCompression
  /// Untouched; a slice of the file, so its `startIndex` is its place in there.
  var data: ArraySlice<UInt8>
}

extension NistFile {
  /// Of Type-4 and of the tagged types with a field 999, in the order of the file. A record without one has
  /// none: where a finger is missing, the standard allows it.
  var images: [NistImage] {
    records.enumerated().compactMap { position, record in
      switch record.body {
      case .fixedImage(let image): NistImage(position + 1, image)
      case .fields(let fields): NistImage(position + 1, record, fields)
      case .opaque: nil
      }
    }
  }
}

extension NistImage {
  fileprivate init(_ record: Int, _ image: NistFixedImage) {
    self.init(
      record: record, type: 4, idc: Int(image.idc),
      fingers: image.fingers.filter { $0 != NistFixedImage.noFinger }.map { Int($0) },
      impression: Int(image.impression), kind: nil, width: Int(image.width), height: Int(image.height),
      bitsPerPixel: 8, compression: NistCompression(code: Int(image.compression)), data: image.data)
  }

  fileprivate init?(_ position: Int, _ record: NistRecord, _ fields: NistFields) {
    guard NistRecord.imageTypes.contains(record.type), let image = fields[NistRecord.imageField] else {
      return nil
    }
    let isFriction = (13...15).contains(record.type)
    let word = { (number: Int) in fields[number].map { String(decoding: $0.value, as: UTF8.self) } }
    // Types 13 to 15 have BPX as field 12; Type-10 has the colour space there, and Type-17 has BPX too.
    let depth = record.type == 10 ? nil : fields[12]?.integer
    self.init(
      record: position, type: record.type, idc: record.idc ?? 0,
      fingers: isFriction
        ? fields[13]?.subfields.compactMap { $0.first.flatMap(NistField.integer) } ?? [] : [],
      impression: isFriction ? fields[3]?.integer : nil, kind: isFriction ? nil : word(3),
      width: fields[6]?.integer, height: fields[7]?.integer, bitsPerPixel: depth,
      compression: NistCompression(word: word(11) ?? ""), data: image.value)
  }
}

/// How an image's bytes are to be read.
enum NistCompression: Sendable, Hashable {
  case none, wsq, jpeg, jpegLossless, jp2, jp2Lossless, png
  /// A number of Type-4 or a word of the other types that the standard does not have.
  case unknown(String)

  private static let known: [(case: Self, word: String)] = [
    (.none, "NONE"), (.wsq, "WSQ20"), (.jpeg, "JPEGB"), (.jpegLossless, "JPEGL"), (.jp2, "JP2"),
    (.jp2Lossless, "JP2L"), (.png, "PNG"),
  ]

  /// As Type-4 has it: 0 to 6.
  init(code: Int) {
    self = Self.known.indices.contains(code) ? Self.known[code].case : .unknown(String(code))
  }

  /// As field 011 has it. `WSQ` is what some writers put for `WSQ20`.
  init(word: String) {
    let found = Self.known.first { $0.word == word }?.case
    self = found ?? (word == "WSQ" ? .wsq : .unknown(word))
  }

  var word: String {
    if case .unknown(let word) = self { return word }
    return Self.known.first { $0.case == self }?.word ?? ""
  }

  var mediaType: String {
    switch self {
    case .wsq: "image/x-wsq"
    case .jpeg, .jpegLossless: "image/jpeg"
    case .jp2, .jp2Lossless: "image/jp2"
    case .png: "image/png"
    case .none, .unknown: "application/octet-stream"
    }
  }

  /// Of a file's name.
  var ending: String {
    switch self {
    case .none: "raw"
    case .wsq: "wsq"
    case .jpeg, .jpegLossless: "jpg"
    case .jp2, .jp2Lossless: "jp2"
    case .png: "png"
    case .unknown: "bin"
    }
  }

  /// What such an image begins with; any of these. Empty where that cannot be told.
  var beginnings: [[UInt8]] {
    switch self {
    case .wsq: [[0xFF, 0xA0]]
    case .jpeg, .jpegLossless: [[0xFF, 0xD8, 0xFF]]
    // A JP2 file, or a bare codestream of JPEG 2000.
    case .jp2, .jp2Lossless: [[0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20], [0xFF, 0x4F, 0xFF, 0x51]]
    case .png: [[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]]
    case .none, .unknown: []
    }
  }
}
