import Engine
import Model
import Synchronization

/// Tells work on a thread of its own that its task was cancelled; the work asks between its pieces.
final class CancelFlag: Sendable {
  private let isSet = Atomic(false)

  func set() { isSet.store(true, ordering: .relaxed) }

  func check() throws(Failure) {
    if isSet.load(ordering: .relaxed) {
      throw Failure(
        .cancelled, code: "confirmed", "The step was cancelled; what it had begun was taken back.")
    }
  }
}

extension OwnThread {
  /// Runs work that blocks and asks the flag now and then.
  static func cancellable<Output: Sendable>(
    _ work: @escaping @Sendable (CancelFlag) throws(Failure) -> Output
  ) async throws(Failure) -> Output {
    let flag = CancelFlag()
    let result: Result<Output, Failure> = await withTaskCancellationHandler {
      await run {
        do throws(Failure) {
          try flag.check()
          return .success(try work(flag))
        } catch { return .failure(error) }
      }
    } onCancel: {
      flag.set()
    }
    return try result.get()
  }
}
