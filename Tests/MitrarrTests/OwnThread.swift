import Foundation

/// Runs what waits for programs on a thread of its own: the shared ones are as few as the cores, and all
/// other tests need them.
func onOwnThread(_ body: @escaping @Sendable () throws -> Void) async throws {
  let result: Result<Void, any Error> = await withCheckedContinuation { continuation in
    let thread = Thread { continuation.resume(returning: Result { try body() }) }
    thread.stackSize = 8 << 20
    thread.start()
  }
  try result.get()
}
