import Access
import Synchronization

/// Intents between their row and their outcome. There are as many as requests that are being answered.
final class OpenIntents: Sendable {
  private struct State {
    var next: UInt64 = 0
    var tickets: [UInt64: AuditTicket] = [:]
  }

  private let state = Mutex(State())

  func add(_ ticket: AuditTicket) -> UInt64 {
    state.withLock { state in
      state.next += 1
      state.tickets[state.next] = ticket
      return state.next
    }
  }

  func take(_ intent: UInt64) -> AuditTicket? { state.withLock { $0.tickets.removeValue(forKey: intent) } }
}
