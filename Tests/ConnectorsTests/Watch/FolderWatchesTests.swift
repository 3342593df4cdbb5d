import Crypto
import Engine
import Foundation
import Glibc
import Model
import Stores
import Synchronization
import Testing

@testable import Connectors
@testable import esteira

@Suite("The workers in watched folders", .timeLimit(.minutes(1)))
struct FolderWatchesTests {
  private static let inbox = Node.TriggerName(PipelineName(namespace: "demo", name: "p"), "inbox")
  private static let other = Node.TriggerName(PipelineName(namespace: "demo", name: "p"), "other")

  private static func trigger(
    _ name: Node.TriggerName = inbox, path: String = "/in", isEnabled: Bool = true
  ) -> FolderTrigger {
    FolderTrigger(name: name, spec: FilesTriggerSpec(path: path), isEnabled: isEnabled)
  }

  @Test("are one at a time for a trigger, however fast its file changes")
  func oneAtATime() async throws {
    let crew = Crew([Self.trigger()])
    let watches = crew.watches()
    watches.reconcile()
    await crew.wait { $0 == ["run inbox 1"] }
    crew.triggers([Self.trigger(isEnabled: false)])
    watches.reconcile()
    crew.triggers([Self.trigger()])
    watches.reconcile()
    crew.triggers([Self.trigger(path: "/new")])
    watches.reconcile()
    await crew.wait { $0.count == 3 }
    #expect(crew.said == ["run inbox 1", "stop inbox 1", "stop inbox 2"])
    crew.finish(1)
    await crew.wait { $0.last == "run inbox 2" }
    #expect(crew.said.dropFirst(3) == ["end inbox 1", "run inbox 2"])
    crew.finish(2)
    await crew.wait { $0.last == "run inbox 3" }
    crew.finish(3)
    await watches.stop()
  }

  @Test("have all ended when the stop returns, also those that were told to before")
  func stop() async throws {
    let crew = Crew([Self.trigger(), Self.trigger(Self.other)])
    let watches = crew.watches()
    watches.reconcile()
    await crew.wait { $0.count == 2 }
    crew.triggers([Self.trigger(isEnabled: false), Self.trigger(Self.other)])
    watches.reconcile()
    let stopped = Task {
      await watches.stop()
      crew.say("stopped")
    }
    await crew.wait { $0.count == 4 }
    crew.finish(1)
    await crew.wait { $0.count == 5 }
    crew.finish(2)
    await stopped.value
    #expect(crew.said.filter { $0.hasPrefix("end") }.count == 2 && crew.said.last == "stopped")
    watches.reconcile()
    #expect(crew.said.last == "stopped", "Nothing starts any more.")
  }

  @Test("go on where a trigger stays as it is")
  func same() async throws {
    let crew = Crew([Self.trigger()])
    let watches = crew.watches()
    for _ in 0..<3 { watches.reconcile() }
    await crew.wait { $0.count == 3 }
    #expect(Set(crew.said) == ["run inbox 1", "wake inbox 1"])
    crew.finish(1)
    await watches.stop()
  }

  @Test(
    "take back what a trigger that is gone had begun, after its watcher has ended; a disabled one's waits")
  func gone() async throws {
    let crew = Crew([Self.trigger()])
    let watches = crew.watches(begun: [Self.other])
    watches.reconcile()
    await crew.wait {
      Set($0) == ["run inbox 1", "back other 2"] || Set($0) == ["run inbox 2", "back other 1"]
    }
    let watcher = crew.said.contains("run inbox 1") ? 1 : 2
    crew.finish(3 - watcher)
    await crew.wait { $0.count == 3 }
    crew.triggers([Self.trigger(isEnabled: false)])
    watches.reconcile()
    crew.finish(watcher)
    await crew.wait { $0.last == "end inbox \(watcher)" }
    crew.triggers([])
    watches.reconcile()
    await crew.wait { $0.last == "back inbox 3" }
    crew.finish(3)
    await crew.wait { $0.last == "end inbox 3" }
    await watches.stop()
    #expect(!crew.said.contains { $0.hasPrefix("back other 3") }, "What is done is not done again.")
  }

  @Test("bring a file that a renamed trigger had moved to the job of the new one, within the granted folders")
  func renamed() async throws {
    let bench = try WatchBench()
    let data = bench.root + "/data"
    mkdir(data, 0o700)
    try "roots: {demo: [\(bench.inbox), \(bench.work)]}".write(
      toFile: data + "/esteira.yaml", atomically: true, encoding: .utf8)
    let pipeline = PipelineName(namespace: "demo", name: "p")
    bench.write("A", to: "a", in: bench.work)
    let log = ServerLog(LogSetting(), .english)
    let parts = try NodeParts(folder: try DataFolder(path: data), restores: true, log: log)
    let watches = FolderWatches(of: parts.node, folder: data) { _ in }
    try await parts.node.write([.revision(Self.revision(1, "old", bench))])
    watches.reconcile()
    // Its watcher has looked for what was begun by then.
    bench.deliver("first", as: "first")
    _ = try await Self.jobs(1, of: parts)
    let desk = parts.node.filesDesk(pipeline, trigger: "old")
    try await desk.begin(FileBatch(id: "1", files: [bench.arrived("A", as: "a")]))
    try await parts.node.write([.revision(Self.revision(2, "new", bench))])
    watches.reconcile()
    let jobs = try await Self.jobs(2, of: parts)
    await watches.stop()
    #expect(jobs.map(\.actor) == ["trigger:demo/p/new", "trigger:demo/p/old"])
    #expect(try parts.store.triggerMessages(of: pipeline, limit: 10).isEmpty)
    #expect(try parts.store.refusals(in: "demo", limit: 10).map(\.reason) == ["given-back"])
    #expect(bench.text(bench.work + "/a") == "A" && bench.names(bench.inbox) == [])
    await parts.node.stop(drain: .zero)
  }

  /// Newest first, once there are so many.
  private static func jobs(_ count: Int, of parts: NodeParts) async throws -> [JobSummary] {
    while true {
      let jobs = try parts.store.jobs(JobFilter(), before: nil, limit: 10)
      if jobs.count == count { return jobs }
      try Task.checkCancellation()
      await Task.yield()
    }
  }

  private static func revision(_ number: Int, _ trigger: String, _ bench: WatchBench) -> RevisionRecord {
    let source = Array(
      """
      apiVersion: esteira/v1
      id: p
      namespace: demo
      triggers:
        \(trigger):
          files: {path: \(bench.inbox), stable_for: 0s, claim: move, to: \(bench.work)}
      steps: {one: {value: 1}}

      """.utf8)
    return RevisionRecord(
      pipeline: PipelineName(namespace: "demo", name: "p"), number: number, title: "", source: source,
      sha256: SHA256.digest(source), files: [], createdAt: Timestamp(microseconds: 0), createdBy: "local:ana")
  }
}

/// Workers that do nothing and say what they are told; each ends when the test lets it.
private final class Crew: Sendable {
  private struct State {
    var triggers: [FolderTrigger]
    var said: [String] = []
    var count = 0
    var finished: Set<Int> = []
    var waiters: [(until: @Sendable ([String]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    var running: [Int: CheckedContinuation<Void, Never>] = [:]
  }

  private let state: Mutex<State>

  init(_ triggers: [FolderTrigger]) { state = Mutex(State(triggers: triggers)) }

  var said: [String] { state.withLock(\.said) }

  func triggers(_ triggers: [FolderTrigger]) { state.withLock { $0.triggers = triggers } }

  func watches(begun: Set<Node.TriggerName> = []) -> FolderWatches {
    FolderWatches(
      begun: begun, triggers: { self.state.withLock(\.triggers) },
      make: { (name, work) throws(Problem) in self.worker(name, work) }, log: { _ in })
  }

  private func worker(_ name: Node.TriggerName, _ work: FolderWork) -> FolderWorker {
    let number = state.withLock { state in
      state.count += 1
      return state.count
    }
    let word = work == .giveBack ? "back" : "run"
    return FolderWorker(
      run: {
        self.say("\(word) \(name.trigger) \(number)")
        await withCheckedContinuation { continuation in
          let isFinished = self.state.withLock { state in
            if state.finished.contains(number) { return true }
            state.running[number] = continuation
            return false
          }
          if isFinished { continuation.resume() }
        }
        self.say("end \(name.trigger) \(number)")
      }, stop: { self.say("stop \(name.trigger) \(number)") },
      wake: { self.say("wake \(name.trigger) \(number)") })
  }

  func finish(_ number: Int) {
    let running = state.withLock { state in
      state.finished.insert(number)
      return state.running.removeValue(forKey: number)
    }
    running?.resume()
  }

  func say(_ text: String) {
    let woken = state.withLock { state in
      state.said.append(text)
      let said = state.said
      let woken = state.waiters.filter { $0.until(said) }
      state.waiters.removeAll { $0.until(said) }
      return woken
    }
    for waiter in woken { waiter.continuation.resume() }
  }

  func wait(until condition: @escaping @Sendable ([String]) -> Bool) async {
    await withCheckedContinuation { continuation in
      let isMet = state.withLock { state in
        if condition(state.said) { return true }
        state.waiters.append((condition, continuation))
        return false
      }
      if isMet { continuation.resume() }
    }
  }
}
