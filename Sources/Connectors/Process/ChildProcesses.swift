import CSystem
import Engine
import Glibc
import Model
import Synchronization

/// Starts child processes, each under a supervisor of its own, which is this program once more.
///
/// No child outlives its node unnoticed: its supervisor ends it when the node is gone, and `settle` waits for
/// that before anything of the same step execution starts again.
public struct ChildProcesses: Sendable {
  private let supervisors: Supervisors
  let slots: ChildSlots

  /// `supervisor`: the program that answers to `supervise`; this very one by default, also when its file was
  /// replaced. `limit`: how many children may live at a time, twice the cores if nil; later ones wait.
  public init(supervisor: String = "/proc/self/exe", limit: Int? = nil) {
    supervisors = Supervisors(program: supervisor)
    slots = ChildSlots(limit: max(1, limit ?? 2 * sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Runs the program to its end and the end of all that it started.
  ///
  /// Cancelling the task ends them by SIGTERM and, after the order's grace, SIGKILL; this returns when they
  /// are gone. `received` is called on one thread of its own, in the order of each stream.
  func run(
    _ order: ChildOrder, received: @escaping @Sendable (ChildStream, ArraySlice<UInt8>) -> Void
  ) async throws(Failure) -> ChildEnd {
    let life = LifeLine()
    return try await run(order, life: life, cancelled: { life.askForEnd() }, received: received)
  }

  /// As above, where something else than cancelling may ask `life` for the end, or cancelling is something
  /// else first.
  func run(
    _ order: ChildOrder, life: LifeLine, cancelled: @escaping @Sendable () -> Void,
    received: @escaping @Sendable (ChildStream, ArraySlice<UInt8>) -> Void
  ) async throws(Failure) -> ChildEnd {
    guard await slots.take() else { throw .cancelledBeforeStart }
    defer { slots.release() }
    let supervisors = supervisors
    let result: Result<ChildEnd, Failure> = await withTaskCancellationHandler {
      await OwnThread.run {
        do throws(Failure) {
          var child = try RunningChild(order, supervisors: supervisors, life: life)
          return .success(child.run(received))
        } catch { return .failure(error) }
      }
    } onCancel: {
      cancelled()
    }
    return try result.get()
  }
}

extension Failure {
  static let cancelledBeforeStart = Failure(
    .cancelled, code: "confirmed", "The attempt was cancelled before its program started.")
}

enum ChildStream: Sendable { case output, errors }

/// One program to run.
struct ChildOrder: Sendable {
  /// An absolute path.
  var program: String
  /// With the program's own name first.
  var arguments: [String]
  /// All of it: nothing is inherited.
  var environment: [(name: String, value: String)]
  var workFolder: String
  /// A file; nil for an empty stream.
  var input: String?
  /// What the program reads from its descriptor 3; nil for none. At most `extraLimit` bytes.
  var extra: [UInt8]?
  /// What the program and the node say to each other on its descriptors 3 and 4; then there is no `extra`.
  var channel: ChildChannel?
  /// Where the supervisor keeps its records, fresh for each attempt.
  var recordFolder: String
  var grace: Duration
  /// By the names that `esteira_limit_named` knows, such as `as`.
  var limits: [(name: String, value: UInt64)] = [("core", 0)]

  /// What a pipe holds without a reader.
  static let extraLimit = 65_536
}

enum ChildEnd: Hashable, Sendable {
  case ended(SupervisorReport)
  /// The supervisor itself was killed; what it had started was killed too.
  case supervisorLost
}

/// The node's end of the socket to a supervisor, shared between the thread that waits and whoever cancels.
final class LifeLine: Sendable {
  private struct State {
    var descriptor: Int32 = -1
    var wasAsked = false
  }
  private let state = Mutex(State())

  /// A byte on the socket; before there is one, the wish is kept.
  func askForEnd() {
    state.withLock { state in
      state.wasAsked = true
      Self.send(state.descriptor)
    }
  }

  func open(_ descriptor: Int32) {
    state.withLock { state in
      state.descriptor = descriptor
      if state.wasAsked { Self.send(descriptor) }
    }
  }

  func close() {
    state.withLock { state in
      if state.descriptor >= 0 { Glibc.close(state.descriptor) }
      state.descriptor = -1
    }
  }

  var wasAsked: Bool { state.withLock { $0.wasAsked } }

  private static func send(_ descriptor: Int32) {
    var byte = UInt8(ascii: "e")
    if descriptor >= 0 { _ = Glibc.send(descriptor, &byte, 1, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) }
  }
}
