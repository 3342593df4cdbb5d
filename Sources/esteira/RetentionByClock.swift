import Engine
import Model
import Synchronization

/// Deletes what the rules give up, when the node's clock says so.
final class RetentionByClock: Sendable {
  private struct Parts {
    var node: Node
    var tell: @Sendable (Problem) -> Void
  }
  private let parts = Mutex<Parts?>(nil)

  /// The node is made after what it calls.
  func begin(_ node: Node, tell: @escaping @Sendable (Problem) -> Void) {
    parts.withLock { $0 = Parts(node: node, tell: tell) }
  }

  func run() {
    guard let parts = parts.withLock({ $0 }) else { return }
    Task {
      do throws(Problem) { _ = try await parts.node.retain(by: "node") } catch {
        // Tomorrow it is tried again.
        parts.tell(error)
      }
    }
  }
}
