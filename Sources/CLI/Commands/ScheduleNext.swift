import API
import Model

/// `schedule next`
enum ScheduleNext {
  static let spec = CommandSpec(
    "schedule next",
    Bilingual(
      "shows when a schedule or a cron line is due, and what clock changes do to it",
      pt: "mostra quando um agendamento ou uma linha cron vence e o que as mudanças de relógio fazem com isso"
    ),
    arguments: [
      ArgumentSpec(
        "SCHEDULE", required: false,
        Bilingual("namespace/pipeline/trigger; or --cron", pt: "espaço/pipeline/gatilho; ou --cron"))
    ],
    flags: [
      FlagSpec("--cron", value: "LINE", Bilingual("such as '0 6 * * 1-5'", pt: "como '0 6 * * 1-5'")),
      FlagSpec(
        "--zone", value: "ZONE",
        Bilingual("such as America/Sao_Paulo; UTC if missing", pt: "como America/Sao_Paulo; sem ela, UTC")),
      FlagSpec(
        "--dialect", value: "unix|seconds|quartz",
        Bilingual("how the line is written; unix if missing", pt: "como a linha é escrita; sem ela, unix")),
      FlagSpec(
        "--seed", value: "TEXT",
        Bilingual("decides the places of H, as a schedule's id does", pt: "decide os lugares de H, como o id")
      ),
      FlagSpec("--from", value: "TIME", Bilingual("behind this moment, not now", pt: "depois deste momento")),
      FlagSpec("--count", value: "N", Bilingual("so many; 5 if missing", pt: "quantos; sem ela, 5")),
    ],
    examples: [
      .init(
        "esteira schedule next atlasreg/daily-ingest --count 10",
        Bilingual("holidays of its calendar included", pt: "com os feriados do calendário")),
      .init(
        "esteira schedule next --cron '0 6 * * 1-5' --zone America/Sao_Paulo",
        Bilingual("the next five workday mornings", pt: "as próximas cinco manhãs de dias úteis")),
      .init(
        "esteira schedule next --cron '30 2 * * *' --zone America/New_York --from 2027-03-13T00:00:00Z",
        Bilingual(
          "around the night on which 02:30 is left out", pt: "em torno da noite em que 02:30 não existe")),
    ], run: run)

  /// More than anyone reads; what is due each second is shown for some minutes.
  static let countLimit = 1_000

  static func run(_ call: Invocation) async throws -> ExitCode {
    if let name = call.arguments.first { return try await ScheduleComing.show(name, call) }
    let cron = try cron(call)
    let zone = try zone(call)
    let start = try start(call)
    var moment = start
    var listing = Listing(
      columns: [
        Bilingual("DUE", pt: "VENCE"), Bilingual("DAY", pt: "DIA"), Bilingual("NOTE", pt: "NOTA"),
      ],
      empty: Bilingual("It is never due again.", pt: "Não vence mais."))
    for _ in 0..<(try call.integer("--count", in: 1...countLimit) ?? 5) {
      guard let due = cron.next(after: moment, in: zone) else { break }
      listing.rows.append(row(due, zone, call))
      moment = due.at
    }
    call.show(listing)
    if call.format == .table, !call.isQuiet {
      call.console.out(call.text(ClockWords.changes(of: zone, after: start)))
    }
    return .done
  }

  private static func row(_ due: DueTime, _ zone: Zone, _ call: Invocation) -> Listing.Row {
    let offset = zone.offset(at: due.at.wholeSeconds)
    let instant = due.at.rfc3339(offset: offset)
    let note = due.note.map(ClockWords.note)
    let weekday = CivilTime(seconds: due.at.wholeSeconds, offset: offset).date.weekday
    var json: JSON = ["due": .string(instant)]
    if let note { json = ["due": .string(instant), "note": .string(call.text(note))] }
    return Listing.Row(
      cells: [
        ClockWords.moment(due.at.wholeSeconds, offset), call.text(ClockWords.weekdays[weekday]),
        note.map(call.text) ?? "",
      ], json: json, id: instant)
  }

  private static func cron(_ call: Invocation) throws -> Cron {
    guard let line = call.value("--cron") else {
      throw UsageError(
        Bilingual("--cron is missing.", pt: "Falta --cron."),
        remedy: Bilingual("Write it as --cron '0 6 * * *'.", pt: "Escreva como --cron '0 6 * * *'."))
    }
    let word = call.value("--dialect") ?? Cron.Dialect.unix.rawValue
    guard let dialect = Cron.Dialect(rawValue: word) else {
      throw UsageError(
        Bilingual("There is no dialect \"\(word)\".", pt: "Não existe o dialeto \"\(word)\"."),
        remedy: Bilingual("There are unix, seconds and quartz.", pt: "Existem unix, seconds e quartz."))
    }
    do throws(CronFault) {
      return try Cron(line, dialect: dialect, seed: call.value("--seed") ?? "")
    } catch {
      throw UsageError(
        Bilingual("--cron: \(error.message.english)", pt: "--cron: \(error.message.portuguese)"),
        remedy: error.remedy)
    }
  }

  private static func zone(_ call: Invocation) throws -> Zone {
    guard let name = call.value("--zone") else { return .utc }
    if let zone = call.bench.zones.zone(name) { return zone }
    throw UsageError(
      Bilingual("There is no time zone \"\(name)\".", pt: "Não existe o fuso \"\(name)\"."),
      remedy: Bilingual(
        "Write an IANA name such as America/Sao_Paulo.", pt: "Escreva um nome IANA, como America/Sao_Paulo."))
  }

  static func start(_ call: Invocation) throws -> Timestamp {
    guard let text = call.value("--from") else { return call.bench.now() }
    if let moment = Timestamp(rfc3339: text) { return moment }
    throw UsageError(
      Bilingual("--from: \"\(text)\" is no moment.", pt: "--from: \"\(text)\" não é um momento."),
      remedy: Bilingual(
        "Write it as 2027-03-13T00:00:00Z.", pt: "Escreva como 2027-03-13T00:00:00Z."))
  }
}

/// Clock changes in a person's words.
enum ClockWords {
  static let weekdays = [
    Bilingual("Sun", pt: "dom"), Bilingual("Mon", pt: "seg"), Bilingual("Tue", pt: "ter"),
    Bilingual("Wed", pt: "qua"), Bilingual("Thu", pt: "qui"), Bilingual("Fri", pt: "sex"),
    Bilingual("Sat", pt: "sáb"),
  ]

  static func note(_ note: DueTime.Note) -> Bilingual {
    switch note {
    case .moved(let wanted): return skipped(clock(wanted))
    case .onlyFirst:
      return Bilingual(
        "the clock shows this time twice; due at the first",
        pt: "o relógio mostra esta hora duas vezes; vence na primeira")
    case .first:
      return Bilingual(
        "the first of two: the clock is put back", pt: "a primeira de duas: o relógio é atrasado")
    case .second:
      return Bilingual("the second of two", pt: "a segunda de duas")
    }
  }

  static func skipped(_ time: String) -> Bilingual {
    Bilingual("\(time) does not exist: the clock skips it", pt: "\(time) não existe: o relógio a pula")
  }

  /// What the clocks of a zone do in the twelve months behind a moment.
  static func changes(of zone: Zone, after start: Timestamp) -> Bilingual {
    let end = start.wholeSeconds + 365 * 86_400
    var found: [String] = []
    var moment = start.wholeSeconds
    while let change = zone.nextChange(after: moment), change.at <= end {
      found.append("\(self.moment(change.at, change.before)) → \(self.moment(change.at, change.after))")
      moment = change.at
    }
    if found.isEmpty {
      return Bilingual(
        "No clock change in the next 12 months in \(zone.name).",
        pt: "Nenhuma mudança de relógio nos próximos 12 meses em \(zone.name).")
    }
    let list = found.joined(separator: "\n  ")
    return Bilingual(
      "Clock changes in \(zone.name):\n  \(list)", pt: "Mudanças de relógio em \(zone.name):\n  \(list)")
  }

  /// `2026-11-20 06:00 -03`; with seconds and minutes of the offset where they are not 0.
  static func moment(_ seconds: Int64, _ offset: Int) -> String {
    let time = CivilTime(seconds: seconds, offset: offset)
    return "\(time.date.text) \(clock(time)) \(shift(offset))"
  }

  private static func clock(_ time: CivilTime) -> String {
    let minutes = "\(two(time.hour)):\(two(time.minute))"
    return time.second == 0 ? minutes : "\(minutes):\(two(time.second))"
  }

  private static func shift(_ offset: Int) -> String {
    let (hours, minutes) = (Int(offset.magnitude) / 3_600, Int(offset.magnitude) / 60 % 60)
    return (offset < 0 ? "-" : "+") + two(hours) + (minutes == 0 ? "" : ":" + two(minutes))
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
