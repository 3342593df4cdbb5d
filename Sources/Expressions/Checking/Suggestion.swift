import Model

/// Remedies for names that do not exist.
enum Suggestion {
  private static let shown = 8

  /// The nearest known name, else the known names, else nothing.
  static func remedy(for name: String, among known: [String]) -> Bilingual? {
    near(name, among: known) ?? Self.known(known)
  }

  /// The first of the known names; nil where there are none.
  static func known(_ known: [String]) -> Bilingual? {
    guard !known.isEmpty else { return nil }
    let sorted = known.sorted { $0.precedes($1) }
    var list = sorted.prefix(shown).map { "`\($0)`" }.joined(separator: ", ")
    if sorted.count > shown { list += ", …" }
    return Bilingual("Known here: \(list).", pt: "Aqui existem: \(list).")
  }

  /// A name so close that a typing mistake is likely.
  static func near(_ name: String, among known: [String]) -> Bilingual? {
    guard name.utf8.count <= 64 else { return nil }
    let limit = max(1, name.utf8.count / 3)
    let ranked = known.map { (name: $0, distance: distance(name, $0)) }.filter { $0.distance <= limit }
    let best = ranked.min { ($0.distance, $0.name) < ($1.distance, $1.name) }
    return best.map { best in
      let title = best.name.hasPrefix(".") ? String(best.name.dropFirst()) : best.name
      return Bilingual("Did you mean `\(title)`?", pt: "Você quis dizer `\(title)`?")
    }
  }

  /// Changes, insertions, deletions and swaps of neighbours between two names.
  private static func distance(_ left: String, _ right: String) -> Int {
    let a = Array(left.utf8)
    let b = Array(right.utf8)
    guard abs(a.count - b.count) <= 8, !a.isEmpty, !b.isEmpty else { return .max }
    var rows = [Array(0...b.count)]
    for i in 1...a.count {
      var row = [i]
      for j in 1...b.count {
        var best = min(
          rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          best = min(best, rows[i - 2][j - 2] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
