public import Model
internal import Synchronization

/// What is committed on a node, for all who listen: a ring of the newest entries. Nobody who writes waits for
/// one who reads.
public final class Feed: Sendable {
  public struct Entry: Sendable {
    /// Unique on the data folder, also across its nodes, as long as the clock does not go back.
    public var position: Int64
    public var job: FeedJob
    public var news: News
  }

  public enum News: Sendable, Hashable {
    case change(JobChange)
    case emitted(EmittedNews)
  }

  /// What lies behind a position.
  public struct Page: Sendable {
    /// In order.
    public var entries: [Entry]
    /// Some of what lies behind the position is not known any more; the page begins with what is.
    public var hasGap: Bool
    /// With which the next page is asked for.
    public var position: Int64
  }

  public static let mostEntries = 16_384
  public static let mostBytes = 8 << 20

  private struct State {
    var ring = Deque<Entry>()
    var bytes = 0
    /// Of the next entry.
    var next: Int64
    var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
    var count = 0
  }
  private let state: Mutex<State>
  private let limits: (entries: Int, bytes: Int)

  /// `start`: the first position; a later node has to begin with a larger one.
  package init(from start: Int64, entries: Int = Feed.mostEntries, bytes: Int = Feed.mostBytes) {
    state = Mutex(State(next: start))
    limits = (entries, bytes)
  }

  /// The position behind the newest entry: nothing that is asked for after it was there before.
  public var position: Int64 { state.withLock { $0.next - 1 } }

  public func entries(after position: Int64, limit: Int) -> Page {
    state.withLock { state in
      let first = state.next - Int64(state.ring.count)
      let from = max(position + 1, first)
      guard from < state.next else {
        // One from the future, of a clock that went back, is as unknown as one from long ago.
        return Page(entries: [], hasGap: position != state.next - 1, position: state.next - 1)
      }
      let end = min(state.next, from + Int64(limit))
      let all = state.ring.all
      let start = all.startIndex + Int(from - first)
      return Page(
        entries: Array(all[start..<start + Int(end - from)]), hasGap: from > position + 1, position: end - 1)
    }
  }

  /// An element whenever there is something new; several may become one.
  public func rings() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let number = state.withLock { state in
      state.count += 1
      state.listeners[state.count] = continuation
      return state.count
    }
    continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.listeners[number] = nil } }
    return stream
  }

  /// Called on the engine's thread after a commit.
  package func append(_ news: [News], of job: FeedJob) {
    let listeners = state.withLock { state in
      for news in news {
        let entry = Entry(position: state.next, job: job, news: news)
        state.next += 1
        state.bytes += entry.weight
        state.ring.append(entry)
        while state.ring.count > limits.entries || state.bytes > limits.bytes && state.ring.count > 1 {
          state.bytes -= state.ring.popFirst()?.weight ?? 0
        }
      }
      return Array(state.listeners.values)
    }
    for listener in listeners { listener.yield() }
  }

  /// Nobody listened until now: whoever knows an older position has missed something.
  package func begin() {
    state.withLock { state in
      (state.ring, state.bytes) = (Deque(), 0)
      state.next += 2
    }
  }
}

extension Feed.Entry {
  /// About how many bytes it holds.
  fileprivate var weight: Int {
    let fixed = 256
    switch news {
    case .emitted: return fixed + FeedLimits.data / 4
    case .change(let change):
      switch change.kind {
      case .job, .progress, .step: return fixed
      case .failed(let failure): return fixed + failure.message.utf8.count
      case .ended(let end): return fixed + (end.outputs == nil ? 0 : FeedLimits.value)
      case .ask(let ask): return fixed + ask.title.utf8.count + (ask.choices == nil ? 0 : FeedLimits.value)
      }
    }
  }
}

/// Which job an entry is about. One value for all entries of a commit.
public final class FeedJob: Sendable {
  public let id: ID<Job>
  public let pipeline: PipelineName
  public let labels: [JobIdentity.Label]
  /// Who the job belongs to, by `access.owner` of its file.
  public let owner: String?
  /// By which others know it, and by which they know what it is a part of.
  public let key: String?
  public let correlation: String?

  public init(
    id: ID<Job>, pipeline: PipelineName, labels: [JobIdentity.Label], owner: String?, key: String? = nil,
    correlation: String? = nil
  ) {
    (self.id, self.pipeline, self.labels, self.owner) = (id, pipeline, labels, owner)
    (self.key, self.correlation) = (key, correlation)
  }
}

/// What `event.emit` sent.
public struct EmittedNews: Sendable, Hashable {
  public var at: Timestamp
  public var type: String
  public var room: String
  public var path: String
  /// The same event has the same key, should its step send it twice.
  public var key: String
  /// Nil where it is longer than `FeedLimits.data`.
  public var data: JSON?

  package init(at time: Timestamp, type: String, room: String, path: String, key: String, data: JSON?) {
    (at, self.type, self.room, self.path) = (time, type, room, path)
    (self.key, self.data) = (key, data)
  }
}
