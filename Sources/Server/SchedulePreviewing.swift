import API
import Engine
import Model

/// When a line would be due, without a schedule.
struct SchedulePreviewing {
  var backend: Backend
  /// How far clock changes are told.
  private static let horizon: Int64 = 365 * 86_400
  /// So far from a change its times are looked at: few even for a line that is due each second.
  private static let near: Int64 = 3 * 3_600
  private static let usual = 5

  func preview(_ request: PreviewRequest, _ language: Language) throws(Problem) -> SchedulePreview {
    let dialect = try dialect(request.dialect)
    let cron: Cron
    do throws(CronFault) { cron = try Cron(request.cron, dialect: dialect) } catch {
      throw Problem("bad-cron", error.message, remedy: error.remedy)
    }
    let name = request.timezone ?? "UTC"
    guard let zone = name == "UTC" ? .utc : backend.zones.zone(name) else { throw Self.noZone(name) }
    let (start, wanted) = (request.from ?? backend.now(), request.count ?? Self.usual)
    var (times, moment): ([NextItem], Timestamp) = ([], start)
    while times.count < wanted, let due = cron.next(after: moment, in: zone) {
      times.append(NextItem(due))
      moment = due.at
    }
    let warnings = warnings(cron, dialect, zone, start, hasAll: times.count == wanted)
    return SchedulePreview(times: times, warnings: warnings.map { $0[language] })
  }

  private func dialect(_ word: String?) throws(Problem) -> Cron.Dialect {
    guard let word else { return .unix }
    guard let dialect = Cron.Dialect(rawValue: word) else {
      throw Problem(
        "invalid-request",
        Bilingual("There is no dialect \"\(word)\".", pt: "Não existe o dialeto \"\(word)\"."),
        remedy: Bilingual("There are unix, seconds and quartz.", pt: "Existem unix, seconds e quartz."))
    }
    return dialect
  }

  private func warnings(
    _ cron: Cron, _ dialect: Cron.Dialect, _ zone: Zone, _ start: Timestamp, hasAll: Bool
  ) -> [Bilingual] {
    var warnings: [Bilingual] = []
    if !hasAll {
      warnings.append(
        Bilingual(
          "It is not due so often within a hundred years.", pt: "Não vence tantas vezes em cem anos."))
    }
    let fields = cron.text.split(separator: " ").map(String.init)
    if dialect != .quartz, let weekday = fields.last, fields.count >= 5 {
      let day = fields[fields.count - 3]
      if !day.hasPrefix("*"), !weekday.hasPrefix("*") {
        warnings.append(
          Bilingual(
            "It names days of the month and of the week: one of the two is enough for it to be due.",
            pt: "Cita dias do mês e da semana: basta um dos dois para vencer."))
      }
    }
    if fields.contains(where: { $0.hasPrefix("H") }) {
      warnings.append(
        Bilingual(
          "H takes a place that the schedule's id decides: of a real schedule it is another.",
          pt: "H usa um lugar decidido pelo id do agendamento: o de um agendamento real é outro."))
    }
    return warnings + changes(cron, zone, start)
  }

  /// What the clocks do to its due times in the year to come.
  private func changes(_ cron: Cron, _ zone: Zone, _ start: Timestamp) -> [Bilingual] {
    var (found, moment): ([Bilingual], Int64) = ([], start.wholeSeconds)
    while let change = zone.nextChange(after: moment), change.at <= start.wholeSeconds + Self.horizon {
      moment = change.at
      let begin = Timestamp(microseconds: (change.at - Self.near) * 1_000_000)
      var due = cron.next(after: begin, in: zone)
      while let one = due, one.at.wholeSeconds <= change.at + Self.near, one.note == nil {
        due = cron.next(after: one.at, in: zone)
      }
      guard let due, due.note != nil, due.at.wholeSeconds <= change.at + Self.near else { continue }
      found.append(
        Bilingual(
          "The clocks change: see what becomes of the due time \(due.at.rfc3339).",
          pt: "Os relógios mudam: veja o que acontece com o vencimento \(due.at.rfc3339)."))
    }
    return found
  }

  private static func noZone(_ name: String) -> Problem {
    Problem(
      "unknown-zone",
      Bilingual("There is no time zone \"\(name)\".", pt: "Não existe o fuso horário \"\(name)\"."),
      remedy: Bilingual(
        "Write it like America/Sao_Paulo or UTC.", pt: "Escreva como America/Sao_Paulo ou UTC."))
  }
}
