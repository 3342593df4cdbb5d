/// What a watcher does at the moment.
public struct FolderWatchStatus: Sendable, Hashable {
  /// The folder is granted and open.
  public var isAttached = false
  /// The system tells of changes; else the folder is looked through at intervals.
  public var isTold = false
  /// Files that are followed until they are complete or their batch is due.
  public var waiting = 0
  /// Since the start.
  public var scans = 0
  public var batches = 0
  /// Batches that were begun and cannot be finished now: a folder of theirs is not granted any more, or
  /// cannot be opened. They stay open and are tried again.
  public var left = 0
  /// Why the last one of them is.
  public var leftBecause: String?
  /// Turns in a row that ended in an error, and what the last one was.
  public var failures = 0
  public var lastFailure: String?
}

/// How often a watcher does what nothing tells it to do.
enum WatchPace {
  /// A look through the whole folder, because events can be lost.
  static let scan: Duration = .seconds(60)
  /// The same where nothing tells of changes.
  static let scanUntold: Duration = .seconds(10)
  /// Of the time at most one part in so many goes into such looks.
  static let scanShare = 10
  /// So many names are read at once before events and orders to stop are looked at.
  static let slice = 2_048
  /// For a folder that is missing or not granted.
  static let attach: Duration = .seconds(5)
  /// For a trigger that may take nothing now, unless it is told by `wake`.
  static let held: Duration = .seconds(5)
  /// What is granted is asked so often while nothing is taken; before that it is asked in any case.
  static let grant: Duration = .seconds(1)
  /// For a batch that was begun and cannot be finished.
  static let left: Duration = .seconds(30)
  /// For a file that could not be taken and does not change.
  static let aside: Duration = .seconds(600)
  /// So many such files are remembered.
  static let asideLimit = 10_000
  /// After an error, doubled each time.
  static let firstBackoff: Duration = .milliseconds(100)
  static let longestBackoff: Duration = .seconds(30)

  static func backoff(after failures: Int) -> Duration {
    min(longestBackoff, firstBackoff * (1 << min(max(failures - 1, 0), 16)))
  }
}
