import Engine
import Model
import Synchronization

/// What is to be done in the folders of a trigger.
enum FolderWork: Sendable, Hashable {
  case watch(FilesTriggerSpec)
  /// The trigger is gone, renamed or removed: the batches that it has begun are taken back.
  case giveBack
}

/// A trigger of kind `files` as its file stands now.
struct FolderTrigger: Sendable, Hashable {
  var name: Node.TriggerName
  var spec: FilesTriggerSpec
  var isEnabled: Bool
}

/// Who does it, until `stop` or until nothing is left to do.
struct FolderWorker: Sendable {
  var run: @Sendable () async -> Void
  var stop: @Sendable () -> Void
  var wake: @Sendable () -> Void
}

/// The workers in the folders of a running server: one at a time for each trigger, by its file as it stands.
/// What is granted is asked by each of them, at each look.
final class FolderWatches: Sendable {
  private struct State {
    var workers: [Node.TriggerName: (number: Int, work: FolderWork, worker: FolderWorker)] = [:]
    /// The last one of each trigger, until it has ended; it waits for those before it.
    var tasks: [Node.TriggerName: (number: Int, task: Task<Void, Never>)] = [:]
    /// Of these a begun batch may be open.
    var begun: Set<Node.TriggerName>
    var count = 0
    var isStopped = false
  }

  private let state: Mutex<State>
  private let triggers: @Sendable () -> [FolderTrigger]
  private let make: @Sendable (Node.TriggerName, FolderWork) throws(Problem) -> FolderWorker
  private let log: @Sendable (String) -> Void

  /// `begun`: triggers of which a batch may be open. `log` is given a line for each thing that an operator
  /// may look for.
  init(
    begun: Set<Node.TriggerName>, triggers: @escaping @Sendable () -> [FolderTrigger],
    make: @escaping @Sendable (Node.TriggerName, FolderWork) throws(Problem) -> FolderWorker,
    log: @escaping @Sendable (String) -> Void
  ) {
    state = Mutex(State(begun: begun))
    (self.triggers, self.make, self.log) = (triggers, make, log)
  }

  /// Starts, changes and ends workers, so that there is one for each trigger that is enabled, and one for
  /// each that is gone and may have left something.
  func reconcile() {
    state.withLock { state in
      if state.isStopped { return }
      // Read under the lock: of two at a time the later one has the newer reading.
      let wanted = wanted(state.begun)
      for (name, known) in state.workers {
        if wanted[name] == known.work {
          known.worker.wake()
        } else {
          known.worker.stop()
          state.workers[name] = nil
        }
      }
      for (name, work) in wanted where state.workers[name] == nil { start(name, work, &state) }
    }
  }

  /// What a disabled trigger has begun waits until it is enabled.
  private func wanted(_ begun: Set<Node.TriggerName>) -> [Node.TriggerName: FolderWork] {
    var wanted: [Node.TriggerName: FolderWork] = [:]
    for name in begun { wanted[name] = .giveBack }
    for trigger in triggers() { wanted[trigger.name] = trigger.isEnabled ? .watch(trigger.spec) : nil }
    return wanted
  }

  /// Two never touch the files of one trigger at a time.
  private func start(_ name: Node.TriggerName, _ work: FolderWork, _ state: inout State) {
    let worker: FolderWorker
    do throws(Problem) { worker = try make(name, work) } catch {
      return log("\(name.pipeline) \(name.trigger): \(error.message.english) \(error.remedy?.english ?? "")")
    }
    state.count += 1
    let (number, earlier) = (state.count, state.tasks[name]?.task)
    let task = Task {
      await earlier?.value
      await worker.run()
      ended(name, number)
    }
    state.begun.insert(name)
    state.workers[name] = (number, work, worker)
    state.tasks[name] = (number, task)
  }

  private func ended(_ name: Node.TriggerName, _ number: Int) {
    state.withLock { state in
      if state.tasks[name]?.number == number { state.tasks[name] = nil }
      // It was not told to: nothing is left.
      guard state.workers[name]?.number == number else { return }
      state.workers[name] = nil
      state.begun.remove(name)
    }
  }

  /// Returns once nobody touches a file any more.
  func stop() async {
    let tasks = state.withLock { state in
      state.isStopped = true
      for known in state.workers.values { known.worker.stop() }
      state.workers = [:]
      return state.tasks.values.map(\.task)
    }
    for task in tasks { await task.value }
  }
}
