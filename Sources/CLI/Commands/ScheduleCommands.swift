import API
import Model

extension ArgumentSpec {
  static let schedule = ArgumentSpec(
    "SCHEDULE",
    Bilingual(
      "namespace/pipeline/trigger; the trigger may be left out where there is one schedule",
      pt: "espaço/pipeline/gatilho; o gatilho pode faltar se só houver um agendamento"))
}

/// `schedule ls`
enum ScheduleList {
  static let spec = CommandSpec(
    "schedule ls", Bilingual("lists the schedules", pt: "lista os agendamentos"),
    flags: [.sort(SchedulesQuery.schema)],
    examples: [
      .init(
        "esteira schedule ls -n atlasreg",
        Bilingual("when each was and will be due", pt: "quando cada um venceu e vencerá"))
    ],
    run: { call in
      let sort = try call.sort(SchedulesQuery.schema)
      let items = try await call.withClient(.reading) { client in
        try await client.items(limit: 10_000) { cursor, limit in
          try await client.call(
            ScheduleCalls.list,
            SchedulesQuery(namespace: call.namespace, sort: sort, limit: limit, cursor: cursor))
        }
      }
      var listing = Listing(
        columns: [
          Bilingual("SCHEDULE", pt: "AGENDAMENTO"), Bilingual("CRON", pt: "CRON"),
          Bilingual("LAST", pt: "ÚLTIMO"), Bilingual("NEXT", pt: "PRÓXIMO"),
          Bilingual("MISSED", pt: "PERDIDOS"), Bilingual("STATE", pt: "ESTADO"),
        ], empty: Bilingual("There are no schedules.", pt: "Não há agendamentos."))
      let words = ScheduleWords(call: call)
      listing.rows = items.map { item in
        Listing.Row(
          cells: [
            "\(item.pipeline)/\(item.name)", item.cron.printable, words.moment(item.lastAt, item),
            words.moment(item.nextAt, item), String(item.missed), words.state(item),
          ], json: item.json, id: item.id.replacing("~", with: "/"))
      }
      call.show(listing)
      return .done
    })
}

/// `schedule get SCHEDULE`
enum ScheduleGet {
  static let spec = CommandSpec(
    "schedule get", Bilingual("shows a schedule", pt: "mostra um agendamento"), arguments: [.schedule],
    examples: [
      .init(
        "esteira schedule get atlasreg/daily-ingest",
        Bilingual(
          "its line, zone, policies and next due time", pt: "linha, fuso, políticas e próximo vencimento"))
    ],
    run: { call in
      let path = SchedulePath(id: try call.schedule(call.arguments[0]))
      let item = try await call.withClient(.reading) { try await $0.call(ScheduleCalls.get, path) }
      call.showSchedule(item)
      return .done
    })
}

/// `schedule pause SCHEDULE`
enum SchedulePause {
  static let spec = CommandSpec(
    "schedule pause",
    Bilingual(
      "lets the due times of a schedule be missed", pt: "deixa passar os vencimentos de um agendamento"),
    arguments: [.schedule],
    flags: [
      FlagSpec(
        "--reason", value: "TEXT",
        Bilingual(
          "for those who find it paused (required)", pt: "para quem o encontrar pausado (obrigatório)")),
      FlagSpec(
        "--until", value: "TIME",
        Bilingual(
          "when it ends by itself: a time, or a duration from now such as 2h",
          pt: "quando acaba por si: uma hora, ou uma duração a partir de agora, como 2h")),
    ],
    examples: [
      .init(
        "esteira schedule pause demo/hello --reason \"the site is down\" --until 2h",
        Bilingual("each due time has a row that says so", pt: "cada vencimento tem uma linha que diz isso"))
    ],
    run: { call in
      guard let reason = call.value("--reason"), !reason.isEmpty else {
        throw UsageError(
          Bilingual("A pause needs --reason.", pt: "Uma pausa precisa de --reason."),
          remedy: Bilingual(
            "Say why, for those who find it paused.", pt: "Diga por quê, para quem o encontrar pausado."))
      }
      let request = SchedulePauseRequest(
        id: try call.schedule(call.arguments[0]), reason: reason, until: try call.coming("--until"))
      let item = try await call.withClient(.writing) { try await $0.call(ScheduleCalls.pause, request) }
      call.showState(item)
      return .done
    })
}

/// `schedule resume SCHEDULE`
enum ScheduleResume {
  static let spec = CommandSpec(
    "schedule resume", Bilingual("ends the pause of a schedule", pt: "encerra a pausa de um agendamento"),
    arguments: [.schedule],
    flags: [
      FlagSpec(
        "--catch-up",
        Bilingual(
          "makes up for what was missed meanwhile, as far as its catch_up goes",
          pt: "recupera o que foi perdido nesse tempo, até onde vai o catch_up"))
    ],
    examples: [
      .init(
        "esteira schedule resume demo/hello --catch-up",
        Bilingual("one job after another", pt: "um job depois do outro"))
    ],
    run: { call in
      let request = ResumeRequest(
        id: try call.schedule(call.arguments[0]), catchesUp: call.has("--catch-up"))
      let item = try await call.withClient(.writing) { try await $0.call(ScheduleCalls.resume, request) }
      call.showState(item)
      return .done
    })
}

/// `schedule trigger SCHEDULE`
enum ScheduleTrigger {
  static let spec = CommandSpec(
    "schedule trigger",
    Bilingual("starts a job now, as if it were due", pt: "inicia um job agora, como se vencesse"),
    arguments: [.schedule],
    examples: [
      .init(
        "esteira schedule trigger demo/hello",
        Bilingual("it waits where one of its jobs is live", pt: "espera se um job dele está em andamento"))
    ],
    run: { call in
      let path = SchedulePath(id: try call.schedule(call.arguments[0]))
      let result = try await call.withClient(.writing) { try await $0.call(ScheduleCalls.trigger, path) }
      let job = result.jobs.first ?? ""
      let line = [call.text(TriggerSend.words(result.outcome)), job, result.reason ?? ""].filter {
        !$0.isEmpty
      }.joined(separator: "  ")
      call.show([line.printable], json: result.json, id: job)
      return result.outcome == "refused" || result.outcome == "dead_letter" ? .failure : .done
    })
}

extension Invocation {
  /// `namespace~pipeline~trigger` of what is written with slashes; a lone name takes `-n`.
  func schedule(_ text: String) throws(UsageError) -> String {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if (2...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) {
      return parts.joined(separator: "~")
    }
    return try identifier(text)
  }

  fileprivate func showState(_ item: ScheduleItem) {
    let words = ScheduleWords(call: self)
    show(
      ["\(item.pipeline)/\(item.name): \(words.state(item))"], json: item.json,
      id: item.id.replacing("~", with: "/"))
  }

  func showSchedule(_ item: ScheduleItem) {
    let words = ScheduleWords(call: self)
    var lines = ["\(item.pipeline)/\(item.name)  \(words.state(item))"]
    for member in item.spec.object ?? JSONObject() {
      lines.append("  \(member.key): \(member.value.string ?? member.value.text)")
    }
    lines.append(
      text(Bilingual("  last due", pt: "  último vencimento"))
        + ": \(words.moment(item.lastAt, item))" + (item.lastJob.map { "  \($0)" } ?? ""))
    lines.append(
      text(Bilingual("  next due", pt: "  próximo vencimento")) + ": \(words.moment(item.nextAt, item))")
    lines.append(
      text(Bilingual("  missed in 7 days", pt: "  perdidos em 7 dias")) + ": \(item.missed)")
    show(lines.map(\.printable), json: item.json, id: item.id.replacing("~", with: "/"))
  }
}

/// Schedules in a person's words.
struct ScheduleWords {
  let call: Invocation

  /// On the clock of the schedule.
  func moment(_ time: Timestamp?, _ item: ScheduleItem) -> String { moment(time, zone: item.zone) }

  func moment(_ time: Timestamp?, zone name: String) -> String {
    guard let time else { return "-" }
    let zone = name == "UTC" ? .utc : call.bench.zones.zone(name) ?? .utc
    let seconds = time.wholeSeconds
    return ClockWords.moment(seconds, zone.offset(at: seconds))
  }

  func state(_ item: ScheduleItem) -> String {
    if let problem = item.problem { return self.problem(problem) }
    if let pause = item.pause { return Words(language: call.language).pause(pause) }
    return call.text(
      item.isEnabled ? Bilingual("active", pt: "ativo") : Bilingual("disabled", pt: "desativado"))
  }

  private func problem(_ text: String) -> String {
    let name = text.split(separator: " ").last.map(String.init) ?? ""
    if text.hasPrefix("no-calendar") {
      return call.text(
        Bilingual(
          "starts nothing: the setting \(name), its calendar, is missing or no calendar",
          pt: "não inicia nada: a configuração \(name), o calendário, falta ou não é um calendário"))
    }
    return call.text(
      Bilingual(
        "starts nothing: there is no time zone \(name) here",
        pt: "não inicia nada: não há o fuso \(name) aqui"))
  }

  /// Why a due time started nothing.
  func reason(_ item: FireItem) -> String {
    let text: Bilingual? =
      switch item.reason {
      case "down": Bilingual("nothing ran at that time", pt: "nada rodava nessa hora")
      case "paused": Bilingual("paused", pt: "pausado")
      case "pipeline-paused": Bilingual("the pipeline was paused", pt: "o pipeline estava pausado")
      case "disabled": Bilingual("disabled", pt: "desativado")
      case "calendar": Bilingual("closed", pt: "fechado")
      case "no-calendar": Bilingual("its calendar is missing", pt: "falta o calendário")
      case "overlap": Bilingual("an earlier one had not ended", pt: "um anterior não tinha terminado")
      case "replaced": Bilingual("replaced by a later one", pt: "substituído por um posterior")
      case "if": Bilingual("its if says no", pt: "o if diz que não")
      case "purged": Bilingual("taken away", pt: "removido")
      case _: nil
      }
    let words = text.map(call.text) ?? item.reason ?? ""
    return [words, item.detail ?? ""].filter { !$0.isEmpty }.joined(separator: ": ")
  }
}
