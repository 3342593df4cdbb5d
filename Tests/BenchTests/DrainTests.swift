import Testing

@testable import Bench

@Suite("A queue that empties", .timeLimit(.minutes(1)))
struct DrainTests {
  /// Commits of 10 jobs each: the turns before them take `turn` milliseconds, which from `slow` on double;
  /// the commits themselves take 2.
  private func drain(jobs: Int, turn: Int, slowFrom: Int) -> Drain {
    var now = ContinuousClock.now
    var moments: [RecordingStore.Moment] = []
    for ended in stride(from: 10, through: jobs + 10, by: 10) {
      let began = now + .milliseconds(ended > slowFrom ? 2 * turn : turn)
      now = began + .milliseconds(2)
      moments.append(
        RecordingStore.Moment(began: began, time: now, cpu: 0, files: CountedFiles.Counts(), ended: ended))
    }
    return Drain(moments: moments, jobs: jobs, held: 10)
  }

  @Test("has one pace where nothing changes")
  func steady() {
    let drain = drain(jobs: 4_000, turn: 1, slowFrom: .max)
    #expect(isNear(drain.start.whole, 0.000_3))
    #expect(isNear(drain.start.turn, 0.000_1))
    #expect(isNear(drain.end.whole, drain.start.whole))
    #expect(isNear(drain.end.turn, drain.start.turn))
  }

  @Test("shows a turn that grew, also where its commit hides it")
  func slower() {
    let drain = drain(jobs: 4_000, turn: 1, slowFrom: 2_000)
    #expect(isNear(drain.end.turn / drain.start.turn, 2))
    #expect(isNear(drain.end.whole / drain.start.whole, 4.0 / 3))
  }

  private func isNear(_ one: Double, _ other: Double) -> Bool { abs(one - other) < 1e-9 }
}
