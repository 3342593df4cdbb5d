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
        pt: "O armazenamento \(path) tem o esquema \(version); este programa conhece até o \(newest)."),
      remedy: Bilingual(
        "Install the version of Esteira that wrote it, or a newer one.",
        pt: "Instale a versão do Esteira que o gravou, ou uma mais nova."))
  }

  static func storeMismatch(_ path: String, _ version: Int64, _ name: String) -> Problem {
    Problem(
      "store-mismatch",
      Bilingual(
        "The store \(path) was made with another migration \(version) (\(name)) than this program has.",
        pt: "O armazenamento \(path) foi feito com outra migração \(version) (\(name)) que este programa."),
      remedy: Bilingual(
        "Use the build of Esteira that made it, or restore a backup.",
        pt: "Use a compilação do Esteira que o criou, ou restaure um backup."))
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

  static func dataFolder(_ path: String, _ reason: String) -> Problem {
    Problem(
      "data-folder",
      Bilingual(
        "The data folder \(path) cannot be used: \(reason).",
        pt: "A pasta de dados \(path) não pode ser usada: \(reason)."),
      remedy: Bilingual(
        "Check its owner and its permissions, or name another with --data.",
        pt: "Verifique o dono e as permissões, ou indique outra com --data."))
  }

  static func alreadyRunning(_ path: String, process: Int32?) -> Problem {
    let (english, portuguese) =
      process.map { ("process \($0)", "o processo \($0)") } ?? ("a process", "um processo")
    return Problem(
      "already-running",
      Bilingual(
        "In the data folder \(path) \(english) runs already.",
        pt: "Na pasta de dados \(path) \(portuguese) já está em execução."),
      remedy: Bilingual(
        "Use the running server, stop it, or name another folder with --data.",
        pt: "Use o servidor em execução, pare-o ou indique outra pasta com --data."))
  }

  static func masterKeyWrong(_ path: String) -> Problem {
    Problem(
      "master-key-wrong",
      Bilingual(
        "The key \(path) does not open the store beside it.",
        pt: "A chave \(path) não abre o armazenamento ao lado dela."),
      remedy: Bilingual(
        "Put back the key that was made with this store.",
        pt: "Recoloque a chave que foi criada com este armazenamento."))
  }

  static func masterKeyMissing(_ path: String) -> Problem {
    Problem(
      "master-key-missing",
      Bilingual(
        "The key \(path) is missing, and the store beside it was made with one.",
        pt: "Falta a chave \(path), e o armazenamento ao lado dela foi criado com uma."),
      remedy: Bilingual(
        "Put back the key from its backup; without it the stored data cannot be read.",
        pt: "Recoloque a chave a partir do backup; sem ela os dados gravados não podem ser lidos."))
  }

  static func masterKeyExposed(_ path: String) -> Problem {
    Problem(
      "master-key-exposed",
      Bilingual(
        "The key \(path) can be read by others than its owner.",
        pt: "A chave \(path) pode ser lida por outros além do dono."),
      remedy: Bilingual("Run chmod 600 on it.", pt: "Execute chmod 600 nela."))
  }

  static func noStore(_ path: String) -> Problem {
    Problem(
      "no-store",
      Bilingual(
        "The data folder \(path) has no store yet.",
        pt: "A pasta de dados \(path) ainda não tem armazenamento."),
      remedy: Bilingual(
        "Start a server or run a pipeline first.", pt: "Inicie um servidor ou execute um pipeline antes."))
  }
}
