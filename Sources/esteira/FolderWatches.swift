import Connectors
import Engine
import Model
import Pipelines
import Synchronization

/// The watchers of the `files` triggers of a running server: one for each trigger, as its file and the
/// granted roots stand now.
final class FolderWatches: Sendable {
  private struct Watch {
    var spec: FilesTriggerSpec
    var roots: FileRoots
    var watcher: FolderWatcher
    var task: Task<Void, Never>
  }

  private struct Name: Hashable {
    var pipeline: PipelineName
    var trigger: String
  }

  private struct State {
    var watches: [Name: Watch] = [:]
    var isStopped = false
  }

  private let state = Mutex(State())
  private let node: Node
  private let config: ConfigFile
  private let folder: String
  private let log: @Sendable (String) -> Void

  /// `log` is given a line for each thing that an operator may look for.
  init(node: Node, folder: String, log: @escaping @Sendable (String) -> Void) {
    (self.node, self.folder, self.log) = (node, folder, log)
    config = ConfigFile(folder: folder)
  }

  /// Starts, changes and ends watchers, so that there is one for each trigger that is enabled. One whose
  /// folder is not granted is logged, and looked at again at the next change of a pipeline.
  func reconcile() {
    var wanted: [Name: (FilesTriggerSpec, FileRoots)] = [:]
    for entry in node.triggers.all where entry.trigger.kind == "files" && entry.isEnabled {
      guard let spec = FilesTriggerSpec(spec: entry.trigger.spec) else { continue }
      do throws(Problem) {
        let roots = FileRoots(
          own: "\(folder)/folders/\(entry.pipeline.namespace)",
          granted: try config.roots(of: entry.pipeline.namespace))
        wanted[Name(pipeline: entry.pipeline, trigger: entry.trigger.name)] = (spec, roots)
      } catch { log("\(entry.pipeline): \(error.message.english)") }
    }
    state.withLock { state in
      if state.isStopped { return }
      var ending: [Name: Task<Void, Never>] = [:]
      for (name, watch) in state.watches {
        if let (spec, roots) = wanted[name], spec == watch.spec, roots == watch.roots {
          watch.watcher.wake()
          continue
        }
        watch.watcher.stop()
        state.watches[name] = nil
        ending[name] = watch.task
      }
      for (name, (spec, roots)) in wanted where state.watches[name] == nil {
        state.watches[name] = start(name, spec, roots, after: ending[name])
      }
    }
  }

  /// Two watchers never look at one folder at a time.
  private func start(
    _ name: Name, _ spec: FilesTriggerSpec, _ roots: FileRoots, after earlier: Task<Void, Never>?
  ) -> Watch? {
    let prefix = "\(name.pipeline) \(name.trigger)"
    do throws(Problem) {
      let watcher = try FolderWatcher(
        spec, roots: roots, desk: node.filesDesk(name.pipeline, trigger: name.trigger)
      ) { [log] in log("\(prefix): \($0)") }
      let task = Task {
        await earlier?.value
        await watcher.run()
      }
      return Watch(spec: spec, roots: roots, watcher: watcher, task: task)
    } catch {
      log("\(prefix): \(error.message.english) \(error.remedy?.english ?? "")")
      return nil
    }
  }

  /// Returns once no watcher touches a file any more.
  func stop() async {
    let tasks = state.withLock { state in
      state.isStopped = true
      defer { state.watches = [:] }
      for watch in state.watches.values { watch.watcher.stop() }
      return state.watches.values.map(\.task)
    }
    for task in tasks { await task.value }
  }
}
