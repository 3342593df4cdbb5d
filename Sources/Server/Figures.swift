import API
import Engine
import Model

/// The stretch of time that figures are about.
struct FigureWindow {
  /// No window is longer: what is older is asked of lists.
  static let longest = Duration.seconds(31 * 86_400)
  static let usual = Duration.seconds(86_400)
  /// Up to here a series has an item for each hour.
  private static let hourly = Duration.seconds(2 * 86_400)

  var since: Timestamp
  var until: Timestamp

  init(since: Timestamp?, now: Timestamp) throws(Problem) {
    (self.since, until) = (since ?? now + (.zero - Self.usual), now)
    guard self.since <= now, now - self.since <= Self.longest else {
      throw Problem(
        "unusable-request",
        Bilingual(
          "The window must begin in the past, at most 31 days ago.",
          pt: "A janela deve começar no passado, há no máximo 31 dias."))
    }
  }

  /// In microseconds.
  var step: Int64 { until - since <= Self.hourly ? 3_600_000_000 : 86_400_000_000 }

  /// Stretches of one length that end now; the first may begin before the window.
  var series: [SeriesItem] {
    let count = max(1, (until.microseconds - since.microseconds + step - 1) / step)
    return (0..<count).map { place in
      SeriesItem(at: Timestamp(microseconds: until.microseconds - (count - place) * step))
    }
  }

  func place(of time: Timestamp, in series: [SeriesItem]) -> Int {
    guard let first = series.first else { return 0 }
    return min(max(0, Int((time.microseconds - first.at.microseconds) / step)), series.count - 1)
  }
}

extension DurationSummary {
  /// Of milliseconds, in any order.
  init(_ durations: [Int64]) {
    let sorted = durations.sorted()
    guard let last = sorted.last else {
      self.init(count: 0, mean: nil, p95: nil)
      return
    }
    // A sum that does not fit is one of clocks that were wrong.
    let (sum, isWrong) = sorted.reduce((Int64(0), false)) { total, one in
      let added = total.0.addingReportingOverflow(one)
      return (added.partialValue, total.1 || added.overflow)
    }
    let place = min(sorted.count - 1, (sorted.count * 95 + 99) / 100 - 1)
    self.init(
      count: sorted.count, mean: isWrong ? last : sum / Int64(sorted.count), p95: sorted[max(0, place)])
  }
}

/// Adds jobs up.
struct JobFiguring {
  var window: FigureWindow
  private(set) var jobs = 0
  private var ended = (well: 0, badly: 0)
  private var durations: [Int64] = []
  private var errors: [ErrorKind: Int] = [:]
  private var series: [SeriesItem]
  private var oldest: Timestamp?

  /// Why jobs fail, as the source system's dashboard has it.
  enum ErrorKind: String, CaseIterable {
    case timeout, auth, network, other

    init(_ job: JobMeasure) {
      switch job.errorClass {
      case .timeout?: self = .timeout
      case .credential?: self = .auth
      case .transient?, .circuitOpen?: self = .network
      case .rateLimited?, .configuration?, .data?, .expression?, .exhausted?, .outputTooLarge?, .cancelled?,
        .lost?, .internal?, .exit?, nil:
        self = job.status == .timeout ? .timeout : .other
      }
    }
  }

  init(_ window: FigureWindow) { (self.window, series) = (window, window.series) }

  mutating func add(_ job: JobMeasure) {
    jobs += 1
    oldest = oldest.map { min($0, job.createdAt) } ?? job.createdAt
    let place = window.place(of: job.createdAt, in: series)
    series[place].started += 1
    switch job.status {
    case .pending, .queued, .running, .waiting, .needsAttention: return
    case .success, .partial:
      ended.well += 1
      series[place].succeeded += 1
    case .failed, .timeout:
      ended.badly += 1
      series[place].failed += 1
      errors[ErrorKind(job), default: 0] += 1
    case .cancelled: break
    }
    if let started = job.startedAt, let completed = job.completedAt, completed >= started {
      durations.append((completed.microseconds - started.microseconds) / 1_000)
    }
  }

  func figures(isTruncated: Bool) -> JobFigures {
    let since = isTruncated ? oldest ?? window.since : window.since
    // A window of a moment has no hour to divide by.
    let hours = max(Double(window.until.microseconds - since.microseconds) / 3_600_000_000, 1.0 / 60)
    let all = ended.well + ended.badly
    return JobFigures(
      since: since, until: window.until, jobs: jobs, perHour: Double(jobs) / hours,
      successRate: all == 0 ? nil : Double(ended.well) / Double(all), duration: DurationSummary(durations),
      series: series.filter { !isTruncated || $0.at.microseconds + window.step > since.microseconds },
      errors: JSONObject(ErrorKind.allCases.map { ($0.rawValue, .int(Int64(errors[$0] ?? 0))) }),
      isTruncated: isTruncated)
  }
}
