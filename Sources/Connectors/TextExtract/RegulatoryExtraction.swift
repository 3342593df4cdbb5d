/// What the rules `br_regulatory` find in a Portuguese text about regulation in Brazil.
///
/// The rules are written down, with what they do not claim and what each confidence means, in
/// `docs/connectors/text-extract-rules.md`. The same text always gives the same result, in linear time.
public struct RegulatoryExtraction: Sendable, Hashable {
  /// Longer texts are cut here, at a scalar, and `isTruncated` says so.
  public static let longestText = 1 << 20
  /// More entities than this are dropped from the end, and `isTruncated` says so.
  public static let mostEntities = 5_000

  /// In order of their position; none overlaps another.
  public var entities: [RegulatoryEntity]
  /// What the text as a whole tells: exactly one, of type `OUTRO` where no rule speaks.
  public var event: RegulatoryEvent
  public var isTruncated: Bool

  public init(text: String) { self.init(scalars: Array(text.unicodeScalars)) }

  init(scalars: [Unicode.Scalar]) {
    let (kept, isCut) = Self.bounded(scalars)
    let text = ScalarText(kept)
    let found = Self.withoutOverlaps(
      CNPJRule(text: text).find(), MoneyRule(text: text).find(), DateRule(text: text).find(),
      OrganisationRule(text: text).find())
    entities = Array(found.prefix(Self.mostEntities))
    event = EventRule(text: text, entities: entities).event()
    isTruncated = isCut || found.count > Self.mostEntities
  }

  /// Cuts by UTF-8 bytes, the measure of every other limit.
  private static func bounded(_ scalars: [Unicode.Scalar]) -> (scalars: [Unicode.Scalar], isCut: Bool) {
    guard scalars.count > longestText / 4 else { return (scalars, false) }
    var bytes = 0
    for (index, scalar) in scalars.enumerated() {
      bytes += UTF8.width(scalar)
      if bytes > longestText { return (Array(scalars[..<index]), true) }
    }
    return (scalars, false)
  }

  /// Where two overlap, the rule that was named first wins.
  private static func withoutOverlaps(_ groups: [RegulatoryEntity]...) -> [RegulatoryEntity] {
    var kept: [RegulatoryEntity] = []
    for group in groups {
      var merged: [RegulatoryEntity] = []
      merged.reserveCapacity(kept.count + group.count)
      var index = 0
      for entity in group {
        while index < kept.count, kept[index].range.upperBound <= entity.range.lowerBound {
          merged.append(kept[index])
          index += 1
        }
        if index < kept.count, kept[index].range.lowerBound < entity.range.upperBound { continue }
        merged.append(entity)
      }
      merged.append(contentsOf: kept[index...])
      kept = merged
    }
    return kept
  }
}

/// One thing that a text names.
public struct RegulatoryEntity: Sendable, Hashable {
  public enum Kind: String, Sendable, CaseIterable {
    case organisation = "ORG"
    case money = "MONEY"
    case cnpj = "CNPJ"
    case date = "DATE"
  }

  /// What it says, in one form however it is written.
  public enum Value: Sendable, Hashable {
    /// Hundredths of a real; `upTo` is the other end of a range.
    case money(cents: Int64, upTo: Int64?)
    /// Fourteen characters without separators.
    case cnpj(String)
    /// `YYYY-MM-DD`.
    case date(String)
    /// Whether it is one of the authorities that the rules know by name.
    case organisation(isAuthority: Bool)
  }

  public var type: Kind
  /// As it is written.
  public var text: String
  /// 0 to 1, fixed by the rule that found it.
  public var confidence: Double
  /// In Unicode scalars of the text.
  public var range: Range<Int>
  public var value: Value
}

/// What a text tells: who did what, for how much, when.
public struct RegulatoryEvent: Sendable, Hashable {
  public enum Kind: String, Sendable, CaseIterable {
    case fine = "MULTA"
    case decision = "DECISAO"
    case transaction = "TRANSACAO"
    case incident = "INCIDENTE"
    case news = "NOTICIA"
    case other = "OUTRO"
  }

  public var type: Kind
  public var confidence: Double
  /// The company of the event, never an authority.
  public var company: RegulatoryEntity?
  /// Its CNPJ, where the text has one beside the company.
  public var cnpj: RegulatoryEntity?
  public var amount: RegulatoryEntity?
  public var date: RegulatoryEntity?
}
