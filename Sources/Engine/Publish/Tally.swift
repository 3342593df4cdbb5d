public import Model
internal import Synchronization

/// What has ended on this node since it started: for measuring systems, which want numbers that only grow.
///
/// It grows on the engine's thread and is read by others. What it holds is bounded: beyond the most names,
/// what ends is counted without one.
public final class Tally: Sendable {
  public struct Jobs: Sendable, Hashable {
    public var pipeline: PipelineName
    public var status: JobStatus
    /// Such as `manual` or `schedule`.
    public var trigger: String
  }

  public struct Steps: Sendable, Hashable {
    public var connector: String
    public var status: StepStatus
  }

  /// How many took how long.
  public struct Durations: Sendable, Hashable {
    /// In seconds, growing.
    public let bounds: [Double]
    /// One for each bound, and one for what took longer than all of them; not summed up.
    public private(set) var counts: [Int]
    /// In seconds.
    public private(set) var sum = 0.0
    public var count: Int { counts.reduce(0, +) }

    public init(_ bounds: [Double]) {
      (self.bounds, counts) = (bounds, [Int](repeating: 0, count: bounds.count + 1))
    }

    public mutating func add(_ duration: Duration) {
      let seconds = max(0, Double(duration.microseconds) / 1_000_000)
      counts[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
      sum += seconds
    }
  }

  public struct Counts: Sendable {
    public internal(set) var jobs: [Jobs: Int] = [:]
    public internal(set) var jobDurations: [PipelineName: Durations] = [:]
    public internal(set) var steps: [Steps: Int] = [:]
    public internal(set) var stepDurations: [String: Durations] = [:]
    /// Steps that failed for good.
    public internal(set) var errors: [ErrorClass: Int] = [:]
    /// Of each counter by the values of its labels.
    public internal(set) var events: [EventCounter: [[String]: Double]] = [:]
  }

  /// In the place of a name beyond the most.
  public static let others = PipelineName(namespace: "", name: "")
  public static let mostPipelines = 500
  public static let mostConnectors = 200
  public static let jobBounds: [Double] = [1, 10, 60, 300, 600, 1_800, 3_600, 7_200]
  public static let stepBounds: [Double] = [0.1, 1, 10, 30, 60, 300, 600, 1_800]

  /// What is counted of emitted events.
  public let counters: [EventCounter]
  private let state = Mutex(Counts())

  public init(counters: [EventCounter] = []) { self.counters = counters }

  public var counts: Counts { state.withLock { $0 } }

  func jobEnded(_ pipeline: PipelineName, _ status: JobStatus, trigger: String, took: Duration) {
    state.withLock { state in
      let isKnown = state.jobDurations[pipeline] != nil || state.jobDurations.count < Self.mostPipelines
      let name = isKnown ? pipeline : Self.others
      state.jobs[Jobs(pipeline: name, status: status, trigger: trigger), default: 0] += 1
      state.jobDurations[name, default: Durations(Self.jobBounds)].add(took)
    }
  }

  /// An event was emitted, and that is stored.
  func emitted(_ type: String, _ data: JSON) {
    for counter in counters where counter.event == type {
      guard let amount = counter.amount(of: data) else { continue }
      let values = counter.values(of: data)
      state.withLock { state in
        let sets = state.events[counter] ?? [:]
        let isKnown = sets[values] != nil || sets.count < EventCounter.mostSets
        let key = isKnown ? values : counter.labels.map { _ in "" }
        state.events[counter, default: [:]][key, default: 0] += amount
      }
    }
  }

  func stepEnded(_ connector: String, _ status: StepStatus, _ failure: ErrorClass?, took: Duration) {
    state.withLock { state in
      if let failure { state.errors[failure, default: 0] += 1 }
      let isKnown = state.stepDurations[connector] != nil || state.stepDurations.count < Self.mostConnectors
      let name = isKnown ? connector : ""
      state.steps[Steps(connector: name, status: status), default: 0] += 1
      state.stepDurations[name, default: Durations(Self.stepBounds)].add(took)
    }
  }
}

extension Node {
  /// Counts what ends.
  public var tally: Tally { configuration.tally }
}
