import API
import Model

/// `alert ls`
enum AlertList {
  static let spec = CommandSpec(
    "alert ls", Bilingual("lists alerts, newest first", pt: "lista alertas, os mais novos primeiro"),
    flags: [
      FlagSpec(
        "--state", value: "STATE",
        Bilingual("open (the usual), resolved or all", pt: "open (o usual), resolved ou all")),
      FlagSpec("--limit", value: "N", Bilingual("at most so many", pt: "no máximo tantos")),
    ],
    examples: [
      .init("esteira alert ls", Bilingual("what is wrong now", pt: "o que está errado agora"))
    ],
    run: { call in
      let (state, limit) = (call.value("--state"), try call.integer("--limit", in: 1...10_000) ?? 50)
      let items = try await call.withClient(.reading) { client in
        try await client.items(limit: limit) { cursor, count in
          try await client.call(WatchCalls.alerts, AlertQuery(state: state, cursor: cursor, limit: count))
        }
      }
      let words = AlertWords(call: call)
      var listing = Listing(
        columns: [
          Bilingual("ID", pt: "ID"), Bilingual("STATE", pt: "ESTADO"), Bilingual("SINCE", pt: "DESDE"),
          Bilingual("ALERT", pt: "ALERTA"), Bilingual("WHY", pt: "POR QUÊ"),
        ], empty: Bilingual("There are no such alerts.", pt: "Não há alertas assim."))
      listing.rows = items.map { item in
        Listing.Row(
          cells: [
            String(item.id.prefix(18)), words.state(item), words.time(item.firstAt), item.key.printable,
            item.message.printable,
          ], json: item.json, id: item.id)
      }
      call.show(listing)
      return .done
    })
}

/// `alert get ID`
enum AlertGet {
  static let spec = CommandSpec(
    "alert get",
    Bilingual("shows an alert and what was told of it", pt: "mostra um alerta e o que foi avisado"),
    arguments: [.alert],
    examples: [
      .init(
        "esteira alert get 019a0c40",
        Bilingual("the beginning of its id is enough", pt: "basta o começo do id"))
    ],
    run: { call in
      let path = AlertPath(id: call.arguments[0])
      let item = try await call.withClient(.reading) { try await $0.call(WatchCalls.alert, path) }
      call.show(AlertWords(call: call).lines(item).map(\.printable), json: item.json, id: item.id)
      return .done
    })
}

/// `alert ack ID`
enum AlertAcknowledge {
  static let spec = CommandSpec(
    "alert ack",
    Bilingual(
      "says that you see to an alert: no reminders, no escalation",
      pt: "avisa que você cuida de um alerta: sem lembretes, sem escalar"),
    arguments: [.alert],
    flags: [FlagSpec("--note", value: "TEXT", Bilingual("for the others", pt: "para os outros"))],
    examples: [
      .init(
        "esteira alert ack 019a0c40 --note \"the source is down, they know\"",
        Bilingual("the alert stays until it is well", pt: "o alerta fica até estar tudo bem"))
    ],
    run: { call in
      let request = AcknowledgeRequest(id: call.arguments[0], note: call.value("--note"))
      let item = try await call.withClient(.writing) { try await $0.call(WatchCalls.acknowledge, request) }
      call.show(
        ["\(item.key.printable): \(AlertWords(call: call).state(item))"], json: item.json, id: item.id)
      return .done
    })
}

/// `alert mutes`, `alert mute PATTERN`, `alert unmute PATTERN`
enum AlertMutes {
  static let list = CommandSpec(
    "alert mutes", Bilingual("lists what nobody is told of", pt: "lista o que não é avisado a ninguém"),
    examples: [
      .init(
        "esteira alert mutes", Bilingual("by whom, why and until when", pt: "por quem, por quê e até quando"))
    ],
    run: { call in
      let page = try await call.withClient(.reading) { try await $0.call(WatchCalls.mutes, Nothing()) }
      var listing = Listing(
        columns: [
          Bilingual("MUTED", pt: "SILENCIADO"), Bilingual("UNTIL", pt: "ATÉ"), Bilingual("BY", pt: "POR"),
          Bilingual("REASON", pt: "MOTIVO"),
        ], empty: Bilingual("Nothing is muted.", pt: "Nada está silenciado."))
      listing.rows = page.items.map { item in
        Listing.Row(
          cells: [
            item.pattern.printable, Words(language: call.language).time(item.until), item.by ?? "-",
            item.reason.printable,
          ], json: item.json, id: item.pattern)
      }
      call.show(listing)
      return .done
    })

  static let mute = CommandSpec(
    "alert mute",
    Bilingual(
      "tells nobody of what a pattern names, for a time",
      pt: "não avisa ninguém sobre o que um padrão indica, por um tempo"),
    arguments: [.muted],
    flags: [
      FlagSpec(
        "--for", value: "2h",
        Bilingual("so long, at most 30d (required)", pt: "esse tempo, no máximo 30d (obrigatório)")),
      FlagSpec(
        "--reason", value: "TEXT",
        Bilingual("for the others (required)", pt: "para os outros (obrigatório)")),
    ],
    examples: [
      .init(
        "esteira alert mute 'mitrarr/*' --for 2h --reason \"the site moves\"",
        Bilingual("it is watched all the same", pt: "a vigilância continua"))
    ],
    run: { call in
      guard let duration = try call.duration("--for") else {
        throw UsageError(
          Bilingual("A mute needs --for.", pt: "Um silêncio precisa de --for."),
          remedy: Bilingual("Say how long, such as --for 2h.", pt: "Diga por quanto tempo, como --for 2h."))
      }
      guard let reason = call.value("--reason"), !reason.isEmpty else {
        throw UsageError(
          Bilingual("A mute needs --reason.", pt: "Um silêncio precisa de --reason."),
          remedy: Bilingual(
            "Say why, for those who find it muted.", pt: "Diga por quê, para quem o encontrar silenciado."))
      }
      let item = MuteItem(
        pattern: call.arguments[0], reason: reason, until: call.bench.now() + duration)
      let made = try await call.withClient(.writing) { try await $0.call(WatchCalls.mute, item) }
      let end = Words(language: call.language).time(made.until)
      let until = Bilingual("muted until \(end)", pt: "silenciado até \(end)")
      call.show(["\(made.pattern.printable): \(call.text(until))"], json: made.json, id: made.pattern)
      return .done
    })

  static let unmute = CommandSpec(
    "alert unmute", Bilingual("ends a mute", pt: "encerra um silêncio"), arguments: [.muted],
    examples: [
      .init(
        "esteira alert unmute 'mitrarr/*'",
        Bilingual("what fires meanwhile is told at once", pt: "o que dispara é avisado já"))
    ],
    run: { call in
      let request = PatternRequest(pattern: call.arguments[0])
      let item = try await call.withClient(.writing) { try await $0.call(WatchCalls.unmute, request) }
      call.show(
        ["\(item.pattern.printable): \(call.text(Bilingual("told again", pt: "avisado de novo")))"],
        json: item.json, id: item.pattern)
      return .done
    })
}

extension ArgumentSpec {
  fileprivate static let alert = ArgumentSpec(
    "ID", Bilingual("an alert, or the beginning of its id", pt: "um alerta, ou o começo do id"))
  fileprivate static let muted = ArgumentSpec(
    "PATTERN",
    Bilingual(
      "a pipeline, a pattern such as demo/*, or \"heartbeat NAME\"",
      pt: "um pipeline, um padrão como demo/*, ou \"heartbeat NOME\""))
}

/// Alerts in a person's words.
struct AlertWords {
  let call: Invocation

  func time(_ time: Timestamp) -> String { Words(language: call.language).time(time) }

  func state(_ item: AlertItem) -> String {
    let state: Bilingual
    switch item.state {
    case "firing": state = Bilingual("FIRING", pt: "DISPARADO")
    case "acknowledged":
      let by = item.acknowledgedBy ?? ""
      state = Bilingual("acknowledged by \(by)", pt: "reconhecido por \(by)")
    case _: state = Bilingual("resolved", pt: "resolvido")
    }
    guard item.mutedUntil != nil else { return call.text(state) }
    return call.text(state) + " " + call.text(Bilingual("(muted)", pt: "(silenciado)"))
  }

  func lines(_ item: AlertItem) -> [String] {
    var lines = [
      "\(item.key)  \(state(item))", "  \(item.message)",
      call.text(Bilingual("  since \(time(item.firstAt))", pt: "  desde \(time(item.firstAt))")),
    ]
    if item.count > 1 {
      lines.append(call.text(Bilingual("  came \(item.count) times", pt: "  veio \(item.count) vezes")))
    }
    if let resolved = item.resolvedAt {
      lines.append(
        call.text(Bilingual("  resolved \(time(resolved))", pt: "  resolvido \(time(resolved))")))
    }
    if let note = item.note { lines.append("  \(note)") }
    for notice in item.notices {
      let to = notice.to.isEmpty ? "" : " -> " + notice.to.joined(separator: ", ")
      lines.append("  \(time(notice.at))  \(kind(notice.kind))\(to)  \(told(notice))")
    }
    return lines
  }

  private func kind(_ word: String) -> String {
    switch word {
    case "firing": call.text(Bilingual("told", pt: "avisado"))
    case "reminder": call.text(Bilingual("reminded", pt: "lembrado"))
    case "escalated": call.text(Bilingual("escalated", pt: "escalado"))
    case "acknowledged": call.text(Bilingual("acknowledged", pt: "reconhecido"))
    case _: call.text(Bilingual("resolved", pt: "resolvido"))
    }
  }

  private func told(_ notice: NoticeItem) -> String {
    let state: Bilingual
    switch notice.state {
    case "sent": state = Bilingual("sent", pt: "enviado")
    case "logged": state = Bilingual("in the server's log", pt: "no log do servidor")
    case "given_up": state = Bilingual("given up", pt: "desistiu-se")
    case _: state = Bilingual("waits", pt: "espera")
    }
    return call.text(state) + (notice.error.map { ": \($0)" } ?? "")
  }
}
