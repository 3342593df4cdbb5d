import Model
import Synchronization

/// A list that several threads add to.
final class LockedList: Sendable {
  private let items = Mutex<[JSON]>([])
  func append(_ item: JSON) { items.withLock { $0.append(item) } }
  var values: [JSON] { items.withLock { $0 } }
}
