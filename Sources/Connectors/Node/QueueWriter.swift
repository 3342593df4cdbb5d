import Crypto
import Engine
import Model
import Synchronization

/// Lines of a queue as they come, into a file of the work folder. Blocks.
final class QueueWriter: Sendable {
  private struct State: ~Copyable {
    var file: OpenFile
    var hash = SHA256()
    var size: Int64 = 0
    var names: [QueuedItem.Name] = []
    var pending: [UInt8] = []
  }
  private let state: Mutex<State>
  private static let flushAt = 1 << 18

  init(_ path: String) throws(Failure) {
    let file: OpenFile
    do throws(SystemError.Number) { file = try .newOwn(path) } catch { throw .workFolder(error.value) }
    state = Mutex(State(file: file))
  }

  var names: [QueuedItem.Name] { state.withLock { $0.names } }

  func write(_ item: QueuedItem) throws(Failure) {
    let bytes = item.line
    try state.withLock { state throws(Failure) in
      state.names.append(item.name)
      state.pending += bytes
      if state.pending.count >= Self.flushAt { try Self.flush(&state) }
    }
  }

  func finish() throws(Failure) -> Digest {
    try state.withLock { state throws(Failure) in
      try Self.flush(&state)
      return Digest(sha256: Hex.encode(state.hash.finish()), size: state.size)
    }
  }

  private static func flush(_ state: inout State) throws(Failure) {
    do throws(SystemError.Number) { try state.file.write(state.pending[...]) } catch {
      throw .workFolder(error.value)
    }
    state.hash.update(state.pending, 0..<state.pending.count)
    state.size += Int64(state.pending.count)
    state.pending.removeAll(keepingCapacity: true)
  }
}
