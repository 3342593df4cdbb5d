internal import Engine
internal import Model
internal import Synchronization

/// Lines of a job's log that have just reached its file.
public struct LogBatch: Sendable, Hashable {
  /// How many lines stand before them in the file.
  public var first: Int
  public var lines: [LogLine]
  /// Counts the batches for one follower, from 0: where one is left out, the follower was too slow for it.
  public var number = 0

  public init(first: Int, lines: [LogLine]) { (self.first, self.lines) = (first, lines) }
}

/// Where a reader of a log has come to.
public struct LogPlace: Sendable, Hashable {
  var frames = 0
  var bytes: Int64 = 0
  /// How many lines stand before it.
  public private(set) var lines = 0

  public static let beginning = LogPlace()

  private init() {}

  init(end: LogScan.End, lines: Int) { (frames, bytes, self.lines) = (end.frames, end.bytes, lines) }

  var end: LogScan.End { LogScan.End(frames: frames, bytes: bytes) }
}

public struct LogPage: Sendable {
  public var lines: [LogLine]
  public var next: LogPlace
  /// Nothing stands behind it by now.
  public var isLast: Bool

  /// As much of the file as one page reads, and to the end of a frame.
  static let bytes: Int64 = 256 * 1024
}

extension LogLine {
  /// Stands before the first line.
  static let first = LogLine(at: Timestamp(microseconds: 0), level: .warn, node: 0, attempt: 0, message: "")
}

/// Those who follow logs. What one of them does not take in time it finds in the file.
final class LogTails: Sendable {
  /// Batches that wait for one follower at most; a batch is no longer than a frame.
  static let waiting = 16

  private struct Follower {
    var stream: AsyncStream<LogBatch>.Continuation
    var told = 0
  }

  private struct State {
    var streams: [ID<Job>: [Int: Follower]] = [:]
    var count = 0
  }
  private let state = Mutex(State())

  func isFollowed(_ job: ID<Job>) -> Bool { state.withLock { $0.streams[job] != nil } }

  func follow(_ job: ID<Job>) -> AsyncStream<LogBatch> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: LogBatch.self, bufferingPolicy: .bufferingNewest(Self.waiting))
    let number = state.withLock { state in
      state.count += 1
      state.streams[job, default: [:]][state.count] = Follower(stream: continuation)
      return state.count
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { state in
        state.streams[job]?[number] = nil
        if state.streams[job]?.isEmpty == true { state.streams[job] = nil }
      }
    }
    return stream
  }

  func tell(_ batch: LogBatch, of job: ID<Job>) {
    let followers = state.withLock { state -> [Follower] in
      guard let followers = state.streams[job] else { return [] }
      for number in followers.keys { state.streams[job]?[number]?.told += 1 }
      return Array(followers.values)
    }
    for follower in followers {
      var batch = batch
      batch.number = follower.told
      follower.stream.yield(batch)
    }
  }
}
