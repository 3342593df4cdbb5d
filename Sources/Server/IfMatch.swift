import Model

/// `If-Match`: a change only where the thing still is as the caller knows it.
enum IfMatch {
  /// Throws where the header is there and names another state; where it is missing, only if it must be there.
  static func check(_ header: String?, _ tag: String, isRequired: Bool = false) throws(Problem) {
    guard let header else {
      if isRequired { throw missing }
      return
    }
    let wanted = header.split(separator: ",").map { part in
      part.drop { $0 == " " || $0 == "\t" }.split(separator: " ", omittingEmptySubsequences: true).first ?? ""
    }
    // A weak tag does not say that the state is the same, so it never matches.
    if wanted.contains(where: { $0 == "*" || $0.utf8.elementsEqual("\"\(tag)\"".utf8) }) { return }
    throw changed
  }

  private static let missing = Problem(
    "precondition-required",
    Bilingual(
      "This change has to say which state it is about.",
      pt: "Esta mudança precisa dizer de que estado ela trata."),
    remedy: Bilingual(
      "Read the thing and send its ETag as If-Match.", pt: "Leia a coisa e envie o ETag dela em If-Match."))

  private static let changed = Problem(
    "precondition-failed",
    Bilingual(
      "It is not as it was when you read it.", pt: "Isto não está como estava quando você leu."),
    remedy: Bilingual(
      "Read it again, and change that.", pt: "Leia de novo, e mude o que está lá."))
}
