import FoundationEssentials
import Model
import Stores
import Testing
import Watchdog

@Suite("The watcher's own file", .timeLimit(.minutes(1)))
struct WatchFileTests {
  private final class Folder {
    let path = FileManager.default.temporaryDirectory.path + "/esteira-watch-\(UUID().uuidString)"
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var file: String { path + "/watch.db" }
  }

  private let moment = Timestamp(microseconds: 1_800_000_000_000_000)

  private func alert(_ number: UInt64, _ key: String) -> Alert {
    Alert(
      id: ID(high: number << 16, low: 1), key: key, finding: Finding(.noPing, ["limit": "1d"]), at: moment)
  }

  @Test("gives back all that it was given, also to another process")
  func roundTrip() throws {
    let folder = try Folder()
    var beat = Heartbeat(name: "nas", every: .seconds(60), grace: .seconds(5), since: moment)
    beat.last = .init(at: moment, by: "local:ana", hasFailed: true, message: "é", took: .milliseconds(1_500))
    beat.lastGood = moment
    var open = alert(1, "heartbeat nas")
    open.acknowledged = .init(by: "local:bia", at: moment, note: "on it")
    (open.state, open.toldAt, open.level, open.count, open.goodSince) = (.acknowledged, moment, 2, 3, moment)
    let mute = Mute(pattern: "demo/*", by: "a", reason: "b", at: moment, until: moment + .seconds(60))
    let rule = AlertRule(
      name: "demo", pattern: "demo/*", to: ["ops"], dedupe: .zero, remind: .seconds(90),
      escalations: [.init(after: .seconds(1_800), to: ["boss"])], by: "a", at: moment)
    let least = AlertRule(name: "least", pattern: "*", by: "a", at: moment)
    let gone = AlertRule(name: "gone", pattern: "*", by: "a", at: moment)
    let samples = [
      Sample(job: "a", endedAt: moment, value: 0.1),
      Sample(job: "b", endedAt: moment + .seconds(1), value: nil),
    ]
    do {
      let file = try WatchFile(path: folder.file)
      try file.save([
        .heartbeat(beat), .alert(open), .mute(mute), .rule(least),
        .rule(AlertRule(name: "demo", pattern: "x", by: "b", at: moment)), .rule(rule), .rule(gone),
        .removeRule(name: "gone"),
        .begun(key: "demo/daily volume", Begun(text: "{}", since: moment)),
        .samples(key: "demo/daily volume", samples, keep: 10),
        .notice(
          Told(notice: Notice(id: ID(high: 1, low: 2), kind: .firing, alert: open, at: moment, to: ["ops"]))),
      ])
    }
    let records = try WatchFile(reading: folder.file, exists: true).load()
    #expect(records.heartbeats == [beat])
    #expect(records.alerts == [open])
    #expect(records.mutes == [mute])
    #expect(records.rules == [rule, least])
    #expect(records.begun == ["demo/daily volume": Begun(text: "{}", since: moment)])
    #expect(records.samples == ["demo/daily volume": samples])
    let file = try WatchFile(path: folder.file)
    #expect(try file.unsent(limit: 10).map(\.notice.to) == [["ops"]])
    #expect(try file.notices(of: open.id, limit: 10).map(\.notice.alert) == [open])
  }

  @Test("a change is whole or not at all")
  func atomic() throws {
    let folder = try Folder()
    let file = try WatchFile(path: folder.file)
    var wrong = Heartbeat(name: "b", every: nil, since: moment)
    try file.save([.heartbeat(Heartbeat(name: "a", every: nil, since: moment))])
    wrong.name = "c"
    let reader = try WatchFile(reading: folder.file, exists: true)
    #expect(throws: WatchFault.self) { try reader.save([.heartbeat(wrong), .forget(heartbeat: "a")]) }
    #expect(try file.load().heartbeats.map(\.name) == ["a"])
  }

  @Test("lists newest first, by state, in pages and by the beginning of an id")
  func lists() throws {
    let folder = try Folder()
    let file = try WatchFile(path: folder.file)
    var alerts = (1...5).map { alert($0, "k\($0)") }
    alerts[0].state = .resolved
    alerts[0].resolvedAt = moment
    try file.save(alerts.map { .alert($0) })
    #expect(try file.alerts([.firing], before: nil, limit: 2).map(\.key) == ["k5", "k4"])
    #expect(try file.alerts([.firing], before: alerts[3].id, limit: 9).map(\.key) == ["k3", "k2"])
    #expect(try file.alerts([.resolved], before: nil, limit: 9).map(\.key) == ["k1"])
    #expect(try file.alerts(withPrefix: alerts[2].id.description, limit: 2).map(\.key) == ["k3"])
  }

  @Test("forgets what was resolved long ago, with what was told of it, and keeps what is open")
  func prune() throws {
    let folder = try Folder()
    let file = try WatchFile(path: folder.file)
    var old = alert(1, "old")
    (old.state, old.resolvedAt) = (.resolved, moment)
    let told = Notice(id: ID(high: 9, low: 9), kind: .resolved, alert: old, at: moment, to: [])
    try file.save([.alert(old), .alert(alert(2, "open")), .notice(Told(notice: told))])
    try file.save([.prune(before: moment + .seconds(1))])
    #expect(try file.alerts(Alert.State.allCases, before: nil, limit: 9).map(\.key) == ["open"])
    #expect(try file.notices(of: old.id, limit: 9).isEmpty)
  }

  @Test("keeps so many values as are compared, and none of another expectation")
  func samples() throws {
    let folder = try Folder()
    let file = try WatchFile(path: folder.file)
    let key = "demo/daily volume"
    let many = (0..<10).map { Sample(job: "\($0)", endedAt: moment + .seconds($0), value: Double($0)) }
    try file.save([.begun(key: key, Begun(text: "1", since: moment)), .samples(key: key, many, keep: 3)])
    #expect(try file.load().samples[key]?.map(\.job) == ["7", "8", "9"])
    try file.save([.begun(key: key, Begun(text: "2", since: moment))])
    #expect(try file.load().samples[key] == nil)
  }

  @Test("where there is no file nothing was ever watched")
  func missing() throws {
    let file = try WatchFile(reading: "/nowhere/watch.db", exists: false)
    #expect(try file.load().alerts.isEmpty)
  }

  @Test("what is no such file is refused with a sentence")
  func damaged() throws {
    let folder = try Folder()
    try Data("not a database, but long enough to be looked at as one".utf8).write(
      to: URL(filePath: folder.file))
    #expect(throws: WatchFault.self) { try WatchFile(path: folder.file) }
  }
}
