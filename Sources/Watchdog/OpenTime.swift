internal import Model

/// Time in which something is expected: days that a calendar closes do not count.
struct OpenTime {
  let zone: Zone
  let days: ClosedDays?
  /// Beyond so many closed days nothing is expected any more.
  private static let mostDays = 3_660

  init(zone: Zone, days: ClosedDays?) { (self.zone, self.days) = (zone, days) }

  /// When `limit` of open time has passed since `start`.
  func end(of limit: Duration, since start: Timestamp) -> Timestamp {
    guard days != nil else { return start + limit }
    var (moment, rest) = (start, limit)
    for _ in 0..<Self.mostDays {
      let date = date(of: moment)
      let next = beginning(of: CivilDate(daysSince1970: date.daysSince1970 + 1))
      if isOpen(date) {
        if rest <= next - moment { return moment + rest }
        rest -= next - moment
      }
      moment = next
    }
    return Timestamp(microseconds: .max)
  }

  func isOpen(_ date: CivilDate) -> Bool { days?.reason(on: date) == nil }

  func date(of moment: Timestamp) -> CivilDate {
    let seconds = moment.wholeSeconds
    return CivilTime(seconds: seconds, offset: zone.offset(at: seconds)).date
  }

  func beginning(of date: CivilDate) -> Timestamp { moment(of: CivilTime(date: date)) }

  /// When the clock of the zone shows this; the first moment behind it where the clock leaves it out.
  func moment(of local: CivilTime) -> Timestamp {
    let seconds = local.seconds
    switch zone.instants(ofLocal: seconds) {
    case .one(let moment): return Timestamp(microseconds: moment * 1_000_000)
    case .fold(let first, _): return Timestamp(microseconds: first * 1_000_000)
    case .gap:
      var moment = seconds - 2 * 86_400
      while let change = zone.nextChange(after: moment) {
        moment = change.at
        if change.at + Int64(change.after) > seconds { break }
      }
      return Timestamp(microseconds: moment * 1_000_000)
    }
  }
}
