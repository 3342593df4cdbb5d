import Crypto
import Model

/// A small file of the standard that is made up, from its first field to its image. Pure: equal values make
/// equal bytes.
struct NistCanary: Sendable {
  var mark: String
  var stepKey: String
  var day: CivilDate
  /// Whether Type-14 has the image, or Type-4.
  var isTagged: Bool
  /// More fields of Type-2.
  var fields: [(Int, String)] = []

  /// What it is, its mark and its control number.
  static let ownFields: ClosedRange<Int> = 900...902
  /// The image's width and height.
  private static let side = 32

  /// TCN.
  var controlNumber: String { "SYNTHETIC-" + SHA256.hex(Array(stepKey.utf8)).prefix(24).uppercased() }

  var file: NistFile {
    NistFile(records: [
      record(1, nil, transaction), record(2, 0, descriptive), isTagged ? taggedImage : fixedImage,
    ])
  }

  private var date: String { day.text.filter { $0 != "-" } }

  private var transaction: [(Int, String)] {
    let content = "1\u{1F}2\u{1E}2\u{1F}00\u{1E}\(isTagged ? 14 : 4)\u{1F}01"
    let resolution = isTagged ? "00.00" : "19.69"
    return [
      (2, "0502"), (3, content), (4, "SYN"), (5, date), (7, "SYNTHETIC"), (8, "ESTEIRA"), (9, controlNumber),
      (11, resolution), (12, resolution), (15, "003\u{1F}UTF-8"),
    ]
  }

  private var descriptive: [(Int, String)] {
    let own = [(900, "SYNTHETIC, NOT A PERSON"), (901, mark), (902, controlNumber)]
    return [(2, "00")] + (own + fields).sorted { $0.0 < $1.0 }
  }

  private var fixedImage: NistRecord {
    let free = Array(repeating: NistFixedImage.noFinger, count: NistFixedImage.fingerCount - 1)
    let image = NistFixedImage(
      idc: 1, impression: 0, fingers: [1] + free, scanResolution: 0, width: UInt16(Self.side),
      height: UInt16(Self.side), compression: 0, data: Self.rings[...])
    return NistRecord(type: 4, idc: 1, offset: 0, body: .fixedImage(image))
  }

  private var taggedImage: NistRecord {
    let side = String(Self.side)
    var image = record(
      14, 1,
      [
        (2, "01"), (3, "0"), (4, "ESTEIRA"), (5, date), (6, side), (7, side), (8, "1"), (9, "500"),
        (10, "500"),
        (11, "NONE"), (12, "8"), (13, "1"),
      ])
    guard case .fields(var fields) = image.body else { return image }
    _ = fields.set(NistRecord.imageField, of: 14, to: Self.rings)
    image.body = .fields(fields)
    return image
  }

  private func record(_ type: Int, _ idc: Int?, _ fields: [(Int, String)]) -> NistRecord {
    let all = [(1, "0")] + fields
    var tagged = NistFields(all.map { NistField(type, $0.0, Array($0.1.utf8)) })
    tagged.measure()
    return NistRecord(type: type, idc: idc, offset: 0, body: .fields(tagged))
  }

  /// Rings about the middle, light and dark, as a child draws a fingerprint.
  private static let rings: [UInt8] = (0..<side * side).map { place in
    let (x, y) = (2 * (place % side) - side + 1, 2 * (place / side) - side + 1)
    return (x * x + y * y) / 64 % 2 == 0 ? 230 : 40
  }
}
