internal import Model
internal import Synchronization

/// Who waits for an answer of the engine's thread. Each is answered once: by its turn, or by the clock while
/// the store takes nothing, when nobody knows yet how it ends.
final class OpenRequests: Sendable {
  private struct Request {
    var since: Duration
    /// One that asks what is stored need not wait for a commit.
    var reads: Bool
    var answerNow: @Sendable () -> Void
  }

  private let open = Mutex<(next: Int, requests: [Int: Request])>((0, [:]))

  /// Hands a reply to `ask` and returns what it was given, or `instead`.
  func answer<Value: Sendable>(
    since moment: Duration, reads: Bool = false, instead: Value,
    _ ask: (@escaping @Sendable (Value) -> Void) -> Void
  ) async -> Value {
    await withCheckedContinuation { continuation in
      let answerNow: @Sendable () -> Void = { continuation.resume(returning: instead) }
      let number = open.withLock { open in
        open.next += 1
        open.requests[open.next] = Request(since: moment, reads: reads, answerNow: answerNow)
        return open.next
      }
      ask { [self] value in
        let isOpen = open.withLock { $0.requests.removeValue(forKey: number) != nil }
        if isOpen { continuation.resume(returning: value) }
      }
    }
  }

  /// Lets all readers go.
  func answerReads() { answer { $0.reads } }

  /// Lets those go that have waited since before this moment.
  func giveUp(since moment: Duration) { answer { $0.since <= moment } }

  private func answer(_ isMeant: (Request) -> Bool) {
    let meant = open.withLock { open in
      let meant = open.requests.filter { isMeant($0.value) }
      for number in meant.keys { open.requests[number] = nil }
      return meant
    }
    for request in meant.values { request.answerNow() }
  }
}
