import Model
import Testing

@testable import Engine

@Suite("Files that arrive", .timeLimit(.minutes(1)))
struct FileArrivalsTests {
  /// Tells the states of a file apart by its size.
  private func stamp(_ size: Int64 = 1, inode: UInt64 = 1) -> FileStamp {
    FileStamp(device: 1, inode: inode, size: size, modified: 0, changed: 0)
  }

  private func spec(stableFor: Duration = .seconds(5), max: Int = 1, wait: Duration = .zero)
    -> FilesTriggerSpec
  {
    FilesTriggerSpec(path: "/in", stableFor: stableFor, batchMax: max, batchWait: wait)
  }

  @Test("are complete once they have not changed for the time that is asked for")
  func stable() {
    let clock = ManualClock()
    let arrivals = Followed(spec())
    #expect(arrivals.see("a", stamp(), at: clock.monotonic))
    #expect(arrivals.next == .seconds(5))
    clock.advance(by: .milliseconds(4_999))
    #expect(arrivals.takeBatch(at: clock.monotonic).isEmpty)
    clock.advance(by: .milliseconds(1))
    #expect(arrivals.takeBatch(at: clock.monotonic) == [.init(name: "a", stamp: stamp())])
    #expect(arrivals.count == 0)
    #expect(arrivals.next == nil)
  }

  @Test("begin anew with each change, and with each touch that changes nothing one can see")
  func changes() {
    let arrivals = Followed(spec())
    #expect(arrivals.see("a", stamp(1), at: .seconds(0)))
    #expect(arrivals.see("a", stamp(2), at: .seconds(4)))
    #expect(arrivals.takeBatch(at: .seconds(6)).isEmpty)
    #expect(arrivals.see("a", stamp(2), isTouched: true, at: .seconds(8)))
    #expect(arrivals.see("a", stamp(2), at: .seconds(12)))
    #expect(arrivals.takeBatch(at: .seconds(12)).isEmpty)
    #expect(arrivals.takeBatch(at: .seconds(13)).map(\.stamp) == [stamp(2)])
  }

  @Test("do not mind when the wall clock jumps")
  func jump() {
    let clock = ManualClock()
    let arrivals = Followed(spec())
    #expect(arrivals.see("a", stamp(), at: clock.monotonic))
    clock.jumpWall(by: .seconds(86_400))
    #expect(arrivals.takeBatch(at: clock.monotonic).isEmpty)
    clock.jumpWall(by: .seconds(-172_800))
    clock.advance(by: .seconds(5))
    #expect(arrivals.takeBatch(at: clock.monotonic).count == 1)
  }

  @Test("wait for others until the batch is full")
  func full() {
    let arrivals = Followed(spec(max: 3, wait: .seconds(60)))
    for name in ["a", "b"] { #expect(arrivals.see(name, stamp(), at: .zero)) }
    #expect(arrivals.takeBatch(at: .seconds(5)).isEmpty)
    #expect(arrivals.next == .seconds(65))
    for name in ["c", "d"] { #expect(arrivals.see(name, stamp(), at: .seconds(6))) }
    #expect(arrivals.next == .seconds(11))
    #expect(arrivals.takeBatch(at: .seconds(11)).map(\.name) == ["a", "b", "c"])
    #expect(arrivals.next == .seconds(71))
    #expect(arrivals.takeBatch(at: .seconds(71)).map(\.name) == ["d"])
  }

  @Test("go out when the first of them has waited long enough, late ones too")
  func waited() {
    let arrivals = Followed(spec(max: 200, wait: .seconds(10)))
    #expect(arrivals.see("a", stamp(), at: .zero))
    #expect(arrivals.see("b", stamp(), at: .seconds(9)))
    #expect(arrivals.see("c", stamp(), at: .seconds(12)))
    #expect(arrivals.takeBatch(at: .milliseconds(14_999)).isEmpty)
    #expect(arrivals.takeBatch(at: .seconds(15)).map(\.name) == ["a", "b"])
  }

  @Test("that change or leave while their batch fills are not in it")
  func leaves() {
    let arrivals = Followed(spec(max: 2, wait: .seconds(10)))
    for name in ["a", "b"] { #expect(arrivals.see(name, stamp(), at: .zero)) }
    #expect(arrivals.see("c", stamp(), at: .seconds(1)))
    arrivals.forget("a")
    #expect(arrivals.takeBatch(at: .seconds(5)).isEmpty)
    #expect(arrivals.see("b", stamp(2), at: .seconds(6)))
    #expect(arrivals.takeBatch(at: .seconds(10)).isEmpty)
    #expect(arrivals.takeBatch(at: .seconds(11)).map(\.name) == ["c", "b"])
  }

  @Test("whose names differ only in how an accent is written are two")
  func scalars() {
    let arrivals = Followed(spec(stableFor: .zero, max: 10))
    for name in ["\u{e9}", "e\u{301}"] { #expect(arrivals.see(name, stamp(), at: .zero)) }
    #expect(arrivals.takeBatch(at: .zero).count == 2)
  }

  @Test("are followed up to a limit, and make room when they are taken")
  func limit() {
    let arrivals = Followed(spec(stableFor: .zero), limit: 2)
    #expect(arrivals.see("a", stamp(), at: .zero))
    #expect(arrivals.see("b", stamp(), at: .zero))
    #expect(arrivals.isFull)
    #expect(!arrivals.see("c", stamp(), at: .zero))
    #expect(arrivals.see("b", stamp(2), at: .zero))
    #expect(arrivals.takeBatch(at: .zero).count == 1)
    #expect(arrivals.see("c", stamp(), at: .zero))
  }

  @Test("cost no memory and little time however often one of them is written")
  func storm() {
    let arrivals = Followed(spec(stableFor: .seconds(3_600), max: 10))
    #expect(arrivals.see("quiet", stamp(), at: .zero))
    var most = 0
    for change in 0..<20_000 {
      _ = arrivals.see("busy", stamp(Int64(change)), at: .milliseconds(change))
      most = max(most, arrivals.places)
    }
    #expect(most < 2_000)
    #expect(arrivals.next == .seconds(3_600))
    #expect(arrivals.takeBatch(at: .seconds(3_600)).map(\.name) == ["quiet"])
    #expect(arrivals.takeBatch(at: .seconds(3_620)).map(\.name) == ["busy"])
  }

  /// Against the rule itself, read from a plain list, with seeded chance.
  @Test("follow the rule in any order of what happens", arguments: 1...40)
  func model(seed: UInt64) {
    var chance = SplitMix(state: seed)
    let spec = spec(stableFor: .seconds(Int64(chance.below(4))), max: 1 + chance.below(4), wait: .seconds(3))
    let arrivals = Followed(spec)
    var model: [String: (size: Int64, since: Int64, order: Int)] = [:]
    var now: Int64 = 0
    for step in 0..<400 {
      let name = ["a", "b", "c", "d", "e"][chance.below(5)]
      switch chance.below(4) {
      case 0:
        arrivals.forget(name)
        model[name] = nil
      case 1: now += Int64(chance.below(3))
      case 2:
        let size = Int64(chance.below(3))
        #expect(arrivals.see(name, stamp(size), at: .seconds(now)))
        if model[name]?.size != size { model[name] = (size, now, step) }
      case 3, _:
        let stable = spec.stableFor.components.seconds
        let done = model.filter { $0.value.since + stable <= now }
          .sorted { ($0.value.since, $0.value.order) < ($1.value.since, $1.value.order) }
        let isDue =
          done.count >= spec.batchMax || done.first.map { $0.value.since + stable + 3 <= now } ?? false
        let wanted = isDue ? done.prefix(spec.batchMax).map(\.key) : []
        #expect(arrivals.takeBatch(at: .seconds(now)).map(\.name) == wanted, "step \(step)")
        for name in wanted { model[name] = nil }
      }
      #expect(arrivals.count == model.count)
    }
  }
}

/// The value under test by reference, which `#expect` can call.
private final class Followed {
  private var arrivals: FileArrivals
  init(_ spec: FilesTriggerSpec, limit: Int = FileArrivals.limit) {
    arrivals = FileArrivals(spec, limit: limit)
  }

  var next: Duration? { arrivals.next }
  var count: Int { arrivals.count }
  var places: Int { arrivals.places }
  var isFull: Bool { arrivals.isFull }
  func forget(_ name: String) { arrivals.forget(name) }
  func takeBatch(at now: Duration) -> [FileArrivals.File] { arrivals.takeBatch(at: now) }
  func see(_ name: String, _ stamp: FileStamp, isTouched: Bool = false, at now: Duration) -> Bool {
    arrivals.see(name, stamp, isTouched: isTouched, at: now)
  }
}

/// Small seeded chance.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

@Suite("A files trigger's values", .timeLimit(.minutes(1)))
struct FilesTriggerTests {
  @Test("are read from the map of the file, with their defaults")
  func spec() throws {
    let golden: JSON = [
      "path": "/srv/mitrarr/inbox", "match": "*.nst", "stable_for": "5s",
      "batch": ["max": 200, "wait": "10s"],
      "claim": "move", "to": "/srv/mitrarr/work",
    ]
    #expect(
      FilesTriggerSpec(spec: golden)
        == FilesTriggerSpec(
          path: "/srv/mitrarr/inbox", match: try #require(NamePattern("*.nst")), stableFor: .seconds(5),
          batchMax: 200, batchWait: .seconds(10), claim: .move(to: "/srv/mitrarr/work")))
    #expect(
      FilesTriggerSpec(spec: ["path": "/in"])
        == FilesTriggerSpec(
          path: "/in", match: .all, stableFor: .seconds(5), batchMax: 1, batchWait: .zero, claim: .mark))
  }

  static let refused: [JSON] = [
    [:], ["path": "in"], ["path": "/in", "match": "a/b"], ["path": "/in", "stable_for": 5],
    ["path": "/in", "stable_for": "2h"], ["path": "/in", "batch": ["max": 0]],
    ["path": "/in", "batch": ["max": 1_001]], ["path": "/in", "batch": ["wait": "25h"]],
    ["path": "/in", "claim": "delete"], ["path": "/in", "claim": "move"], ["path": "/in", "to": "/out"],
    ["path": "/in", "claim": "move", "to": "out"],
  ]

  @Test("are nil where the file's reader would have refused them", arguments: refused)
  func refusal(spec: JSON) { #expect(FilesTriggerSpec(spec: spec) == nil) }

  private func file(_ name: String, _ sha256: String) -> ArrivedFile {
    ArrivedFile(
      path: "/taken/\(name)", name: name, sha256: sha256, size: 3,
      modifiedAt: Timestamp(microseconds: 1_800_000_000_123_456), originalPath: "/in/\(name)")
  }

  @Test("come back whole from JSON, and not at all from a batch that was changed")
  func json() throws {
    let batch = FileBatch(id: "b1", files: [file("é.nst", "aa"), file("b", "bb")])
    #expect(FileBatch(batch.json) == batch)
    let other = FileBatch(id: "b1", files: [file("c", "cc")])
    var object = try #require(batch.json.object)
    object["sha256"] = .string(other.sha256)
    #expect(FileBatch(.object(object)) == nil)
    object["files"] = [["name": "x"]]
    #expect(FileBatch(.object(object)) == nil)
  }

  @Test("name a batch by its contents, not by their names and order")
  func identity() {
    let one = FileBatch(id: "1", files: [file("a", "aa"), file("b", "bb")])
    let same = FileBatch(id: "2", files: [file("x", "bb"), file("y", "aa")])
    let other = FileBatch(id: "3", files: [file("a", "aa")])
    #expect(one.sha256 == same.sha256)
    #expect(one.sha256 != other.sha256)
  }
}
