import Model

/// Of what changes many jobs at once: whoever asks says how many he expects, as a dry run told him.
enum ExpectedCount {
  static func missing(_ count: Int) -> Problem {
    Problem(
      "precondition-required",
      Bilingual(
        "Say how many jobs you expect; now there are \(count).",
        pt: "Diga quantos jobs você espera; agora são \(count)."),
      remedy: Bilingual(
        "Ask with dry_run, then send its count as expected.",
        pt: "Pergunte com dry_run e envie a contagem em expected."))
  }

  /// `hint`: how a next count may be the same, after a space.
  static func changed(
    _ expected: Int, _ count: Int, hint: Bilingual = Bilingual("", pt: "")
  ) -> Problem {
    Problem(
      "count-changed",
      Bilingual(
        "You expect \(expected) jobs, and there are \(count) now; nothing was done.",
        pt: "Você espera \(expected) jobs, e agora são \(count); nada foi feito."),
      remedy: Bilingual(
        "Ask with dry_run again.\(hint.english)", pt: "Pergunte com dry_run de novo.\(hint.portuguese)"))
  }
}
