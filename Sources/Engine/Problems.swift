internal import Model

// What a node refuses, in one place.
extension Problem {
  static func store(_ error: StoreError) -> Problem {
    Problem(
      "store-unavailable",
      Bilingual("The store does not answer: \(error)", pt: "O armazenamento não responde: \(error)"),
      remedy: Bilingual(
        "Look at the disk and run: esteira doctor", pt: "Verifique o disco e rode: esteira doctor"))
  }

  /// Of a request that came while the store takes nothing.
  static func notTaken(_ error: StoreError) -> Problem {
    switch error {
    case .unavailable, .broken: return .store(error)
    case .full(let reason):
      return Problem(
        "store-full",
        Bilingual(
          "This was not taken, since the store has no room to keep it: \(reason).",
          pt: "Isto não foi aceito, pois o armazenamento não tem espaço para guardar: \(reason)."),
        remedy: Bilingual(
          "Free space on the disk of the data folder and ask again; the server goes on by itself.",
          pt: "Libere espaço no disco da pasta de dados e peça de novo; o servidor continua sozinho."))
    }
  }

  /// Of a request that was under way when the store stopped taking turns.
  static func notYetStored(after limit: Duration) -> Problem {
    let seconds = limit.components.seconds
    return Problem(
      "not-yet-stored",
      Bilingual(
        "Nobody knows yet whether this is taken: the store has not kept it for \(seconds) s.",
        pt: "Ainda não se sabe se isto foi aceito: o armazenamento não o guarda há \(seconds) s."),
      remedy: Bilingual(
        "Free space on the disk of the data folder. Then ask again with the same idempotency key, or look "
          + "whether it happened.",
        pt:
          "Libere espaço no disco da pasta de dados. Depois peça de novo com a mesma chave de idempotência, "
          + "ou veja se aconteceu."))
  }

  static func keyReused(_ key: String) -> Problem {
    Problem(
      "idempotency-key-reused",
      Bilingual(
        "The idempotency key \"\(key)\" belongs to a job that was asked for with other inputs.",
        pt: "A chave de idempotência \"\(key)\" pertence a um job pedido com outras entradas."),
      remedy: Bilingual("Use a new key for a new request.", pt: "Use uma chave nova para um pedido novo."))
  }

  static func noJob(_ id: ID<Job>) -> Problem {
    Problem(
      "no-job", Bilingual("There is no job \(id).", pt: "Não existe o job \(id)."),
      remedy: Bilingual("List them with: esteira job ls", pt: "Liste com: esteira job ls"))
  }

  static func ended(_ id: ID<Job>) -> Problem {
    Problem(
      "job-ended", Bilingual("The job \(id) has ended.", pt: "O job \(id) já terminou."),
      remedy: Bilingual("See how with: esteira job get \(id)", pt: "Veja como com: esteira job get \(id)"))
  }

  static func tooManyLabels(_ id: ID<Job>, _ count: Int) -> Problem {
    let most = JobUpdate.mostLabels
    return Problem(
      "too-many-labels",
      Bilingual(
        "The job \(id) would have \(count) labels; a job has at most \(most).",
        pt: "O job \(id) teria \(count) rótulos; um job tem no máximo \(most)."),
      remedy: Bilingual(
        "Take labels away with: esteira job update \(id) --label NAME=",
        pt: "Tire rótulos com: esteira job update \(id) --label NOME="))
  }

  static func tooManyLabels(_ pipeline: PipelineName, _ count: Int) -> Problem {
    let most = JobUpdate.mostLabels
    return Problem(
      "too-many-labels",
      Bilingual(
        "The job of \(pipeline) would have \(count) labels; a job has at most \(most).",
        pt: "O job de \(pipeline) teria \(count) rótulos; um job tem no máximo \(most)."),
      remedy: Bilingual(
        "Ask for fewer: those of the file's job_labels count, too.",
        pt: "Peça menos: os de job_labels do arquivo também contam."))
  }

  static func live(_ id: ID<Job>) -> Problem {
    Problem(
      "job-live", Bilingual("The job \(id) has not ended.", pt: "O job \(id) ainda não terminou."),
      remedy: Bilingual(
        "Wait for its end, or stop it: esteira job cancel \(id)",
        pt: "Espere o fim, ou pare: esteira job cancel \(id)"))
  }

  static func nothingToRetry(_ id: ID<Job>) -> Problem {
    Problem(
      "nothing-to-retry",
      Bilingual("Nothing of the job \(id) failed.", pt: "Nada do job \(id) falhou."),
      remedy: Bilingual(
        "Run it again as a new job: esteira job rerun \(id)",
        pt: "Rode-o de novo como um job novo: esteira job rerun \(id)"))
  }

  static func notFailed(_ path: String, _ id: ID<Job>, _ failed: [String]) -> Problem {
    let known = failed.prefix(10).joined(separator: ", ")
    return Problem(
      "not-failed",
      Bilingual("The step \(path) of \(id) did not fail.", pt: "O passo \(path) de \(id) não falhou."),
      remedy: Bilingual("These failed: \(known).", pt: "Falharam: \(known)."))
  }

  static func keyLive(_ key: String, _ other: ID<Job>) -> Problem {
    Problem(
      "key-live",
      Bilingual(
        "Another job with the key \"\(key)\" is live: \(other).",
        pt: "Outro job com a chave \"\(key)\" está vivo: \(other)."),
      remedy: Bilingual("Wait for its end.", pt: "Espere o fim dele."))
  }

  static func quarantined(_ id: ID<Job>, _ reason: String) -> Problem {
    Problem(
      "job-quarantined",
      Bilingual(
        "The engine could not drive the job \(id) and left it to a person: \(reason)",
        pt: "O motor não conseguiu conduzir o job \(id) e o deixou para uma pessoa: \(reason)"),
      remedy: Bilingual(
        "End it with: esteira job kill \(id) --reason TEXT",
        pt: "Encerre com: esteira job kill \(id) --reason TEXTO"))
  }

  static func notDriven(_ id: ID<Job>) -> Problem {
    Problem(
      "job-not-driven",
      Bilingual("No node drives the job \(id) now.", pt: "Nenhum nó conduz o job \(id) agora."),
      remedy: Bilingual(
        "Start one with: esteira server --background", pt: "Inicie um com: esteira server --background"))
  }

  static func noStep(_ path: String, _ id: ID<Job>) -> Problem {
    Problem(
      "no-step", Bilingual("The job \(id) has no step \(path).", pt: "O job \(id) não tem o passo \(path)."),
      remedy: Bilingual("List them with: esteira job steps \(id)", pt: "Liste com: esteira job steps \(id)"))
  }

  static func noQuestion(_ path: String, _ id: ID<Job>) -> Problem {
    Problem(
      "no-question",
      Bilingual("The step \(path) asks nothing.", pt: "O passo \(path) não tem pergunta aberta."),
      remedy: Bilingual(
        "See what waits with: esteira job why \(id)", pt: "Veja o que espera com: esteira job why \(id)"))
  }

  static func noWait(_ id: ID<Job>, _ name: String, _ key: String?) -> Problem {
    let (with, com) = key.map { (" with the key \"\($0)\"", " com a chave \"\($0)\"") } ?? ("", "")
    return Problem(
      "no-wait",
      Bilingual(
        "The job \(id) does not wait for the signal \"\(name)\"\(with).",
        pt: "O job \(id) não espera o sinal \"\(name)\"\(com)."),
      remedy: Bilingual(
        "See what it waits for with: esteira job why \(id). What may come before the wait goes to the inbox: "
          + "esteira signal send NAMESPACE/\(name) --key KEY",
        pt: "Veja o que ele espera com: esteira job why \(id). O que pode chegar antes da espera vai para a "
          + "caixa de entrada: esteira signal send NAMESPACE/\(name) --key CHAVE"))
  }

  static func inboxFull(_ namespace: String, _ setting: NodeSetting) -> Problem {
    let mebibytes = setting.inboxBytes >> 20
    return Problem(
      "inbox-full",
      Bilingual(
        "The inbox of \(namespace) is full: \(setting.openSignals) signals or \(mebibytes) MiB not taken.",
        pt:
          "A caixa de entrada de \(namespace) está cheia: \(setting.openSignals) sinais ou "
          + "\(mebibytes) MiB que ninguém pegou."
      ),
      remedy: Bilingual(
        "See them with: esteira signal ls --namespace \(namespace)",
        pt: "Veja-os com: esteira signal ls --namespace \(namespace)"))
  }

  static let badSignalName = Problem(
    "bad-signal-name",
    Bilingual(
      "A signal needs a name; name, key and message id have \(SignalRequest.longestName) bytes at most.",
      pt:
        "Um sinal precisa de nome; nome, chave e id da mensagem têm no máximo "
        + "\(SignalRequest.longestName) bytes."
    ), remedy: Bilingual("Shorten it, or hash it.", pt: "Encurte-o, ou use um hash."))

  static func signalTooLarge(_ count: Int) -> Problem {
    Problem(
      "signal-too-large",
      Bilingual(
        "The payload has \(count) bytes; the most are \(SignalRequest.longestPayload).",
        pt: "O conteúdo tem \(count) bytes; o máximo é \(SignalRequest.longestPayload)."),
      remedy: Bilingual(
        "Store it outside and send its address.", pt: "Guarde-o fora e envie o endereço."))
  }

  static func namespaceKey(_ namespace: String) -> Problem {
    Problem(
      "namespace-key",
      Bilingual(
        "The key of the namespace \(namespace) does not open.",
        pt: "A chave do namespace \(namespace) não abre."),
      remedy: Bilingual("Run: esteira doctor", pt: "Rode: esteira doctor"))
  }

  static func noLateResult(_ path: String, _ id: ID<Job>) -> Problem {
    Problem(
      "no-superseded-result",
      Bilingual("No late result of \(path) is kept.", pt: "Nenhum resultado tardio de \(path) foi guardado."),
      remedy: Bilingual(
        "See the history with: esteira job events \(id)", pt: "Veja o histórico com: esteira job events \(id)"
      ))
  }

  static func stepEnded(_ path: String, _ id: ID<Job>) -> Problem {
    Problem(
      "step-ended",
      Bilingual("The step \(path) has already ended.", pt: "O passo \(path) já terminou."),
      remedy: Bilingual(
        "A late result can be adopted while the step retries or waits for an answer.",
        pt: "Um resultado tardio pode ser adotado enquanto o passo tenta de novo ou espera resposta."))
  }

  static func refused(_ reason: RefusedJob.Reason) -> Problem {
    switch reason {
    case .superseded:
      Problem(
        "not-owner", Bilingual("Another node owns this job.", pt: "Outro nó é dono deste job."))
    case .conflict:
      Problem(
        "conflict",
        Bilingual(
          "The store refused the change: a key exists already.",
          pt: "O armazenamento recusou a mudança: uma chave já existe."))
    case .repeated:
      Problem(
        "conflict",
        Bilingual(
          "The store has another signal with this message id.",
          pt: "O armazenamento já tem outro sinal com este identificador de mensagem."))
    }
  }

  static func paused(_ pause: PauseRecord) -> Problem {
    let end = pause.until.map { (" until \($0.rfc3339)", " até \($0.rfc3339)") } ?? ("", "")
    return Problem(
      "pipeline-paused",
      Bilingual(
        "\(pause.pipeline) is paused by \(pause.by)\(end.0): \(pause.reason)",
        pt: "\(pause.pipeline) está pausado por \(pause.by)\(end.1): \(pause.reason)"),
      remedy: Bilingual(
        "When it may go on: esteira pipeline resume \(pause.pipeline)",
        pt: "Quando puder continuar: esteira pipeline resume \(pause.pipeline)"))
  }

  static func noPipeline(_ name: PipelineName, revision: Int?) -> Problem {
    let which = revision.map { "\(name)@\($0)" } ?? name.description
    return Problem(
      "no-pipeline", Bilingual("There is no pipeline \(which).", pt: "Não existe o pipeline \(which)."),
      remedy: Bilingual(
        "Apply its file with: esteira pipeline apply FILE",
        pt: "Aplique o arquivo com: esteira pipeline apply ARQUIVO"))
  }

  static func damaged(_ id: ID<Job>, _ text: String) -> Problem {
    Problem(
      "history-damaged",
      Bilingual(
        "The history of \(id) cannot be read: \(text)",
        pt: "O histórico de \(id) não pode ser lido: \(text)"),
      remedy: Bilingual("Compare with: esteira job replay \(id)", pt: "Compare com: esteira job replay \(id)")
    )
  }
}
