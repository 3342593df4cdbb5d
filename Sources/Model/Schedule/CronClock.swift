// Where the clocks of a zone change.
extension CronFields {
  /// Longer than any change of a clock: Samoa left out a whole day.
  private static let longestChange: Int64 = 26 * 3600

  /// Every moment counts whose local time is allowed.
  func nextInRealTime(after moment: Int64, _ zone: Zone) -> DueTime? {
    var start = moment + 1
    while true {
      let offset = Int64(zone.offset(at: start))
      let change = zone.nextChange(after: start)
      guard let local = next(from: start + offset) else { return nil }
      let found = local - offset
      guard let change, found >= change.at else {
        return DueTime(seconds: found, note: note(found, local, zone))
      }
      start = change.at
    }
  }

  private func note(_ found: Int64, _ local: Int64, _ zone: Zone) -> DueTime.Note? {
    guard case .fold(let first, _) = zone.instants(ofLocal: local) else { return nil }
    return found == first ? .first : .second
  }

  /// Every local time that is allowed counts once.
  func nextOfClock(after moment: Int64, _ zone: Zone) -> DueTime? {
    let now = Int64(zone.offset(at: moment))
    let isSteady = zone.nextChange(after: moment - Self.longestChange).map { $0.at > moment } ?? true
    // Within a day behind a change, times are still to come that the clock showed or skipped before.
    var local = moment + now + (isSteady ? 1 : -Self.longestChange)
    while let wanted = next(from: local) {
      let due = due(at: wanted, zone)
      if due.at.microseconds > moment * 1_000_000 { return due }
      local = wanted + 1
    }
    return nil
  }

  private func due(at local: Int64, _ zone: Zone) -> DueTime {
    switch zone.instants(ofLocal: local) {
    case .one(let moment): return DueTime(seconds: moment, note: nil)
    case .fold(let first, _): return DueTime(seconds: first, note: .onlyFirst)
    case .gap:
      var moment = local - Int64(zone.offset(at: local - Self.longestChange)) - Self.longestChange
      while let change = zone.nextChange(after: moment) {
        moment = change.at
        if change.at + Int64(change.after) > local { break }
      }
      return DueTime(seconds: moment, note: .moved(from: CivilTime(seconds: local)))
    }
  }
}

/// A moment at which the clocks of a zone are put forward or back.
public struct ClockChange: Sendable, Hashable {
  /// Seconds since 1970 UTC.
  public var at: Int64
  /// Seconds east of UTC before and from then on.
  public var before, after: Int
}
