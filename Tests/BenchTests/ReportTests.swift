import Testing

@testable import Bench

@Suite("What is measured is judged and shown", .timeLimit(.minutes(1)))
struct ReportTests {
  @Test("a median is one of the values, and of an even number the higher of the two in the middle")
  func medians() {
    #expect(median([3, 1, 2]) == 2)
    #expect(median([4, 1, 3, 2]) == 3)
    #expect(median([7]) == 7)
    #expect(median([]) == 0)
  }

  @Test(
    "a percentile is the least value that so many of a hundred do not exceed",
    arguments: [(1.0, 1.0), (50, 50), (99, 99), (99.5, 100), (100, 100)])
  func percentiles(_ percent: Double, _ expected: Double) {
    #expect(percentile(percent, of: (1...100).reversed().map(Double.init)) == expected)
  }

  @Test("of a few values the highest percentiles are the last, and of none there is 0")
  func fewValues() {
    #expect(percentile(99, of: [5, 1]) == 5)
    #expect(percentile(99, of: []) == 0)
  }

  @Test(
    "a promise that is kept is met, the headroom is close, and beyond the gate it is missed",
    arguments: [
      (Target.Side.atMost, 1.25, Verdict.met), (.atMost, 1.3, .close), (.atMost, 1.4, .close),
      (.atMost, 1.41, .missed), (.atLeast, 1.25, .met), (.atLeast, 1.1, .close), (.atLeast, 1.0, .close),
      (.atLeast, 0.99, .missed),
    ])
  func verdicts(_ side: Target.Side, _ measured: Double, _ expected: Verdict) {
    let target = Target("figure", side, 1.25, gate: side == .atMost ? 1.4 : 1.0)
    #expect(target.verdict(on: measured) == expected)
  }

  @Test("every figure has one target, and no gate is stricter than its promise")
  func targets() {
    #expect(Set(Target.all.map(\.figure)).count == Target.all.count)
    for target in Target.all { #expect(target.verdict(on: target.value) == .met, "\(target.figure)") }
    for target in Target.all { #expect(target.verdict(on: target.gate) != .missed, "\(target.figure)") }
  }

  @Test("what is counted has no headroom")
  func counted() {
    for figure in ["chain_commits", "tput_rows", "tput_fsyncs", "tput_wal"] {
      #expect(Target.of(figure).map { $0.gate == $0.value } == true, "\(figure)")
    }
  }

  @Test("a run fails by a figure beyond its gate, not by one that was skipped or has no target")
  func passes() {
    let met = Figure("R_chain", "chain", 1.1, "")
    let close = Figure("R_chain", "chain", 1.39, "")
    let skipped = Figure("celery", "peer", skipped: "redis-server is not installed")
    let other = Figure("tput", "steps", 1, "steps/s")
    #expect(Report(figures: [met, close, skipped, other]).passes)
    #expect(!Report(figures: [met, Figure("R_tput", "tput", 0.3, "")]).passes)
  }

  @Test("the table shows each figure with its target and verdict, those without one apart")
  func table() {
    let report = Report(figures: [
      Figure("tput", "256 chains of 20", [90_000, 81_234.4, 100_000], "steps/s"),
      Figure("R_tput", "engine ÷ raw", [0.61, 0.5, 0.7], ""),
      Figure("accept_to_start", "accept to start, p99", 6.5, "ms"),
      Figure("idle_memory", "idle memory", 41, "MB"),
      Figure("celery", "engine ÷ Celery", skipped: "redis-server is not installed"),
    ])
    #expect(
      report.table == """
        figure                measured  target  verdict                                 slices
        engine ÷ raw          0.61      ≥ 0.6   met                                     0.5 – 0.7
        accept to start, p99  6.5 ms    ≤ 5     within the headroom
        idle memory           41 MB     ≤ 40    MISSED
        engine ÷ Celery       –         ≥ 40    skipped: redis-server is not installed

        beside them       measured        slices
        256 chains of 20  90,000 steps/s  81,234 – 100,000

        """)
  }

  @Test("a line of JSON holds the figure, its slices, its target and the verdict")
  func json() {
    let report = Report(figures: [
      Figure("R_tput", "engine ÷ raw", [0.61, 0.5, 0.7], ""),
      Figure("celery", "engine ÷ Celery", skipped: "offline"),
    ])
    #expect(
      report.lines == [
        #"{"name":"R_tput","unit":"","value":0.61,"least":0.5,"most":0.7,"target":"≥ 0.6","#
          + #""gate":0.55,"verdict":"met"}"#,
        #"{"name":"celery","unit":"","skipped":"offline","target":"≥ 40","gate":30.0}"#,
      ])
  }

  @Test(
    "numbers have the digits that count",
    arguments: [
      (0.0, "0"), (0.00413, "0.0041"), (0.894, "0.894"), (1.0, "1"), (1.026, "1.03"), (12.34, "12.3"),
      (99.96, "100"), (1_234.5, "1,235"), (1_000_000, "1,000,000"), (-2_500, "-2,500"),
    ])
  func texts(_ value: Double, _ expected: String) { #expect(Figure.text(value) == expected) }
}
