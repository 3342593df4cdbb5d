public import Model

/// A search for jobs as people write it:
/// `status:failed,retrying pipeline:vendas* duration:>5m since:24h tag:cliente=acme error:"timeout"
/// -owner:me`.
///
/// Terms stand apart by spaces and must all hold; a minus turns one round; commas part values of which any
/// may hold; `*` stands for any characters; quotes keep spaces, commas and stars as they are.
public enum JobSearch {
  /// Of the text, in bytes.
  public static let longest = 2_000
  public static let mostTerms = 30
  /// Of one term.
  public static let mostValues = 50

  public struct Fault: Error, Sendable, Hashable {
    /// Which scalar of the text is wrong, from 0.
    public var offset: Int
    public var message: Bilingual

    public init(_ offset: Int, _ message: Bilingual) { (self.offset, self.message) = (offset, message) }
  }

  /// `me`: the names that `owner:me` and `by:me` stand for.
  public static func terms(
    _ text: String, now: Timestamp, me: [String]
  ) throws(Fault) -> [JobTerm] {
    guard text.utf8.count <= longest else {
      throw Fault(
        0,
        Bilingual(
          "A search is at most \(longest) bytes long.", pt: "Uma busca tem no máximo \(longest) bytes."))
    }
    var reader = JobSearchReader(text)
    var terms: [JobTerm] = []
    while let raw = try reader.next() {
      guard terms.count < mostTerms else {
        throw Fault(
          raw.offset,
          Bilingual(
            "A search has at most \(mostTerms) terms.", pt: "Uma busca tem no máximo \(mostTerms) termos."))
      }
      terms.append(try raw.term(now: now, me: me))
    }
    return terms
  }

  /// The words before a colon.
  public static let keys = [
    "status", "namespace", "pipeline", "trigger", "owner", "by", "key", "correlation", "tag", "label",
    "error",
    "duration", "since", "until",
  ]
}
