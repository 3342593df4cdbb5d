import API
import Model

/// `schedule next SCHEDULE`: what a stored schedule does next.
enum ScheduleComing {
  static func show(_ name: String, _ call: Invocation) async throws -> ExitCode {
    if call.has("--cron") {
      throw UsageError(
        Bilingual(
          "A schedule and --cron do not go together.", pt: "Um agendamento e --cron não vão juntos."),
        remedy: Bilingual("Give one of them.", pt: "Dê um dos dois."))
    }
    let id = try call.schedule(name)
    let query = NextQuery(
      id: id, from: call.has("--from") ? try ScheduleNext.start(call) : nil,
      limit: try call.integer("--count", in: 1...ScheduleNext.countLimit))
    let (item, page) = try await call.withClient(.reading) { client in
      (
        try await client.call(ScheduleCalls.get, SchedulePath(id: id)),
        try await client.call(ScheduleCalls.next, query)
      )
    }
    let words = ScheduleWords(call: call)
    var listing = Listing(
      columns: [
        Bilingual("DUE", pt: "VENCE"), Bilingual("STARTS", pt: "INICIA"), Bilingual("NOTE", pt: "NOTA"),
      ], empty: Bilingual("It is never due again.", pt: "Não vence mais."))
    listing.rows = page.items.map { next in
      Listing.Row(
        cells: [
          words.moment(next.due, item), next.closed == nil ? words.moment(next.startsAt, item) : "-",
          note(next, call),
        ], json: next.json, id: next.due.rfc3339)
    }
    call.show(listing)
    if call.format == .table, !call.isQuiet {
      let zone = call.bench.zones.zone(item.zone) ?? .utc
      let start = query.from ?? call.bench.now()
      call.console.out(call.text(ClockWords.changes(of: zone, after: start)))
      if item.pause != nil || item.problem != nil || !item.isEnabled { call.console.error(words.state(item)) }
    }
    return .done
  }

  private static func note(_ next: NextItem, _ call: Invocation) -> String {
    let clock: Bilingual? =
      switch next.note {
      case "moved": ClockWords.skipped(next.skipped ?? "")
      case "only_first": ClockWords.note(.onlyFirst)
      case "first": ClockWords.note(.first)
      case "second": ClockWords.note(.second)
      case _: nil
      }
    let closed = next.closed.map { call.text(Bilingual("closed: \($0)", pt: "fechado: \($0)")) }
    return [closed ?? "", clock.map(call.text) ?? ""].filter { !$0.isEmpty }.joined(separator: "; ").printable
  }
}
