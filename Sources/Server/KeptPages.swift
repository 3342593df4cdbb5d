import API
import Access
import Engine
import Model
import Synchronization

/// Pages of a list as they were answered, for as long as nothing is committed: many people look at the same
/// first page, and most of the time nothing happens between two looks.
final class KeptPages: Sendable {
  /// All that an answer depends on, besides what is stored.
  struct Key: Hashable {
    private let query: [ScalarString]
    private let reach: Reach

    init(_ caller: Caller) {
      query = caller.request.query.flatMap { [ScalarString($0.name), ScalarString($0.value)] }
      reach = caller.reach
    }
  }

  private struct State {
    var version: Int64?
    var pages: [Key: [UInt8]] = [:]
  }

  static let mostPages = 64
  static let largestPage = 128 << 10
  private let state = Mutex(State())

  /// What is kept under this key, or what `make` makes. `version` is asked before, so that what is made is
  /// never older than it says.
  func page(
    _ key: Key, version: Int64?, make: () throws -> [UInt8]
  ) throws -> [UInt8] {
    guard let version else { return try make() }
    if let kept = state.withLock({ $0.version == version ? $0.pages[key] : nil }) { return kept }
    let page = try make()
    guard page.count <= Self.largestPage else { return page }
    state.withLock { state in
      if state.version != version { (state.version, state.pages) = (version, [:]) }
      if state.pages.count >= Self.mostPages { state.pages = [:] }
      state.pages[key] = page
    }
    return page
  }
}
