import Connectors
import Engine
import Model
import Pipelines

// The workers of a server.
extension FolderWatches {
  /// `log` is given a line for each thing that an operator may look for.
  convenience init(of node: Node, folder: String, log: @escaping @Sendable (String) -> Void) {
    let config = ConfigFile(folder: folder)
    self.init(
      begun: node.begun, triggers: { Self.triggers(of: node.triggers) },
      make: { (name, work) throws(Problem) in
        let namespace = name.pipeline.namespace
        let roots: @Sendable () throws(Problem) -> FileRoots = { () throws(Problem) in
          FileRoots(own: "\(folder)/folders/\(namespace)", granted: try config.roots(of: namespace))
        }
        let desk = node.filesDesk(name.pipeline, trigger: name.trigger)
        let prefix = "\(name.pipeline) \(name.trigger): "
        switch work {
        case .watch(let spec):
          let watcher = try FolderWatcher(spec, roots: roots, desk: desk) { log(prefix + $0) }
          return FolderWorker(run: { await watcher.run() }, stop: watcher.stop, wake: watcher.wake)
        case .giveBack:
          let giving = try BatchReturn(desk: desk, roots: roots) { log(prefix + $0) }
          return FolderWorker(run: { await giving.run() }, stop: giving.stop, wake: {})
        }
      }, log: log)
  }

  private static func triggers(of book: TriggerBook) -> [FolderTrigger] {
    book.all.compactMap { entry in
      guard entry.trigger.kind == "files", let spec = FilesTriggerSpec(spec: entry.trigger.spec) else {
        return nil
      }
      return FolderTrigger(
        name: Node.TriggerName(entry.pipeline, entry.trigger.name), spec: spec, isEnabled: entry.isEnabled)
    }
  }
}
