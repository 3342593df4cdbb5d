internal import Model

extension Problem {
  static func tooManySubjects(_ count: Int) -> Problem {
    let most = Subject.mostOfJob
    return Problem(
      "too-many-subjects",
      Bilingual(
        "The inputs that are marked as personal hold \(count) values; a job has at most \(most).",
        pt: "As entradas marcadas como pessoais têm \(count) valores; um job tem no máximo \(most)."),
      remedy: Bilingual(
        "Start a job for each part, or mark only what identifies a person.",
        pt: "Inicie um job por parte, ou marque só o que identifica uma pessoa."))
  }

  static func subjectKey(_ namespace: String) -> Problem {
    Problem(
      "not-authentic",
      Bilingual(
        "The key of subjects of the namespace \(namespace) does not open: it was changed, or sealed under "
          + "another key.",
        pt: "A chave de titulares do espaço \(namespace) não abre: foi alterada, ou selada com "
          + "outra chave."),
      remedy: Bilingual("Restore it from a backup.", pt: "Restaure de um backup."))
  }

  static func subjectLive(_ count: Int) -> Problem {
    Problem(
      "subject-live",
      Bilingual(
        "Of the jobs about this person \(count) have not ended; nothing was erased.",
        pt: "Dos jobs sobre esta pessoa, \(count) não terminaram; nada foi apagado."),
      remedy: Bilingual(
        "Cancel them or wait for their end: `esteira privacy find` names them.",
        pt: "Cancele-os ou espere o fim: `esteira privacy find` mostra quais são."))
  }
}
