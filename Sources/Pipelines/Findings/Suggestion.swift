import Model

/// Finds the name that somebody probably meant.
enum Suggestion {
  static let farthest = 2

  /// The nearest of the known names at most two letters away; the first of equally near ones.
  static func nearest(to name: String, among known: some Sequence<String>) -> String? {
    var best: (name: String, distance: Int)?
    let scalars = Array(name.unicodeScalars)
    // Two letters of a short word make another word.
    let allowed = scalars.count < 5 ? 1 : farthest
    for candidate in known {
      let distance = distance(scalars, Array(candidate.unicodeScalars), atMost: allowed)
      if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  static func remedy(for name: String, among known: some Sequence<String>) -> Bilingual? {
    nearest(to: name, among: known).map {
      Bilingual("Did you mean \"\($0)\"?", pt: "Você quis dizer \"\($0)\"?")
    }
  }

  /// Insertions, deletions, replacements and swaps of neighbours; `limit + 1` where it is more than `limit`.
  static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar], atMost limit: Int) -> Int {
    if abs(a.count - b.count) > limit { return limit + 1 }
    var (older, row) = ([Int](), Array(0...b.count))
    for i in a.indices {
      var next = [i + 1]
      for j in b.indices {
        var cost = min(row[j + 1] + 1, next[j] + 1, row[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, older[j - 1] + 1) }
        next.append(cost)
      }
      (older, row) = (row, next)
    }
    return min(row[b.count], limit + 1)
  }
}
