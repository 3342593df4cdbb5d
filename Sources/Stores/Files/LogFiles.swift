public import Crypto
public import Engine
public import Model
internal import Synchronization

/// One line of a step's log.
public struct LogLine: Sendable, Hashable {
  public var at: Timestamp
  public var level: LogLevel
  public var node: UInt32
  public var attempt: Int
  public var message: String

  public init(at: Timestamp, level: LogLevel, node: UInt32, attempt: Int, message: String) {
    (self.at, self.level, self.node, self.attempt, self.message) = (at, level, node, attempt, message)
  }
}

/// Logs of steps, sealed under the key of their job, one file a job.
///
/// Lines are gathered in memory and written by one thread of its own when there are enough of them, a second
/// after the first of them, and by `flush`. What was written survives the process; a power cut may cost the
/// last lines.
public final class LogFiles: Sendable {
  /// A longer line is cut, and says so.
  public static let lineLimit = 64 * 1024
  /// Of one step execution; what comes after it is counted, and a line tells how many were left out.
  public static let stepLimit = 64 * 1024 * 1024
  /// Lines of one job that wait for the disk; beyond it they are left out and counted.
  public static let waitingLimit = 4 * 1024 * 1024
  /// So many bytes are worth a write.
  static let writeSize = 64 * 1024
  /// So many lines are worth a write.
  public static let writeLines = 64
  /// As long as a line waits for others at most; what is younger is lost with the process.
  public static let writePause = Duration.seconds(1)
  /// The same where somebody follows the job's log.
  public static let followedPause = Duration.milliseconds(100)

  private let folder: String
  private let stepLimit: Int
  private let pause: @Sendable (Duration) async -> Void
  private let thread = BlockingThreads(count: 1)
  private let jobs = Mutex<[ID<Job>: JobLog]>([:])
  private let tails = LogTails()

  /// `pause` waits for the time that it is given.
  public init(
    folder: String, stepLimit: Int = LogFiles.stepLimit,
    pause: @escaping @Sendable (Duration) async -> Void
  ) {
    (self.folder, self.stepLimit, self.pause) = (folder, stepLimit, pause)
  }

  /// Keeps a line. Never blocks and never fails: what cannot be kept is counted.
  public func append(_ line: LogLine, job: ID<Job>, key: SymmetricKey) {
    switch jobs.withLock({ $0[job, default: JobLog(key: key)].append(line, stepLimit: stepLimit) }) {
    case .now: Task { await flush(job) }
    case .soon:
      Task {
        await pause(tails.isFollowed(job) ? Self.followedPause : Self.writePause)
        await flush(job)
      }
    case .later: return
    }
  }

  /// Writes what was gathered for the job, and tells of lines that were left out. Called at the end of an
  /// attempt. The answer says why lines could not be written; they are then lost.
  @discardableResult
  public func flush(_ job: ID<Job>) async -> Failure? {
    await thread.run { self.write(job) }
  }

  /// Forgets what is in memory for a job that has ended; its file stays.
  public func close(_ job: ID<Job>) async {
    await flush(job)
    jobs.withLock { _ = $0.removeValue(forKey: job) }
  }

  /// The lines of the job that reach its file from now on.
  public func follow(_ job: ID<Job>) -> AsyncStream<LogBatch> { tails.follow(job) }

  /// The lines behind a place in the file. What waits for the file is written first. A hole in the middle is
  /// a line that tells of it.
  public func page(_ job: ID<Job>, key: SymmetricKey, after place: LogPlace) async throws(Failure) -> LogPage
  {
    let path = path(of: job)
    return try await thread.run { () throws(Failure) in
      _ = self.write(job)
      var (lines, last): ([LogLine], LogLine?) = ([], nil)
      let end = try LogFile.scan(path, job: job, key: key, from: place.end, bytes: LogPage.bytes) { entry in
        let line = Self.line(of: entry, behind: last ?? LogLine.first)
        last = line
        lines.append(line)
      }
      return LogPage(
        lines: lines, next: LogPlace(end: end, lines: place.lines + lines.count),
        isLast: end.bytes - place.end.bytes < LogPage.bytes)
    }
  }

  /// A hole has the place of the line before it.
  private static func line(of entry: LogScan.Entry, behind last: LogLine) -> LogLine {
    switch entry {
    case .line(let line): return line
    case .gap(let bytes):
      var line = last
      line.level = .warn
      line.message =
        "\(bytes) bytes of the log are missing here: they were not on the disk, or have changed."
      return line
    }
  }

  /// The lines of a job in the order in which they were written; of one step execution or one attempt of it
  /// where these are given. Leaves out the first `skip` of them and gives at most `limit`.
  ///
  /// What a crash left half written at the end is no error, and a hole in the middle is a line that tells of
  /// it, whichever step is asked for. A job without a file has no lines.
  public func read(
    _ job: ID<Job>, key: SymmetricKey, node: UInt32? = nil, attempt: Int? = nil, skip: Int = 0,
    limit: Int = 10_000
  ) async throws(Failure) -> [LogLine] {
    let path = path(of: job)
    return try await thread.run { () throws(Failure) in
      _ = self.write(job)
      var (lines, passed): ([LogLine], Int) = ([], 0)
      var last = LogLine.first
      try LogFile.scan(path, job: job, key: key) { entry in
        var line = Self.line(of: entry, behind: last)
        switch entry {
        case .line:
          last = line
          if let node, line.node != node { return true }
          if let attempt, line.attempt != attempt { return true }
        case .gap: (line.node, line.attempt) = (node ?? line.node, attempt ?? line.attempt)
        }
        passed += 1
        if passed > skip { lines.append(line) }
        return lines.count < limit
      }
      return lines
    }
  }

  private func path(of job: ID<Job>) -> String { folder + "/" + job.description }

  /// On the one thread, so that the frames of a job follow each other.
  private func write(_ job: ID<Job>) -> Failure? {
    let path = path(of: job)
    guard let isOpen = jobs.withLock({ $0[job]?.isOpen }) else { return nil }
    do throws(Failure) {
      if !isOpen { try open(job, path) }
      while let frame = jobs.withLock({ $0[job]?.take() }) {
        try LogFile.append(frame.plain, index: frame.index, to: path, job: job, key: frame.key)
        if let batch = jobs.withLock({ $0[job]?.written() }) { tails.tell(batch, of: job) }
      }
      return nil
    } catch {
      // The lines are lost, which the next line of the log says; the job goes on without them.
      jobs.withLock { $0[job]?.fail() }
      return error
    }
  }

  /// Finds out what the file holds already, and cuts what a crash left half written.
  private func open(_ job: ID<Job>, _ path: String) throws(Failure) {
    guard let key = jobs.withLock({ $0[job]?.key }) else { return }
    try LogFile.prepare(folder)
    var (sizes, lines): ([UInt32: Int], Int) = ([:], 0)
    let end = try LogFile.scan(path, job: job, key: key) { entry in
      lines += 1
      if case .line(let line) = entry { sizes[line.node, default: 0] += line.message.utf8.count }
      return true
    }
    try LogFile.cut(path, at: end)
    jobs.withLock { $0[job]?.open(frames: end.frames, lines: lines, sizes: sizes) }
  }
}

/// What is in memory of a job's log.
private struct JobLog {
  let key: SymmetricKey
  private(set) var isOpen = false
  private var waiting: [LogLine] = []
  private var waitingBytes = 0
  /// What the last `take` gave.
  private var writing: [LogLine] = []
  private var frames = 0
  /// In the file.
  private var lines = 0
  private var sizes: [UInt32: Int] = [:]
  /// Lines left out since the last line that told of them, by node; the line that tells has their place.
  private var gaps: [UInt32: (count: Int, last: LogLine)] = [:]

  init(key: SymmetricKey) { self.key = key }

  mutating func open(frames: Int, lines: Int, sizes: [UInt32: Int]) {
    isOpen = true
    (self.frames, self.lines) = (frames, lines)
    self.sizes.merge(sizes, uniquingKeysWith: +)
  }

  /// When a line must be written: `later` by a write that is due already.
  enum Due { case now, soon, later }

  mutating func append(_ line: LogLine, stepLimit: Int) -> Due {
    var line = line
    line.message = line.message.cut(to: LogFiles.lineLimit)
    let size = line.message.utf8.count
    let isOverStep = sizes[line.node, default: 0] + size > stepLimit
    if isOverStep || waitingBytes + size > LogFiles.waitingLimit {
      gaps[line.node] = (count: (gaps[line.node]?.count ?? 0) + 1, last: line)
      return .later
    }
    let before = waitingBytes
    sizes[line.node, default: 0] += size
    waitingBytes += size + LogRecord.overhead
    waiting.append(line)
    let isLarge = before < LogFiles.writeSize && waitingBytes >= LogFiles.writeSize
    if isLarge || waiting.count == LogFiles.writeLines { return .now }
    return waiting.count == 1 ? .soon : .later
  }

  /// The next frame's bytes and its number; nil when nothing waits.
  mutating func take() -> (plain: [UInt8], index: Int, key: SymmetricKey)? {
    if waiting.isEmpty { tellGaps() }
    writing = []
    guard !waiting.isEmpty else { return nil }
    var (plain, count): ([UInt8], Int) = ([], 0)
    for line in waiting {
      let size = line.message.utf8.count + LogRecord.overhead
      if count > 0 && plain.count + size > Frames.limit { break }
      LogRecord.append(line, to: &plain)
      waitingBytes -= size
      count += 1
    }
    writing = Array(waiting.prefix(count))
    waiting.removeFirst(count)
    waitingBytes = max(0, waitingBytes)
    frames += 1
    return (plain, frames - 1, key)
  }

  /// What `take` gave is in the file.
  mutating func written() -> LogBatch {
    defer { lines += writing.count }
    return LogBatch(first: lines, lines: writing)
  }

  private mutating func tellGaps() {
    for (node, gap) in gaps.sorted(by: { $0.key < $1.key }) {
      var line = gap.last
      (line.level, line.message) = (
        .warn, "\(gap.count) lines were left out: the log was too large or too fast."
      )
      waiting.append(line)
      waitingBytes += line.message.utf8.count + LogRecord.overhead
      gaps[node] = nil
    }
  }

  /// After a failed write the file is looked at again before the next one.
  mutating func fail() {
    for line in writing + waiting { gaps[line.node] = (count: (gaps[line.node]?.count ?? 0) + 1, last: line) }
    (writing, waiting, waitingBytes, isOpen, sizes) = ([], [], 0, false, [:])
  }
}

extension String {
  /// At most `limit` bytes, whole characters only, with a mark where something was cut.
  fileprivate func cut(to limit: Int) -> String {
    guard utf8.count > limit else { return self }
    let mark = " … (cut)"
    let end = utf8.index(utf8.startIndex, offsetBy: limit - mark.utf8.count)
    return String(unicodeScalars[..<end]) + mark
  }
}
