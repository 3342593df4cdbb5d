import Glibc

/// Runs work that blocks on a thread of its own, so that the shared ones, as few as the cores, stay free.
enum OwnThread {
  /// The caller's task waits; cancelling it does not interrupt `work`, which must watch for that itself.
  static func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
      start { continuation.resume(returning: work()) }
    }
  }

  /// As above, for work that can fail.
  static func run<Output: Sendable, Failure: Error>(
    throwing work: @escaping @Sendable () throws(Failure) -> Output
  ) async throws(Failure) -> Output {
    let result: Result<Output, Failure> = await run {
      do throws(Failure) { return .success(try work()) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Where the system gives no further thread the work is done here: slow is better than lost.
  private static func start(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let held = Unmanaged.passRetained(Body(body))
    let result = pthread_create(
      &thread, nil,
      { raw in
        if let raw { Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run() }
        return nil
      }, held.toOpaque())
    if result == 0 { pthread_detach(thread) } else { held.takeRetainedValue().run() }
  }
}
