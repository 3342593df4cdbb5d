internal import Model

/// What can be wrong with a backup, each with its page in `docs/errors/`.
extension Problem {
  static func backupTarget(_ path: String) -> Problem {
    Problem(
      "backup-target",
      Bilingual(
        "The folder \(path) lies in the data folder itself.",
        pt: "A pasta \(path) fica dentro da própria pasta de dados."),
      remedy: Bilingual(
        "Name a folder elsewhere with --to, best on another disk.",
        pt: "Indique outra pasta com --to, de preferência em outro disco."))
  }

  static func backupFailed(_ path: String, _ reason: String) -> Problem {
    Problem(
      "backup-failed",
      Bilingual("Copying to \(path) failed: \(reason).", pt: "A cópia para \(path) falhou: \(reason)."),
      remedy: Bilingual(
        "Check its disk and its permissions; nothing half made is left there.",
        pt: "Verifique o disco e as permissões; nada pela metade fica lá."))
  }

  static func backupUnreadable(_ path: String, _ reason: String) -> Problem {
    Problem(
      "backup-unreadable",
      Bilingual("\(path) is no backup: \(reason).", pt: "\(path) não é um backup: \(reason)."),
      remedy: Bilingual(
        "List them with: esteira backup ls --to DIR", pt: "Liste com: esteira backup ls --to DIR")
    )
  }

  static func backupDamaged(_ path: String, _ file: String) -> Problem {
    Problem(
      "backup-damaged",
      Bilingual(
        "The file \(file) of the backup \(path) is not as it was written.",
        pt: "O arquivo \(file) do backup \(path) não está como foi gravado."),
      remedy: Bilingual(
        "Restore another backup; see all faults with: esteira backup verify",
        pt: "Restaure outro backup; veja todas as falhas com: esteira backup verify"))
  }

  static func restoreTarget(_ path: String) -> Problem {
    Problem(
      "restore-target",
      Bilingual(
        "The folder \(path) is not empty, so nothing is restored into it.",
        pt: "A pasta \(path) não está vazia, então nada é restaurado nela."),
      remedy: Bilingual(
        "Name a folder that does not exist yet with --to.",
        pt: "Indique com --to uma pasta que ainda não existe.")
    )
  }
}
