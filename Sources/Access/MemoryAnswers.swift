internal import Model
internal import Synchronization

/// Answers in memory, for a server without a file and for tests: at most `KeptAnswers.most`, the oldest go
/// first.
public final class MemoryAnswers: Sendable {
  private struct Name: Hashable {
    var principal: ScalarString
    var key: ScalarString
  }

  private struct State {
    var rows: [Name: KeptRow] = [:]
    /// In the order in which they came; one that came twice stands there twice.
    var order: [Name] = []
    var first = 0
  }

  private let state = Mutex(State())
  private let most: Int

  public init(most: Int = KeptAnswers.most) { self.most = most }

  public var answers: KeptAnswers {
    KeptAnswers(
      find: { [self] (principal, key) throws(Problem) in
        state.withLock { $0.rows[Name(principal: ScalarString(principal), key: ScalarString(key))] }
      },
      keep: { [self] (principal, key, row, oldest) throws(Problem) in
        keep(Name(principal: ScalarString(principal), key: ScalarString(key)), row, oldest)
      })
  }

  public var count: Int { state.withLock { $0.rows.count } }

  private func keep(_ name: Name, _ row: KeptRow, _ oldest: Timestamp) {
    state.withLock { state in
      state.rows[name] = row
      state.order.append(name)
      while state.first < state.order.count {
        let candidate = state.order[state.first]
        let isOld = state.rows[candidate].map { $0.at < oldest } ?? true
        guard isOld || state.rows.count > most else { break }
        state.first += 1
        state.rows[candidate] = nil
      }
      if state.first > state.order.count / 2 {
        state.order.removeFirst(state.first)
        state.first = 0
      }
    }
  }
}
