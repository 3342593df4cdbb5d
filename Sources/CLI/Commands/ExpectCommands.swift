import API
import Model

/// `expect ls`
enum ExpectList {
  static let spec = CommandSpec(
    "expect ls",
    Bilingual("lists what is watched and what is late", pt: "lista o que é vigiado e o que está atrasado"),
    flags: [
      FlagSpec("--late", Bilingual("only what is late", pt: "só o que está atrasado"))
    ],
    examples: [
      .init(
        "esteira expect ls --late",
        Bilingual("exit 1 where something is late", pt: "saída 1 se algo está atrasado"))
    ],
    run: { call in
      let query = NamespaceQuery(namespace: call.namespace)
      let page = try await call.withClient(.reading) { try await $0.call(WatchCalls.expectations, query) }
      let items = page.items.filter { !call.has("--late") || $0.state == "late" }
      let words = WatchWords(call: call)
      var listing = Listing(
        columns: [
          Bilingual("SUBJECT", pt: "ALVO"), Bilingual("EXPECTED", pt: "ESPERADO"),
          Bilingual("STATE", pt: "ESTADO"), Bilingual("DEADLINE", pt: "PRAZO"),
          Bilingual("WHY", pt: "POR QUÊ"),
        ],
        empty: call.has("--late")
          ? Bilingual("Nothing is late.", pt: "Nada está atrasado.")
          : Bilingual("Nothing is watched.", pt: "Nada é vigiado."))
      listing.rows = items.map { item in
        Listing.Row(
          cells: [
            item.subject.printable, words.rule(item).printable, words.state(item),
            Words(language: call.language).time(item.deadline), item.message.printable,
          ], json: item.json, id: "\(item.subject) \(item.rule)")
      }
      call.show(listing)
      return call.has("--late") && !items.isEmpty ? .failure : .done
    })
}

/// `expect forget NAME`
enum ExpectForget {
  static let spec = CommandSpec(
    "expect forget",
    Bilingual("expects no more of a heartbeat", pt: "não espera mais nada de um sinal de vida"),
    arguments: [.heartbeat],
    examples: [
      .init(
        "esteira expect forget nightly-rsync",
        Bilingual("its alert is resolved", pt: "o alerta dele é resolvido"))
    ],
    run: { call in
      let path = NameOnly(name: call.arguments[0])
      let item = try await call.withClient(.writing) { try await $0.call(WatchCalls.forget, path) }
      call.show(
        ["\(item.name): " + call.text(Bilingual("forgotten", pt: "esquecido"))], json: item.json,
        id: item.name)
      return .done
    })
}

/// `ping NAME`
enum PingCommand {
  static let spec = CommandSpec(
    "ping",
    Bilingual(
      "says that something outside lives, or that it has failed",
      pt: "avisa que algo de fora está vivo, ou que falhou"),
    arguments: [.heartbeat],
    flags: [
      FlagSpec(
        "--fail",
        Bilingual("it has failed: people are told at once", pt: "falhou: as pessoas são avisadas já")),
      FlagSpec("--message", value: "TEXT", Bilingual("what happened", pt: "o que aconteceu")),
      FlagSpec(
        "--duration", value: "90s", Bilingual("how long the work took", pt: "quanto tempo o trabalho levou")),
      FlagSpec(
        "--every", value: "1d",
        Bilingual(
          "from now on a ping is expected so often",
          pt: "a partir de agora espera-se um sinal a cada tempo")),
      FlagSpec("--grace", value: "1h", Bilingual("so much later is in time", pt: "esse atraso é aceito")),
    ],
    examples: [
      .init(
        "esteira ping nightly-rsync --every 1d --grace 2h",
        Bilingual("as the last line of a script", pt: "como última linha de um script")),
      .init(
        "esteira ping nightly-rsync --fail --message \"disk full\"",
        Bilingual("an alert until the next good ping", pt: "um alerta até o próximo sinal bom")),
    ],
    run: { call in
      let request = PingRequest(
        name: call.arguments[0], hasFailed: call.has("--fail"), message: call.value("--message"),
        took: try call.duration("--duration")?.text, every: try call.duration("--every")?.text,
        grace: try call.duration("--grace")?.text)
      let item = try await call.withClient(.writing) { try await $0.call(WatchCalls.ping, request) }
      if !call.isQuiet || call.format != .table {
        call.show([WatchWords(call: call).heartbeat(item)], json: item.json, id: item.name)
      }
      return .done
    })
}

extension ArgumentSpec {
  fileprivate static let heartbeat = ArgumentSpec(
    "NAME",
    Bilingual("a heartbeat, such as nightly-rsync", pt: "um sinal de vida, como nightly-rsync"))
}

/// What is watched, in a person's words.
struct WatchWords {
  let call: Invocation

  func rule(_ item: ExpectationItem) -> String {
    item.wanted.isEmpty ? item.rule : "\(item.rule) \(item.wanted)"
  }

  func state(_ item: ExpectationItem) -> String {
    let state: String
    switch item.state {
    case "late": state = call.text(Bilingual("LATE", pt: "ATRASADO"))
    case "learning": state = call.text(Bilingual("learning", pt: "aprendendo"))
    case _: state = "ok"
    }
    guard item.mutedUntil != nil else { return state }
    return state + " " + call.text(Bilingual("(muted)", pt: "(silenciado)"))
  }

  func heartbeat(_ item: HeartbeatItem) -> String {
    guard let every = item.every else {
      return "\(item.name): "
        + call.text(
          Bilingual(
            "noted; nothing is expected of it (give --every)",
            pt: "anotado; nada é esperado dele (use --every)"))
    }
    let next = Words(language: call.language).time(item.deadline)
    return "\(item.name): "
      + call.text(
        Bilingual(
          "expected every \(every), the next by \(next)",
          pt: "esperado a cada \(every), o próximo até \(next)"))
  }
}
