/// What the standard says of one tagged field of a type.
struct NistRule: Sendable {
  var number: Int
  var mnemonic: String
  var isMandatory = false
  /// A number within these bounds.
  var range: ClosedRange<Int>?
  /// Describes an image: not asked for where a record says why there is none.
  var isOfImage = false

  private init(
    _ number: Int, _ mnemonic: String, mandatory: Bool = false, _ range: ClosedRange<Int>? = nil,
    ofImage: Bool = false
  ) {
    (self.number, self.mnemonic, self.isMandatory) = (number, mnemonic, mandatory)
    (self.range, self.isOfImage) = (range, ofImage)
  }

  /// Codes of impressions, with those that the updates of the standard added up to contactless ones.
  static let impressions = 0...42

  /// The field that says why a record has no image: AMP of fingers and palms, DME of an eye.
  static func absence(of type: Int) -> Int? {
    switch type {
    case 14, 15: 18
    case 17: 28
    case _: nil
    }
  }

  static func rules(of type: Int) -> [NistRule] { table[type] ?? [] }

  /// The mnemonic of a field of Type-1, such as `TCN`.
  static func transactionName(_ number: Int) -> String? {
    transaction.first { $0.number == number }?.mnemonic
  }

  private static let table: [Int: [NistRule]] = [
    1: transaction, 2: [], 9: minutiae, 10: photo, 13: latent, 14: finger, 15: palm, 17: iris,
  ]

  private static let transaction = [
    NistRule(1, "LEN"), NistRule(2, "VER", mandatory: true), NistRule(3, "CNT", mandatory: true),
    NistRule(4, "TOT", mandatory: true), NistRule(5, "DAT", mandatory: true), NistRule(6, "PRY", 1...9),
    NistRule(7, "DAI", mandatory: true), NistRule(8, "ORI", mandatory: true),
    NistRule(9, "TCN", mandatory: true), NistRule(10, "TCR"), NistRule(11, "NSR", mandatory: true),
    NistRule(12, "NTR", mandatory: true), NistRule(13, "DOM"), NistRule(14, "GMT"), NistRule(15, "DCS"),
    NistRule(16, "APS"), NistRule(17, "ANM"), NistRule(18, "GNS"),
  ]

  private static let minutiae = [
    NistRule(3, "IMP", mandatory: true, impressions), NistRule(4, "FMT", mandatory: true),
  ]

  /// From SRC on, as all tagged types with an image have them.
  private static let image = [
    NistRule(4, "SRC", mandatory: true), NistRule(6, "HLL", mandatory: true, 1...99_999, ofImage: true),
    NistRule(7, "VLL", mandatory: true, 1...99_999, ofImage: true),
    NistRule(8, "SLC", mandatory: true, 0...2, ofImage: true),
    NistRule(9, "THPS", mandatory: true, 1...99_999, ofImage: true),
    NistRule(10, "TVPS", mandatory: true, 1...99_999, ofImage: true),
    NistRule(11, "CGA", mandatory: true, ofImage: true),
    NistRule(999, "DATA", mandatory: true, ofImage: true),
  ]

  private static let depth = NistRule(12, "BPX", mandatory: true, 1...99, ofImage: true)
  private static let impression = NistRule(3, "IMP", mandatory: true, impressions)
  private static let latent =
    image + [depth, impression, NistRule(5, "LCD", mandatory: true), NistRule(13, "FGP", mandatory: true)]
  private static let finger =
    image + [depth, impression, NistRule(5, "FCD", mandatory: true), NistRule(13, "FGP", mandatory: true)]
  private static let palm =
    image + [depth, impression, NistRule(5, "PCD", mandatory: true), NistRule(13, "FGP", mandatory: true)]
  private static let photo =
    image + [
      NistRule(3, "IMT", mandatory: true), NistRule(5, "PHD", mandatory: true),
      NistRule(12, "CSP", mandatory: true),
    ]
  private static let iris =
    image + [
      depth, NistRule(3, "ELR", mandatory: true, 0...2), NistRule(5, "ICD", mandatory: true),
      NistRule(13, "CSP", mandatory: true),
    ]
}
