/// What the engine itself says of a job that did not end by its own steps. Histories keep the English
/// sentence, as they keep every other; whoever shows it to a person takes the one in their language.
public enum JobSentence {
  public static let cancelled = Bilingual("The job was cancelled.", pt: "O job foi cancelado.")
  public static let cancelledInQueue = Bilingual(
    "The job was cancelled while it was queued.", pt: "O job foi cancelado enquanto estava na fila.")
  public static let cancelledBefore = Bilingual(
    "The job was cancelled before it began.", pt: "O job foi cancelado antes de começar.")
  public static let late = Bilingual(
    "The job did not end before its deadline.", pt: "O job não terminou dentro do prazo.")
  public static let neverStarted = Bilingual(
    "The job did not start before its deadline.", pt: "O job não começou dentro do prazo.")

  public static func killed(by actor: String) -> Bilingual {
    Bilingual("The job was killed by \(actor).", pt: "O job foi encerrado à força por \(actor).")
  }

  private static let all = [cancelled, cancelledInQueue, cancelledBefore, late, neverStarted]

  /// A kept sentence in another language, where it is one of these; any other as it is.
  public static func shown(_ kept: String, in language: Language) -> String {
    if let known = all.first(where: { ScalarString($0.english) == ScalarString(kept) }) {
      return known[language]
    }
    let (beginning, end) = ("The job was killed by ", ".")
    guard kept.utf8.starts(with: beginning.utf8), kept.utf8.last == end.utf8.first else { return kept }
    return killed(by: String(kept.dropFirst(beginning.count).dropLast()))[language]
  }
}
