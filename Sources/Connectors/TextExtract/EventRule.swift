internal import Model

/// Decides what a text tells, by cues that are counted per type.
///
/// A cue in the first sentence counts double, for that is where Brazilian press offices say it. A cue that is
/// denied ("não multou", "sem multa") or only possible ("sob pena de multa") does not count; one that is
/// undone ("multa foi anulada", "anula multa") counts for a decision instead.
struct EventRule {
  let text: ScalarText
  let entities: [RegulatoryEntity]

  private struct Tally {
    var points = 0
    var cues = 0
    /// The position of the cue with most points, the earliest among equals.
    var best: (points: Int, position: Int)?

    mutating func add(_ cue: Int, at position: Int) {
      points += cue
      cues += 1
      if cue > best?.points ?? 0 { best = (cue, position) }
    }
  }

  /// A type needs so many points to be believed.
  private static let enough = 2
  /// Where two types have as many points, the earlier one here is what readers must hear of.
  private static let order: [RegulatoryEvent.Kind] = [.fine, .incident, .transaction, .decision, .news]

  func event() -> RegulatoryEvent {
    var tallies: [RegulatoryEvent.Kind: Tally] = [:]
    for (index, word) in text.words.enumerated() {
      guard let cue = EventCues.cue(at: index, in: text) else { continue }
      let (kind, points) = weighed(cue, at: index)
      guard let kind else { continue }
      let weight = text.sentence(of: word.range.lowerBound) == 0 ? 2 * points : points
      tallies[kind, default: Tally()].add(weight, at: word.range.lowerBound)
    }
    let believed = Self.order.compactMap { kind in tallies[kind].map { (kind: kind, tally: $0) } }
      .filter { $0.tally.points >= Self.enough }
    let telling = believed.filter { $0.kind != .news }
    let most = telling.map(\.tally.points).max()
    guard let (kind, tally) = telling.first(where: { $0.tally.points == most }) ?? believed.first
    else { return described(.other, confidence: 0.4, at: 0) }
    let second = telling.filter { $0.kind != kind }.map(\.tally.points).max() ?? 0
    return described(
      kind, confidence: confidence(tally, second: second, kind), at: tally.best?.position ?? 0)
  }

  /// 0.6 for one plain cue, more for each further point up to 0.95, less where another type comes close.
  private func confidence(_ tally: Tally, second: Int, _ kind: RegulatoryEvent.Kind) -> Double {
    let base = kind == .news ? 0.5 : 0.6
    let raised = min(base + 0.05 * Double(tally.points - Self.enough), 0.95)
    let hundredths = 100 * (second * 2 > tally.points ? raised - 0.15 : raised)
    return hundredths.rounded() / 100
  }

  private func weighed(_ cue: EventCues.Cue, at index: Int) -> (RegulatoryEvent.Kind?, Int) {
    guard cue.canBeDenied else { return (cue.kind, cue.points) }
    switch Standing(of: index, to: index + cue.length, in: text) {
    case .stated: return (cue.kind, cue.points)
    case .denied: return (nil, 0)
    case .undone: return (.decision, cue.points)
    }
  }
}

extension EventRule {
  private func described(_ kind: RegulatoryEvent.Kind, confidence: Double, at position: Int)
    -> RegulatoryEvent
  {
    let sentence = text.range(ofSentence: text.sentence(of: position))
    let company = pick(in: sentence) { $0.value == .organisation(isAuthority: false) }
    return RegulatoryEvent(
      type: kind, confidence: confidence, company: company, cnpj: cnpj(of: company),
      amount: pick(in: sentence) { $0.type == .money }, date: pick(in: sentence) { $0.type == .date })
  }

  /// The first in the sentence of the deciding cue, else the first of the text.
  private func pick(in sentence: Range<Int>, _ holds: (RegulatoryEntity) -> Bool) -> RegulatoryEntity? {
    entities.first { holds($0) && sentence.contains($0.range.lowerBound) } ?? entities.first(where: holds)
  }

  /// The first CNPJ behind a mention of the company and before the next company; without a company, the only
  /// CNPJ of the text.
  private func cnpj(of company: RegulatoryEntity?) -> RegulatoryEntity? {
    let numbers = entities.filter { $0.type == .cnpj }
    guard let company else { return numbers.count == 1 ? numbers[0] : nil }
    var isNamed = false
    for entity in entities {
      switch entity.value {
      case .organisation(isAuthority: false):
        isNamed = ScalarString(entity.text) == ScalarString(company.text)
      case .cnpj: if isNamed { return entity }
      case .organisation(isAuthority: true), .money, .date: break
      }
    }
    return nil
  }
}
