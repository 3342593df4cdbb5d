/// How a cue stands in its sentence.
enum Standing {
  case stated
  /// Denied, or no more than possible.
  case denied
  /// It was, and an authority took it back.
  case undone

  /// Looks at the words around those from `start` until `end`, within the sentence.
  init(of start: Int, to end: Int, in text: ScalarText) {
    let sentence = text.sentence(of: text.words[start].range.lowerBound)
    let before = Self.keys(start - Self.reach..<start, text, sentence)
    let after = Self.keys(end..<end + Self.reachBehind, text, sentence)
    if Self.isUndone(before, after) {
      self = .undone
    } else if before.suffix(Self.closeBy).contains(where: Self.denials.contains)
      || Self.isPossible(before, after)
    {
      self = .denied
    } else {
      self = .stated
    }
  }

  private static let reach = 6
  private static let reachBehind = 24
  private static let closeBy = 4

  private static func keys(_ range: Range<Int>, _ text: ScalarText, _ sentence: Int) -> [String] {
    let range = range.clamped(to: 0..<text.words.count)
    return text.words[range].filter { text.sentence(of: $0.range.lowerBound) == sentence }.map(\.key)
  }

  private static func isUndone(_ before: [String], _ after: [String]) -> Bool {
    if before.suffix(closeBy).contains(where: undoing.contains) { return true }
    return zip(after, after.dropFirst()).contains { auxiliaries.contains($0) && undoneWords.contains($1) }
  }

  private static func isPossible(_ before: [String], _ after: [String]) -> Bool {
    before.contains(where: possibilities.contains) || after.starts(with: ["diaria"])
      || zip(after, after.dropFirst(2)).contains { $0 == "em" && $1 == "de" }
        && after.contains("descumprimento")
  }

  private static let denials: Set<String> = [
    "nao", "sem", "nem", "nunca", "jamais", "inexistencia", "isenta", "isento", "livre", "descarta",
    "descartou",
    "ausencia", "nenhum", "nenhuma",
  ]
  private static let possibilities: Set<String> = [
    "pena", "pode", "podem", "podera", "poderao", "poderia", "sujeita", "sujeitas", "sujeito", "sujeitos",
    "risco",
    "preve", "previstas", "prevista", "evitar", "prevenir", "ameaca", "eventual", "eventuais", "simulado",
  ]
  private static let undoing: Set<String> = [
    "anula", "anulou", "cancela", "cancelou", "suspende", "suspendeu", "afasta", "afastou", "revoga",
    "revogou",
    "derruba", "derrubou", "anulacao", "cancelamento", "extingue", "extinguiu", "anulada", "converte",
    "converteu",
  ]
  private static let auxiliaries: Set<String> = [
    "foi", "foram", "sera", "serao", "fica", "ficou", "e", "sao",
  ]
  private static let undoneWords: Set<String> = [
    "anulada", "anuladas", "anulado", "cancelada", "canceladas", "cancelado", "suspensa", "suspensas",
    "suspenso",
    "afastada", "afastadas", "revogada", "revogadas", "revogado", "extinta", "derrubada", "convertida",
  ]
}
