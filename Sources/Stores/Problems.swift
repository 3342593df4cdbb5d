internal import Model

/// What can be wrong with a data folder and its store, each with its page in `docs/errors/`.
extension Problem {
  static func storeInUse(_ path: String) -> Problem {
    Problem(
      "store-in-use",
      Bilingual(
        "The store \(path) is open in another process.",
        pt: "O armazenamento \(path) está aberto em outro processo."),
      remedy: Bilingual(
        "Stop the other process, or use another data folder.",
        pt: "Pare o outro processo ou use outra pasta de dados."))
  }

  static func storeTooNew(_ path: String, version: Int64, newest: Int64) -> Problem {
    Problem(
      "store-too-new",
      Bilingual(
        "The store \(path) has schema \(version); this program knows schemas up to \(newest).",
        pt: "O armazenamento \(path) tem o esquema \(version); este programa conhece esquemas até \(newest)."),
      remedy: Bilingual(
        "Install the version of Esteira that wrote it, or a newer one.",
        pt: "Instale a versão do Esteira que o gravou, ou uma mais nova."))
  }

  static func storeUnreadable(_ path: String, _ reason: String) -> Problem {
    Problem(
      "store-unreadable",
      Bilingual(
        "The store \(path) cannot be opened: \(reason)",
        pt: "O armazenamento \(path) não pode ser aberto: \(reason)"),
      remedy: Bilingual(
        "Check the disk and the owner of the file; restore a backup if it is damaged.",
        pt: "Verifique o disco e o dono do arquivo; restaure um backup se ele estiver danificado."))
  }
}
