/// What a figure is to be.
///
/// `value` is what the project promises. `gate` is from where on a run fails: the promise with headroom for a
/// machine that others use too. What is counted and not timed needs no headroom.
struct Target: Sendable, Hashable {
  enum Side: String, Sendable {
    case atMost = "≤"
    case atLeast = "≥"
  }

  var figure: String
  var side: Side
  var value: Double
  var gate: Double

  init(_ figure: String, _ side: Side, _ value: Double, gate: Double) {
    (self.figure, self.side, self.value, self.gate) = (figure, side, value, gate)
  }

  func verdict(on measured: Double) -> Verdict {
    if holds(measured, value) { return .met }
    return holds(measured, gate) ? .close : .missed
  }

  private func holds(_ measured: Double, _ bound: Double) -> Bool {
    switch side {
    case .atMost: measured <= bound
    case .atLeast: measured >= bound
    }
  }
}

enum Verdict: String, Sendable, CaseIterable {
  case met
  /// Beyond the promise, within the headroom.
  case close
  case missed
}

extension Target {
  /// The one place of all thresholds; `docs/benchmarks.md` says what each figure means.
  static let all: [Target] = [
    Target("R_chain", .atMost, 1.25, gate: 1.4),
    Target("chain_commits", .atMost, 1.03, gate: 1.03),
    Target("R_tput", .atLeast, 0.6, gate: 0.55),
    Target("tput_cpu", .atMost, 15, gate: 18),
    Target("tput_rows", .atMost, 2.05, gate: 2.05),
    Target("tput_fsyncs", .atMost, 0.02, gate: 0.02),
    Target("tput_wal", .atMost, 2_500, gate: 2_500),
    Target("celery", .atLeast, 40, gate: 30),
    Target("accept_to_start", .atMost, 5, gate: 8),
    Target("queue_claim", .atMost, 1.5, gate: 1.8),
    Target("parked_memory", .atMost, 1_024, gate: 1_024),
    Target("reload", .atMost, 1, gate: 1.5),
    Target("idle_memory", .atMost, 40, gate: 40),
    Target("start_to_ready", .atMost, 150, gate: 250),
    Target("binary", .atMost, 60, gate: 60),
    Target("sleep_share", .atLeast, 0.99, gate: 0.98),
  ]

  static func of(_ figure: String) -> Target? { all.first { $0.figure == figure } }
}
