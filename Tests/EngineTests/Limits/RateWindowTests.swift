import Model
import Testing

@testable import Engine

@Suite("A rate")
struct RateWindowTests {
  /// As many starts as come through when one asks at each of these moments.
  private func starts(_ limit: Int, per: Duration, asking moments: [Duration]) -> [Duration] {
    var window = RateWindow()
    return moments.filter { moment in
      guard window.due(limit, per: per, at: moment) <= moment else { return false }
      window.note(limit, per: per, at: moment)
      return true
    }
  }

  private func most(_ starts: [Duration], per: Duration) -> Int {
    starts.map { from in starts.count { $0 >= from && $0 < from + per } }.max() ?? 0
  }

  @Test("is never exceeded in any span, wherever it begins", arguments: [1, 2, 7, 10, 60])
  func everySpan(_ limit: Int) {
    var seed: UInt64 = UInt64(limit)
    var moment = Duration.zero
    let moments = (0..<20_000).map { _ in
      seed = seed &* 6_364_136_223_846_793_005 &+ 1
      moment += .microseconds(Int64(seed >> 45) % 9_000)
      return moment
    }
    let starts = starts(limit, per: .seconds(1), asking: moments)
    #expect(most(starts, per: .seconds(1)) == limit)
    // And none is wasted: as many start as the time allows.
    #expect(Double(starts.count) > moment.seconds * Double(limit) * 0.9)
  }

  @Test("of more than a thousand is never exceeded either, though fewer moments are kept")
  func large() {
    let moments = (0..<200_000).map { Duration.microseconds($0 * 100) }
    let starts = starts(5_000, per: .seconds(2), asking: moments)
    var first = 0
    for (index, start) in starts.enumerated() {
      while starts[first] <= start - .seconds(2) { first += 1 }
      #expect(index - first + 1 <= 5_000)
    }
    #expect(starts.count >= 40_000)
  }

  @Test("says when it has room again")
  func due() {
    var window = RateWindow()
    for moment in [0, 100, 200] { window.note(3, per: .seconds(1), at: .milliseconds(moment)) }
    #expect(window.due(3, per: .seconds(1), at: .milliseconds(300)) == .milliseconds(1_000))
    #expect(window.due(4, per: .seconds(1), at: .milliseconds(300)) == .milliseconds(300))
    #expect(window.due(2, per: .seconds(1), at: .milliseconds(300)) == .milliseconds(1_100))
    #expect(window.due(3, per: .seconds(1), at: .milliseconds(1_000)) == .milliseconds(1_000))
  }

  @Test(
    "is remembered over a restart, whatever the wall clock says of the time between",
    arguments: [
      (Duration.milliseconds(400), 600), (.zero, 1_000), (.seconds(-3_600), 1_000), (.seconds(9), 0),
    ])
  func restart(_ passed: Duration, _ left: Int) {
    var window = RateWindow()
    for _ in 0..<3 { window.note(3, per: .seconds(1), at: .seconds(50)) }
    let state = window.state(at: .seconds(50))
    var restored = RateWindow(state: state, passed: passed, at: .seconds(7))
    #expect(restored.due(3, per: .seconds(1), at: .seconds(7)) == .seconds(7) + .milliseconds(left))
  }
}

@Suite("A circuit")
struct CircuitTests {
  private let claim = CircuitClaim(key: "demo:bank", failures: 3, recoverAfter: .seconds(60))
  private let one = Claimant(JobNumber(1), 0)
  private let two = Claimant(JobNumber(2), 0)

  private func opened() -> Circuit {
    var circuit = Circuit()
    for second in 0..<3 { circuit.failed(claim, at: .seconds(second)) }
    return circuit
  }

  @Test("opens after so many failures in a row, and says for how long")
  func opens() {
    var circuit = Circuit()
    circuit.failed(claim, at: .seconds(0))
    circuit.failed(claim, at: .seconds(1))
    #expect(circuit.answer(to: one, claim, at: .seconds(1)) == .closed)
    circuit.failed(claim, at: .seconds(2))
    #expect(circuit.answer(to: one, claim, at: .seconds(12)) == .open(for: .seconds(50)))
  }

  @Test("lets one attempt try it out once the time to recover is over")
  func probes() {
    var circuit = opened()
    #expect(circuit.answer(to: one, claim, at: .seconds(62)) == .closed)
    circuit.started(one)
    #expect(circuit.answer(to: two, claim, at: .seconds(63)) == .open(for: .seconds(60)))
    circuit.failed(claim, at: .seconds(64))
    #expect(circuit.answer(to: two, claim, at: .seconds(65)) == .open(for: .seconds(59)))
  }

  @Test("is closed by a success, and by nothing else")
  func closes() {
    var circuit = opened()
    circuit.started(one)
    circuit.left(one)
    #expect(circuit.answer(to: two, claim, at: .seconds(62)) == .closed)
    #expect(circuit.failures == 3)
    circuit.succeeded()
    #expect(circuit == Circuit())
  }
}
