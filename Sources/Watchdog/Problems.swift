public import Model

// What a caller of the watcher did wrong.
extension Problem {
  static func badHeartbeat(_ name: String) -> Problem {
    Problem(
      "invalid-name",
      Bilingual(
        "\"\(name)\" is no name of a heartbeat.", pt: "\"\(name)\" não é um nome de sinal de vida."),
      remedy: Bilingual(
        "Use letters, digits and . _ - /, a letter or digit first, at most \(Heartbeat.longestName).",
        pt: "Use letras, dígitos e . _ - /, começando por letra ou dígito, no máximo "
          + "\(Heartbeat.longestName)."))
  }

  static func badInterval(_ interval: Duration) -> Problem {
    Problem(
      "bad-interval",
      Bilingual(
        "\(interval.text) is no time in which a ping can be expected.",
        pt: "\(interval.text) não é um tempo em que se possa esperar um sinal."),
      remedy: Bilingual("Give 1s to 366d.", pt: "Indique de 1s a 366d."))
  }

  static func longMessage(_ limit: Int) -> Problem {
    Problem(
      "message-too-long",
      Bilingual(
        "A message has at most \(limit) characters.", pt: "Uma mensagem tem no máximo \(limit) caracteres."))
  }

  static let tooManyHeartbeats = Problem(
    "too-many-heartbeats",
    Bilingual(
      "There are \(Heartbeat.limit) heartbeats already.",
      pt: "Já existem \(Heartbeat.limit) sinais de vida."),
    remedy: Bilingual(
      "Forget one with `esteira expect forget NAME`.", pt: "Esqueça um com `esteira expect forget NOME`."))

  static func noHeartbeat(_ name: String) -> Problem {
    Problem(
      "no-heartbeat",
      Bilingual("There is no heartbeat \(name).", pt: "Não existe o sinal de vida \(name)."),
      remedy: Bilingual("`esteira expect ls` names them.", pt: "`esteira expect ls` mostra os nomes."))
  }

  static func configuredHeartbeat(_ name: String) -> Problem {
    Problem(
      "configured-heartbeat",
      Bilingual(
        "The heartbeat \(name) is expected by esteira.yaml.",
        pt: "O sinal de vida \(name) é esperado pelo esteira.yaml."),
      remedy: Bilingual("Take it out of the file.", pt: "Tire-o do arquivo."))
  }

  public static func noAlert(_ id: String) -> Problem {
    Problem(
      "no-alert",
      Bilingual("There is no such open alert: \(id).", pt: "Não existe esse alerta aberto: \(id)."),
      remedy: Bilingual("`esteira alert ls` lists them.", pt: "`esteira alert ls` mostra os alertas."))
  }

  static func ambiguousAlert(_ prefix: String) -> Problem {
    Problem(
      "ambiguous-alert",
      Bilingual("\(prefix) begins more than one id.", pt: "\(prefix) começa mais de um id."),
      remedy: Bilingual("Write more of it.", pt: "Escreva mais caracteres."))
  }

  static let badMute = Problem(
    "bad-mute",
    Bilingual("A mute names what it is about.", pt: "Um silêncio diz de que se trata."),
    remedy: Bilingual(
      "Give a pipeline, a pattern such as demo/*, or \"heartbeat NAME\".",
      pt: "Indique um pipeline, um padrão como demo/*, ou \"heartbeat NOME\"."))

  static func longMute(_ until: Timestamp) -> Problem {
    Problem(
      "bad-mute",
      Bilingual(
        "A mute ends within 30 days, and not at \(until.rfc3339).",
        pt: "Um silêncio acaba em até 30 dias, e não em \(until.rfc3339)."),
      remedy: Bilingual(
        "What nobody shall hear of for longer needs no expectation.",
        pt: "O que ninguém deve ouvir por mais tempo não precisa de expectativa."))
  }

  static let noReason = Problem(
    "bad-mute",
    Bilingual(
      "A mute needs a reason of at most \(Alert.longestNote) characters.",
      pt: "Um silêncio precisa de um motivo de no máximo \(Alert.longestNote) caracteres."),
    remedy: Bilingual("Say it with --reason.", pt: "Diga-o com --reason."))

  static let tooManyMutes = Problem(
    "bad-mute",
    Bilingual("There are \(Mute.limit) mutes already.", pt: "Já existem \(Mute.limit) silêncios."),
    remedy: Bilingual(
      "End some with `esteira alert unmute`.", pt: "Encerre alguns com `esteira alert unmute`."))

  static func noMute(_ pattern: String) -> Problem {
    Problem(
      "no-mute", Bilingual("\(pattern) is not muted.", pt: "\(pattern) não está silenciado."),
      remedy: Bilingual("`esteira alert mutes` lists them.", pt: "`esteira alert mutes` mostra os silêncios.")
    )
  }

  static func watchStore(_ reason: String) -> Problem {
    Problem(
      "watch-store",
      Bilingual(
        "The watcher's file cannot be used: \(reason)", pt: "O arquivo do vigia não pode ser usado: \(reason)"
      ),
      remedy: Bilingual(
        "Free some space, or look at watch.db in the data folder.",
        pt: "Libere espaço, ou verifique o watch.db na pasta de dados."))
  }
}
