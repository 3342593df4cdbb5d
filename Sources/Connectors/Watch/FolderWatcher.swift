public import Engine
public import Model
import Synchronization

/// Watches the folder of one `files` trigger: sees files come, takes those that are complete in batches,
/// claims them and has the engine start their jobs, each content once.
///
/// A batch is kept by the engine before the first file of it moves, and again with its job once all have
/// moved. So a crash, or an error at any point, is mended in one way: what was begun and not fired is
/// finished first.
public actor FolderWatcher {
  let spec: FilesTriggerSpec
  /// Asked before each batch and each look at a folder: what the operator took away is gone then.
  let roots: @Sendable () throws(Problem) -> FileRoots
  let desk: FilesTriggerDesk
  let clock: any EngineClock
  let log: @Sendable (String) -> Void
  let claiming: FileClaiming
  private let waits: @Sendable (FolderWatchStatus) -> Void
  private let thread: WatchThread
  private let shown = Mutex(FolderWatchStatus())

  var arrivals: FileArrivals
  var seen = SeenFiles()
  var aside: [ScalarString: Aside] = [:]
  var folder: AttachedFolder?
  var noted = Noted()
  /// What was begun before is finished, but for what is left.
  private var isSettled = false
  /// Batches that have to wait, and why, as people were told.
  var left: [String: Bilingual] = [:]
  /// When they are tried again.
  var leftAt: Duration?
  /// Until then the folder counts as granted as long as nothing is taken.
  var askAt = Duration.zero
  private var (attachAt, heldUntil, resumeAt) = (Duration.zero, Duration.zero, Duration.zero)
  var progress = FolderWatchStatus()

  public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.executor.asUnownedSerialExecutor() }

  /// A file that could not be taken in this state.
  struct Aside {
    var stamp: FileStamp?
    var until: Duration
  }

  /// What people were told of the folder and need not be told again.
  struct Noted {
    var grant: Bilingual?
    var source = false
    var target = false
    var notTold = false
  }

  /// `log` is given a line for each thing that an operator may look for.
  public init(
    _ spec: FilesTriggerSpec, roots: @escaping @Sendable () throws(Problem) -> FileRoots,
    desk: FilesTriggerDesk, clock: any EngineClock = SystemClock(),
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(Problem) {
    try self.init(spec, roots: roots, desk: desk, clock: clock, log: log, seams: Seams())
  }

  /// What tests look into and cut off.
  struct Seams {
    /// Asked before each thing that changes something outside; false ends the watcher there, as a crash does.
    var continues: @Sendable () -> Bool = { true }
    var ways = FileMover.Way.allCases
    var unlink: (@Sendable (Int32, String) -> Int32)?
    /// Called before each sleep.
    var waits: @Sendable (FolderWatchStatus) -> Void = { _ in }
  }

  init(
    _ spec: FilesTriggerSpec, roots: @escaping @Sendable () throws(Problem) -> FileRoots,
    desk: FilesTriggerDesk, clock: any EngineClock, log: @escaping @Sendable (String) -> Void, seams: Seams
  ) throws(Problem) {
    (self.spec, self.roots, self.desk, self.clock, self.log) = (spec, roots, desk, clock, log)
    let thread = try WatchThread(for: spec.path, clock)
    self.thread = thread
    let continues: @Sendable () -> Bool = { !thread.isStopping && seams.continues() }
    var mover = FileMover(continues: continues, ways: seams.ways)
    if let unlink = seams.unlink { mover.unlink = unlink }
    claiming = FileClaiming(reader: FileReader(continues: continues), mover: mover)
    waits = seams.waits
    arrivals = FileArrivals(spec)
  }

  /// Watches until `stop`. Errors end a turn, not the loop: whatever a turn had begun is in the engine's rows
  /// or still in the folder, and the next turn starts from there.
  public func run() async {
    while !thread.isStopping {
      do throws(WatchFailure) {
        try await turn()
      } catch .stopped {
        return
      } catch {
        fail(error)
      }
    }
  }

  /// From any thread. `run` returns at the next safe point, at most a piece of a file or a call of the desk
  /// later; what it leaves half done is finished by the next watcher of the folder.
  public nonisolated func stop() { thread.stop() }

  /// From any thread: the trigger may take files again.
  public nonisolated func wake() { thread.wake() }

  public nonisolated var status: FolderWatchStatus { shown.withLock { $0 } }

  private func turn() async throws(WatchFailure) {
    let now = clock.monotonic
    // Nothing is looked at before, so nothing that happens in the folder may end the sleep.
    if now < resumeAt { return sleep(until: resumeAt, hearsFolder: false) }
    if !isSettled || leftAt.map({ $0 <= now }) ?? false {
      try await finishOpen()
      if !isSettled { folder?.wantsScan = true }
      isSettled = true
    }
    guard now >= attachAt, try await attach() else {
      attachAt = max(attachAt, now)
      return sleep(until: min(attachAt, leftAt ?? attachAt))
    }
    let isBusy = try await look()
    if folder == nil { return }
    if let due = arrivals.next, due <= clock.monotonic, heldUntil <= clock.monotonic {
      guard await desk.mayTake() else {
        heldUntil = clock.monotonic + WatchPace.held
        return sleep(until: heldUntil)
      }
      guard try await attach(anew: true) else { return }
      try await takeBatch()
      clearFailures()
    } else if !isBusy {
      clearFailures()
      sleep(until: nextMoment)
    }
  }

  private var nextMoment: Duration? {
    let due = arrivals.next.map { max($0, heldUntil) }
    let scan = arrivals.isFull ? nil : folder?.scanAt
    return [due, scan, leftAt].compactMap(\.self).min()
  }

  private func sleep(until moment: Duration?, hearsFolder: Bool = true) {
    show()
    waits(progress)
    let events = hearsFolder ? folder?.events.descriptor : nil
    if thread.sleep(until: moment, hearing: events ?? -1) { heldUntil = .zero }
  }

  private func show() {
    progress.isAttached = folder != nil
    progress.isTold = folder?.events.isTelling ?? false
    progress.waiting = arrivals.count
    let progress = progress
    shown.withLock { $0 = progress }
  }

  private func clearFailures() {
    guard progress.failures > 0 else { return }
    (progress.failures, progress.lastFailure) = (0, nil)
    log("files \(spec.path): works again")
  }

  private func fail(_ failure: WatchFailure) {
    progress.failures += 1
    progress.lastFailure = failure.text.english
    let pause = WatchPace.backoff(after: progress.failures)
    log("files \(spec.path): \(failure.text.english) Tried again in \(pause.text).")
    // What the arrivals had handed out is found again by a scan, what was begun by the engine's rows.
    isSettled = false
    resumeAt = clock.monotonic + pause
    show()
  }

  /// When the missing folder is looked for again.
  func retryAttaching() { attachAt = clock.monotonic + WatchPace.attach }
}
