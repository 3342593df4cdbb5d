internal import Model

// A number against what it was before.
extension Expectation.Volume {
  /// Of the newest job, against those before it.
  ///
  /// - Parameter samples: oldest first.
  func verdict(on samples: [Sample], _ time: OpenTime) -> Verdict {
    guard let newest = samples.last else { return learning(0) }
    guard let value = newest.value else {
      return Verdict(
        isLate: true, Finding(.noMetric, ["job": .string(newest.job), "metric": .string(metric)]),
        deadline: newest.endedAt)
    }
    let earlier = samples.dropLast().filter { comparison != .sameWeekday || isSameDay($0, newest, time) }
      .compactMap(\.value).suffix(jobs)
    guard earlier.count >= Self.fewestJobs else { return learning(earlier.count) }
    let baseline = baseline(Array(earlier))
    if value >= baseline * minimum / 100 { return .fine(until: nil) }
    return Verdict(
      isLate: true,
      Finding(
        .lowVolume,
        [
          "job": .string(newest.job), "metric": .string(metric), "value": Self.shown(value),
          "baseline": Self.shown(baseline), "minimum": Self.shown(minimum),
          "compare": .string(comparison.rawValue), "jobs": .int(Int64(earlier.count)),
        ]), deadline: newest.endedAt)
  }

  private func learning(_ have: Int) -> Verdict {
    Verdict(
      isLate: false,
      Finding(.learning, ["have": .int(Int64(have)), "need": .int(Int64(Self.fewestJobs))]))
  }

  private func isSameDay(_ left: Sample, _ right: Sample, _ time: OpenTime) -> Bool {
    time.date(of: left.endedAt).weekday == time.date(of: right.endedAt).weekday
  }

  private func baseline(_ values: [Double]) -> Double {
    switch comparison {
    case .mean, .sameWeekday: return values.reduce(0, +) / Double(values.count)
    case .median:
      let (sorted, middle) = (values.sorted(), values.count / 2)
      return values.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
  }

  /// Whole where it is, else with two decimals.
  private static func shown(_ value: Double) -> JSON {
    guard abs(value) < 1e15 else { return .double(value) }
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() ? .int(Int64(rounded)) : .double(rounded)
  }

  /// How many jobs have to be looked at for one verdict.
  var reach: Int { (comparison == .sameWeekday ? 7 * jobs : jobs) + 1 }
}
