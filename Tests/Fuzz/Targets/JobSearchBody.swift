import Engine
import Model

/// A search is read or refused at one of its characters, its terms mean the same in any order, and no
/// pattern takes long over a text.
enum JobSearchBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let text = bytes.decoded
    guard let terms = try read(text) else { return }
    try promise(terms.count <= JobSearch.mostTerms, "\(terms.count) terms were read.")
    try promise(
      try read("  \(text)\n") == terms || text.utf8.count + 3 > JobSearch.longest, "Spaces change \(text).")
    for case .column(_, let patterns) in terms.map(\.test) {
      for pattern in patterns {
        try promise(pattern.exact.map(pattern.matches) ?? true, "\(pattern.parts) is not itself.")
        try promise(pattern.matches(pattern.parts.joined(separator: "x")), "\(pattern.parts) finds nothing.")
      }
    }
  }

  private static func read(_ text: String) throws(Broken) -> [JobTerm]? {
    do throws(JobSearch.Fault) {
      return try JobSearch.terms(text, now: Timestamp(microseconds: 1_772_000_000_000_000), me: ["ana"])
    } catch {
      try promise(
        (0...text.unicodeScalars.count).contains(error.offset), "\(text) is wrong at \(error.offset).")
      return nil
    }
  }
}
