internal import Model

/// What tells two states of a file apart. Times are nanoseconds since 1970.
public struct FileStamp: Sendable, Hashable {
  public var device: UInt64
  public var inode: UInt64
  public var size: Int64
  public var modified: Int64
  /// The system's own mark of a change, which nobody can set back.
  public var changed: Int64

  public init(device: UInt64, inode: UInt64, size: Int64, modified: Int64, changed: Int64) {
    (self.device, self.inode, self.size) = (device, inode, size)
    (self.modified, self.changed) = (modified, changed)
  }
}

/// Which files of a folder are complete, and when a batch of them is due.
///
/// A file is complete once it has been seen unchanged for `stableFor`; any change begins that time anew. A
/// batch is due once `batchMax` files are complete, or `batchWait` after the first of them was. Moments are
/// those of the monotonic clock and never go back, so each step costs the same however many files there are.
public struct FileArrivals: Sendable {
  /// So many files are followed at once; what does not fit is seen again by the next scan.
  public static let limit = 10_000

  public struct File: Sendable, Hashable {
    public var name: String
    public var stamp: FileStamp
    public init(name: String, stamp: FileStamp) { (self.name, self.stamp) = (name, stamp) }
  }

  private struct Entry {
    var stamp: FileStamp
    /// That of its one valid place in a queue; places of earlier states are passed over.
    var turn: UInt64
    var isComplete = false
  }

  private struct Place {
    var name: ScalarString
    var turn: UInt64
    /// When it was last seen to change or, of a complete file, when it became complete.
    var since: Duration
  }

  private let stableFor: Duration
  private let batch: (max: Int, wait: Duration)
  private let limit: Int
  private var files: [ScalarString: Entry] = [:]
  private var waiting = Deque<Place>()
  private var complete = Deque<Place>()
  private var completeCount = 0
  private var turns: UInt64 = 0

  public init(_ spec: FilesTriggerSpec, limit: Int = Self.limit) {
    stableFor = spec.stableFor
    batch = (spec.batchMax, spec.batchWait)
    self.limit = limit
  }

  public var count: Int { files.count }
  /// Of both queues, those that are passed over included.
  var places: Int { waiting.count + complete.count }
  public var isFull: Bool { files.count >= limit }

  /// The file is there in this state. `isTouched`: something was done to it, even if its state shows nothing.
  /// False where it is not followed, because too many are.
  public mutating func see(_ name: String, _ stamp: FileStamp, isTouched: Bool = false, at now: Duration)
    -> Bool
  {
    let key = ScalarString(name)
    if let known = files[key] {
      if known.stamp == stamp, !isTouched { return true }
      if known.isComplete { completeCount -= 1 }
    } else if isFull {
      return false
    }
    turns += 1
    files[key] = Entry(stamp: stamp, turn: turns)
    waiting.append(Place(name: key, turn: turns, since: now))
    tidy()
    return true
  }

  /// The file is gone, or is no longer of interest.
  public mutating func forget(_ name: String) {
    guard let entry = files.removeValue(forKey: ScalarString(name)) else { return }
    if entry.isComplete { completeCount -= 1 }
    tidy()
  }

  public mutating func forgetAll() { self = Self(self) }

  private init(_ old: Self) {
    (stableFor, batch, limit) = (old.stableFor, old.batch, old.limit)
  }

  /// The files of the next batch if it is due, the longest complete first; they are no longer followed.
  public mutating func takeBatch(at now: Duration) -> [File] {
    settle(at: now)
    guard let first = complete.first, completeCount >= batch.max || first.since + batch.wait <= now else {
      return []
    }
    var taken: [File] = []
    while taken.count < batch.max, let place = complete.popFirst() {
      guard let entry = files[place.name], entry.turn == place.turn else { continue }
      files[place.name] = nil
      completeCount -= 1
      taken.append(File(name: place.name.string, stamp: entry.stamp))
    }
    tidy()
    return taken
  }

  /// When to ask `takeBatch` next; nil where only something new can make a batch due.
  public var next: Duration? {
    if completeCount >= batch.max { return .zero }
    let due = [complete.first.map { $0.since + batch.wait }, waiting.first.map { $0.since + stableFor }]
    return due.compactMap(\.self).min()
  }

  private mutating func settle(at now: Duration) {
    while let place = waiting.first, place.since + stableFor <= now {
      _ = waiting.popFirst()
      guard files[place.name]?.turn == place.turn else { continue }
      files[place.name]?.isComplete = true
      completeCount += 1
      complete.append(Place(name: place.name, turn: place.turn, since: place.since + stableFor))
    }
    tidy()
  }

  /// Keeps a valid place in front of each queue, so that `next` is right, and few invalid ones behind it.
  private mutating func tidy() {
    while let place = waiting.first, !isValid(place) { _ = waiting.popFirst() }
    while let place = complete.first, !isValid(place) { _ = complete.popFirst() }
    if waiting.count > Self.slack(files.count) { keepValid(&waiting) }
    if complete.count > Self.slack(files.count) { keepValid(&complete) }
  }

  private static func slack(_ count: Int) -> Int { 2 * count + 1_024 }

  private func isValid(_ place: Place) -> Bool { files[place.name]?.turn == place.turn }

  private func keepValid(_ queue: inout Deque<Place>) {
    var kept = Deque<Place>()
    while let place = queue.popFirst() { if isValid(place) { kept.append(place) } }
    queue = kept
  }
}
