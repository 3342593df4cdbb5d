import Model
import Testing

@testable import Engine

@Suite("The fair queue")
struct FairQueueTests {
  private static let start = Timestamp(microseconds: 1_000_000_000)

  private func waiter(
    _ job: Int64, _ namespace: String, key: String = "p", priority: Int = 5, weight: Int = 1,
    since: Duration = .zero
  ) -> FairQueue.Waiter {
    FairQueue.Waiter(
      claimant: Claimant(JobNumber(job), 0), namespace: namespace, weight: weight, fairKey: ScalarString(key),
      priority: priority, since: Self.start + since)
  }

  private func taken(_ queue: FairQueue, _ count: Int, after: Duration = .zero) -> [Int64] {
    queue.order(at: Self.start + after, most: count).map(\.job.value)
  }

  @Test("S23: fifty thousand of one namespace delay the first of another by one turn")
  func crowd() {
    var queue = FairQueue()
    for job in 1...50_000 { queue.join(waiter(Int64(job), "loud")) }
    for _ in 0..<100 { _ = queue.take(at: Self.start) }
    queue.join(waiter(90_001, "quiet"))
    queue.join(waiter(90_002, "quiet"))
    #expect(taken(queue, 4) == [101, 90_001, 102, 90_002] || taken(queue, 4) == [90_001, 101, 90_002, 102])
  }

  @Test("gives a namespace as many turns in a round as its weight")
  func weights() {
    var queue = FairQueue()
    for job in 1...9 { queue.join(waiter(Int64(job), "heavy", weight: 3)) }
    for job in 11...19 { queue.join(waiter(Int64(job), "light")) }
    #expect(taken(queue, 8) == [1, 2, 3, 11, 4, 5, 6, 12])
  }

  @Test("lets the fair keys of one namespace take turns")
  func keys() {
    var queue = FairQueue()
    for job in 1...3 { queue.join(waiter(Int64(job), "demo", key: "a")) }
    for job in 11...13 { queue.join(waiter(Int64(job), "demo", key: "b")) }
    #expect(taken(queue, 6) == [1, 11, 2, 12, 3, 13])
  }

  @Test("takes the higher priority first, and of equals the older one")
  func priorities() {
    var queue = FairQueue()
    queue.join(waiter(1, "demo", since: .seconds(2)))
    queue.join(waiter(2, "demo", since: .seconds(1)))
    queue.join(waiter(3, "demo", priority: 7, since: .seconds(3)))
    #expect(taken(queue, 3, after: .seconds(3)) == [3, 2, 1])
  }

  @Test(
    "S22: ten minutes of waiting raise a priority by one, and never by more than three",
    arguments: [(599, 0), (600, 1), (1_200, 2), (1_800, 3), (36_000, 3)])
  func ageing(_ seconds: Int, _ raised: Int) {
    let rank = Ageing.rank(2, since: Self.start, at: Self.start + .seconds(seconds))
    #expect(rank == 2 + raised)
    #expect(Ageing.rank(8, since: Self.start, at: Self.start + .seconds(36_000)) == 9)
  }

  @Test("lets an old one of low priority pass a new one that is higher by two once it waited long")
  func aged() {
    var queue = FairQueue()
    queue.join(waiter(1, "demo", priority: 5))
    queue.join(waiter(2, "demo", priority: 7, since: .seconds(1_190)))
    #expect(taken(queue, 1, after: .seconds(1_190)) == [2])
    #expect(taken(queue, 1, after: .seconds(1_200)) == [1])
  }

  @Test("forgets whoever leaves, and takes a claimant once although it joined twice")
  func leaving() {
    var queue = FairQueue()
    for job in 1...4 { queue.join(waiter(Int64(job), "demo")) }
    queue.leave(Claimant(JobNumber(2), 0))
    queue.join(waiter(1, "demo", priority: 9))
    #expect(queue.count == 3)
    #expect(taken(queue, 9) == [1, 3, 4])
  }

  @Test("is empty after all were taken, and starts again")
  func emptied() {
    var queue = FairQueue()
    for round in 0..<3 {
      for job in 1...2_000 { queue.join(waiter(Int64(job), job % 2 == 0 ? "a" : "b")) }
      var count = 0
      while queue.take(at: Self.start) != nil { count += 1 }
      #expect(count == 2_000, "round \(round)")
      #expect(queue.isEmpty)
    }
  }
}
