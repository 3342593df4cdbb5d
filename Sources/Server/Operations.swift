import API
import Crypto
import Model
import Synchronization

/// Long work, on many jobs or of another kind, as long as the server remembers it: the newest of it, and only
/// in memory. What it did is in the histories of jobs and in the audit.
final class Operations: Sendable {
  /// The oldest that have ended make room.
  static let mostRemembered = 100
  /// At a time.
  static let mostRunning = 4

  private struct Entry {
    var owner: String
    var verb: String
    var count: Int
    var startedAt: Timestamp
    var endedAt: Timestamp?
    var outcomes: [OperationItem.Outcome] = []
  }

  private struct State {
    var entries: [String: Entry] = [:]
    /// Oldest first.
    var order: [String] = []
  }

  private let state = Mutex(State())

  func begin(_ verb: String, count: Int, owner: String, at time: Timestamp) throws(Problem) -> String {
    let id = Hex.encode(SecureRandom.bytes(16))
    let isTaken = state.withLock { state in
      guard state.entries.values.count(where: { $0.endedAt == nil }) < Self.mostRunning else { return false }
      if state.order.count >= Self.mostRemembered,
        let place = state.order.firstIndex(where: { state.entries[$0]?.endedAt != nil })
      {
        state.entries[state.order.remove(at: place)] = nil
      }
      state.entries[id] = Entry(owner: owner, verb: verb, count: count, startedAt: time)
      state.order.append(id)
      return true
    }
    guard isTaken else { throw Self.tooMany }
    return id
  }

  func add(_ outcome: OperationItem.Outcome, to id: String) {
    state.withLock { $0.entries[id]?.outcomes.append(outcome) }
  }

  func end(_ id: String, at time: Timestamp) { state.withLock { $0.entries[id]?.endedAt = time } }

  func page(_ id: String, of owner: String, from: Int, limit: Int) throws(Problem) -> OperationItem {
    let entry = state.withLock { $0.entries[id] }
    guard let entry, entry.owner.utf8.elementsEqual(owner.utf8) else { throw Self.unknown(id) }
    return item(id, entry, from: from, limit: limit)
  }

  /// Without what came of each; nil where there is none of that id.
  func standing(_ id: String) -> OperationItem? {
    state.withLock { $0.entries[id] }.map { item(id, $0, from: 0, limit: 0) }
  }

  /// Who began it.
  func owner(of id: String) -> String? { state.withLock { $0.entries[id]?.owner } }

  private func item(_ id: String, _ entry: Entry, from: Int, limit: Int) -> OperationItem {
    let items = Array(entry.outcomes.dropFirst(from).prefix(limit))
    let refused = entry.outcomes.count { $0.outcome == "refused" }
    return OperationItem(
      id: id, verb: entry.verb, state: entry.endedAt == nil ? "running" : "done", count: entry.count,
      done: entry.outcomes.count - refused, refused: refused, startedAt: entry.startedAt,
      endedAt: entry.endedAt, items: items,
      nextCursor: from + items.count < entry.outcomes.count ? String(from + items.count) : nil)
  }

  private static func unknown(_ id: String) -> Problem {
    Problem(
      "no-operation",
      Bilingual("There is no operation \(id) of yours.", pt: "Não existe uma operação \(id) sua."),
      remedy: Bilingual(
        "The server remembers the last \(mostRemembered) until it restarts; the jobs and the audit "
          + "say what was done.",
        pt:
          "O servidor lembra as últimas \(mostRemembered) até reiniciar; os jobs e a auditoria dizem "
          + "o que foi feito."
      ))
  }

  private static let tooMany = Problem(
    "too-many-operations",
    Bilingual(
      "\(mostRunning) operations run already.", pt: "Já rodam \(mostRunning) operações."),
    remedy: Bilingual("Wait until one has ended.", pt: "Espere uma terminar."))
}
