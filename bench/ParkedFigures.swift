import CSystem
import Crypto
import Engine
import Foundation
import Model

/// Jobs that wait out of memory, and a node that is killed beside them.
///
/// Another process of this program lays the ground with the engine itself: it starts every job, lets the
/// engine park those that wait, and is killed while the others run. A third one goes on from there.
struct ParkedFigures {
  var parked: Int
  var running: Int
  static let rounds = 3

  private static let folder = "parked"

  func measure() async throws -> [Figure] {
    let path = Folder.freshDatabase(Self.folder)
    let key = SymmetricKey.generate()
    let laid = try Child.run("lay", path, hex(key), "\(parked)", "\(running)", killed: true)
    var (times, memory): ([Double], [Double]) = ([], [])
    for _ in 0..<Self.rounds {
      let loaded = try Child.run("load", path, hex(key), "\(running)", killed: true)
      times.append(try loaded.number("seconds"))
      memory.append(try loaded.number("resident"))
    }
    Folder.remove(Self.folder)
    let title = "\(Figure.text(Double(parked))) parked and \(Figure.text(Double(running))) running"
    return [
      Figure("parked_memory", "a parked job in memory", try laid.number("bytes"), "bytes"),
      Figure("reload", "\(title), loaded after SIGKILL", times, "s"),
      Figure("reload_memory", "resident after it", memory.map { $0 / 1_048_576 }, "MB"),
    ]
  }

  private func hex(_ key: SymmetricKey) -> String {
    key.reveal().map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }.joined()
  }
}

/// What runs in a process of its own.
enum ParkedGround {
  private static func parts(_ key: String) throws -> MeasuredNode.Parts {
    var parts = MeasuredNode.Parts(["parked": Source.parked, "single": Source.single("bench.hang")])
    parts.connectors = [NoOperation(), Hangs()]
    var bytes: [UInt8] = []
    var rest = key[...]
    while !rest.isEmpty {
      bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
      rest = rest.dropFirst(2)
    }
    guard let key = SymmetricKey(bytes) else { throw BenchError("This is no key.") }
    parts.key = key
    return parts
  }

  /// Parks so many jobs, lets others run, tells what a parked one takes, and waits for its end.
  static func lay(_ path: String, _ key: String, parked: Int, running: Int) async throws {
    var parts = try parts(key)
    parts.change = {
      $0.maxLiveJobs = parked + running
      $0.parksAfter = .milliseconds(10)
    }
    let node = try await MeasuredNode(parts, path: path)
    // What is made once, such as the plan, is there before it is measured.
    try await node.start("parked")
    _ = await node.store.reaches(.parked, 1)
    let before = csystem_heap_in_use()
    try await node.start("parked", parked - 1)
    _ = await node.store.reaches(.parked, parked)
    let bytes = (Double(csystem_heap_in_use()) - Double(before)) / Double(max(parked - 1, 1))
    try await node.start("single", running)
    try await forEver(["bytes": .double(bytes)])
  }

  /// Goes on where the killed process was: until what was lost with it is decided and durable.
  static func load(_ path: String, _ key: String, running: Int) async throws {
    var parts = try parts(key)
    parts.isNew = false
    // They are lost with their process more often here than a step may be.
    parts.change = { $0.crashBudget = 1_000 }
    let begin = ContinuousClock.now
    let node = try await MeasuredNode(parts, path: path)
    guard node.node.recovered.count == running else {
      throw BenchError("\(node.node.recovered.count) jobs were loaded.")
    }
    await node.node.settled()
    let seconds = (ContinuousClock.now - begin).inSeconds
    try await forEver([
      "seconds": .double(seconds), "resident": .double(try Child.residentBytes(of: getpid())),
    ])
  }

  private static func forEver(_ said: JSON) async throws {
    Child.say(said)
    try await Task.sleep(for: .seconds(86_400))
  }
}
