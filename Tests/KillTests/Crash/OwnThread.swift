import Foundation

/// Runs work that blocks on a thread of its own, so that the few threads that all tests share stay free.
func onOwnThread<Answer: Sendable>(_ body: @escaping @Sendable () throws -> Answer) async throws -> Answer {
  let result: Result<Answer, any Error> = await withCheckedContinuation { continuation in
    let thread = Thread { continuation.resume(returning: Result { try body() }) }
    thread.stackSize = 8 << 20
    thread.start()
  }
  return try result.get()
}
