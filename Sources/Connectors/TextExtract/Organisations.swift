/// Finds organisations: authorities by name, companies by their legal form (`S.A.`, `S/A`, `Ltda.`,
/// `EIRELI`), and names that begin with `Companhia`, `Cia.` or `Banco`.
///
/// A brand without its legal form (`Petrobras`) is not claimed: no rule could tell it from any other name.
struct OrganisationRule {
  let text: ScalarText
  var words: [ScalarText.Word] { text.words }

  /// Words of one name at most; a longer run of capitals is a headline.
  static let mostWords = 12
  private static let heads: Set<String> = ["companhia", "cia", "banco"]

  func find() -> [RegulatoryEntity] {
    var found: [RegulatoryEntity] = []
    var index = 0
    while index < words.count {
      guard let entity = authority(at: index) ?? company(endingAt: index) ?? headed(at: index) else {
        index += 1
        continue
      }
      // A legal form claims the words before it; it may swallow what looked like a name of its own.
      while let last = found.last, last.range.upperBound > entity.range.lowerBound { found.removeLast() }
      found.append(entity)
      let end = entity.range.upperBound
      index += 1
      while index < words.count, words[index].range.lowerBound < end { index += 1 }
    }
    return found
  }

  private func entity(_ range: Range<Int>, _ confidence: Double, isAuthority: Bool = false)
    -> RegulatoryEntity
  {
    RegulatoryEntity(
      type: .organisation, text: text.text(range), confidence: confidence, range: range,
      value: .organisation(isAuthority: isAuthority))
  }

  private func authority(at index: Int) -> RegulatoryEntity? {
    let word = words[index]
    if Authorities.isAcronym(word) { return entity(word.range, 0.9, isAuthority: true) }
    guard word.isCapitalised, let names = Authorities.namesByFirstWord[word.key] else { return nil }
    for name in names where hasName(name, at: index) {
      let range = word.range.lowerBound..<words[index + name.count - 1].range.upperBound
      return entity(range, 0.98, isAuthority: true)
    }
    return nil
  }

  private func hasName(_ name: [String], at index: Int) -> Bool {
    guard index + name.count <= words.count else { return false }
    for (offset, key) in name.enumerated() {
      let word = words[index + offset]
      guard word.key == key, key.utf8.count <= 3 || word.isCapitalised else { return false }
      if offset > 0, !isJoined(index + offset, allowing: [UInt8(ascii: ","), UInt8(ascii: "-")]) {
        return false
      }
    }
    return true
  }

  /// Whether only blanks, and at most one of `allowing`, stand before the word.
  private func isJoined(_ index: Int, allowing: [UInt8] = []) -> Bool {
    let gap = words[index - 1].range.upperBound..<words[index].range.lowerBound
    guard gap.count <= 3 else { return false }
    let rest = gap.map { text.at($0) }.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") }
    return rest.count <= 1 && rest.allSatisfy(allowing.contains)
  }
}

extension OrganisationRule {
  /// A company whose legal form begins at the word.
  private func company(endingAt index: Int) -> RegulatoryEntity? {
    guard index > 0, let end = legalForm(at: index), let first = nameStart(before: index) else { return nil }
    return entity(words[first].range.lowerBound..<end, 0.95)
  }

  /// The end of a legal form that begins at the word, its point included.
  private func legalForm(at index: Int) -> Int? {
    let word = words[index]
    func withPoint(_ end: Int) -> Int { text.at(end) == UInt8(ascii: ".") ? end + 1 : end }
    switch word.key {
    case "s":
      let separator = text.at(word.range.upperBound)
      guard word.isAllCapitals, index + 1 < words.count, words[index + 1].key == "a",
        words[index + 1].isAllCapitals, words[index + 1].range.lowerBound == word.range.upperBound + 1
      else { return nil }
      if separator == UInt8(ascii: "/") { return words[index + 1].range.upperBound }
      return separator == UInt8(ascii: ".") ? withPoint(words[index + 1].range.upperBound) : nil
    case "sa": return word.isAllCapitals ? word.range.upperBound : nil
    case "eireli": return word.isCapitalised ? word.range.upperBound : nil
    case "ltda": return word.isCapitalised ? withPoint(word.range.upperBound) : nil
    case _: return nil
    }
  }

  /// The first word of the name that ends just before the word at `form`.
  private func nameStart(before form: Int) -> Int? {
    var first = form
    while first > 0, form - first < Self.mostWords, isPartOfName(first - 1, before: first) { first -= 1 }
    while first < form, !opensName(first) { first += 1 }
    return first < form && words[first..<form].contains(where: isProper) ? first : nil
  }

  private func isPartOfName(_ index: Int, before next: Int) -> Bool {
    let word = words[index]
    guard isTied(index, next), !Authorities.isAcronym(word), legalForm(at: index) == nil, !endsForm(index)
    else { return false }
    if word.key == "e" { return !word.isCapitalised && index > 0 && joinsOneName(index) }
    return isProper(word) || Lexicon.connectives.contains(word.key) && index > 0
  }

  /// Whether the word is the `A` of `S.A.`.
  private func endsForm(_ index: Int) -> Bool {
    index > 0 && legalForm(at: index - 1) != nil && words[index].key == "a"
  }

  /// "Alfa, Beta e Gama S.A." is a list: the `e` behind a comma separates; that of "Silva e Filhos" joins.
  private func joinsOneName(_ index: Int) -> Bool {
    var first = index - 1
    guard isTied(first, index), isProper(words[first]), !endsForm(first), legalForm(at: first) == nil
    else { return false }
    while first > 0, index - first < Self.mostWords, isTied(first - 1, first),
      isProper(words[first - 1]) || Lexicon.connectives.contains(words[first - 1].key)
    { first -= 1 }
    let gap = first > 0 ? words[first - 1].range.upperBound..<words[first].range.lowerBound : 0..<0
    return !gap.contains { text.at($0) == UInt8(ascii: ",") }
  }

  private func isProper(_ word: ScalarText.Word) -> Bool {
    word.isCapitalised && !Lexicon.neverInNames.contains(word.key)
  }

  /// A name does not begin with an article, a preposition or a word that only precedes names.
  private func opensName(_ index: Int) -> Bool {
    let word = words[index]
    return isProper(word) && !Lexicon.connectives.contains(word.key)
      && !Lexicon.beforeNames.contains(word.key)
  }

  /// Whether nothing but what may stand inside a name is between two neighbouring words.
  private func isTied(_ index: Int, _ next: Int) -> Bool {
    let gap = words[index].range.upperBound..<words[next].range.lowerBound
    guard gap.count <= 3, text.sentence(of: words[index].range.lowerBound) == sentence(next) else {
      return false
    }
    let rest = gap.map { text.at($0) }.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") }
    switch rest.first {
    case nil: return gap.contains { text.at($0) != UInt8(ascii: "\n") }
    case UInt8(ascii: "&"), UInt8(ascii: "-"), UInt8(ascii: "'"): return rest.count == 1
    case UInt8(ascii: "."): return rest.count == 1 && Lexicon.shortened.contains(words[index].key)
    case _: return false
    }
  }

  private func sentence(_ index: Int) -> Int { text.sentence(of: words[index].range.lowerBound) }
}

extension OrganisationRule {
  /// `Companhia Energética de Minas Gerais`: a head word and the capitals that follow it.
  private func headed(at index: Int) -> RegulatoryEntity? {
    guard words[index].isCapitalised, Self.heads.contains(words[index].key) else { return nil }
    var last = index
    var next = index + 1
    while next < words.count, next - index < Self.mostWords, isTied(next - 1, next),
      legalForm(at: next) == nil
    {
      let word = words[next]
      if isProper(word) && !Authorities.isAcronym(word) { last = next } else if !isLink(word.key) { break }
      next += 1
    }
    guard last > index else { return nil }
    return entity(words[index].range.lowerBound..<words[last].range.upperBound, 0.75)
  }

  private func isLink(_ key: String) -> Bool { Lexicon.connectives.contains(key) }
}
