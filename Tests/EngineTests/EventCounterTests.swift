import Model
import Testing

@testable import Engine

@Suite("Counters of what pipelines tell", .timeLimit(.minutes(1)))
struct EventCounterTests {
  private func counts(_ counter: EventCounter, _ events: [(String, JSON)]) -> [[String]: Double] {
    let tally = Tally(counters: [counter])
    for (type, data) in events { tally.emitted(type, data) }
    return tally.counts.events[counter] ?? [:]
  }

  @Test("count the events of their type apart by the labels that the data have")
  func labels() {
    let counter = EventCounter("seen", help: "", event: "a.b", labels: ["kind", "ok"])
    let found = counts(
      counter,
      [
        ("a.b", ["kind": "x", "ok": true]), ("a.b", ["kind": "x", "ok": true]), ("a.b", ["kind": 7]),
        ("a.b", .null), ("a.c", ["kind": "x", "ok": true]),
      ])
    #expect(found == [["x", "true"]: 2, ["7", ""]: 1, ["", ""]: 1])
  }

  @Test("add a number of the data that is not below nothing, and let everything else be")
  func amounts() {
    let counter = EventCounter("rows", help: "", event: "a", add: "rows")
    let values: [JSON] = [2, 0.5, 0, -7, "9", .null, .double(.infinity)]
    #expect(counts(counter, values.map { ("a", ["rows": $0]) } + [("a", [:])]) == [[]: 2.5])
  }

  @Test("keep so many sets of labels apart; what comes beyond is counted without them")
  func bounds() {
    let counter = EventCounter("seen", help: "", event: "a", labels: ["kind"])
    let events = (0..<EventCounter.mostSets + 3).map { ("a", JSON.object(["kind": .string("k\($0)")])) }
    let found = counts(counter, events + [("a", ["kind": "k0"])])
    #expect(found.count == EventCounter.mostSets + 1)
    #expect(found[["k0"]] == 2 && found[[""]] == 3)
    let long = counts(counter, [("a", ["kind": .string(String(repeating: "x", count: 5_000))])])
    #expect(long.keys.first?[0].count == EventCounter.longestLabel)
  }
}
