public import Engine
public import Model
internal import Net
import Synchronization

/// Watches the folder of one `files` trigger: sees files come, takes those that are complete in batches,
/// claims them and has the engine start their jobs, each content once.
///
/// A batch is kept by the engine before the first file of it moves, and again with its job once all have
/// moved. So a crash, or an error at any point, is mended in one way: what was begun and not fired is
/// finished first.
public actor FolderWatcher {
  let spec: FilesTriggerSpec
  let source: FolderPlace
  /// Nil where files stay in place.
  let target: FolderPlace?
  let desk: FilesTriggerDesk
  let clock: any EngineClock
  let log: @Sendable (String) -> Void
  let reader: FileReader
  let mover: FileMover
  private let waits: @Sendable (FolderWatchStatus) -> Void

  private let executor: ThreadExecutor
  private let signal: WakeEvent
  private let stopping: StopFlag
  private let shown = Mutex(FolderWatchStatus())

  var arrivals: FileArrivals
  var seen = SeenFiles()
  var aside: [ScalarString: Aside] = [:]
  var folder: AttachedFolder?
  var noted = Noted()
  /// What was begun before is finished.
  private var isSettled = false
  private var (attachAt, heldUntil, resumeAt) = (Duration.zero, Duration.zero, Duration.zero)
  var progress = FolderWatchStatus()

  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// A file that could not be taken in this state.
  struct Aside {
    var stamp: FileStamp?
    var until: Duration
  }

  /// What people were told of the folder and need not be told again.
  struct Noted {
    var source = false
    var target = false
    var notTold = false
  }

  /// `log` is given a line for each thing that an operator may look for.
  public init(
    _ spec: FilesTriggerSpec, roots: FileRoots, desk: FilesTriggerDesk,
    clock: any EngineClock = SystemClock(),
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(Problem) {
    try self.init(spec, roots: roots, desk: desk, clock: clock, log: log, seams: Seams())
  }

  /// What tests look into and cut off.
  struct Seams {
    /// Asked before each thing that changes something outside; false ends the watcher there, as a crash does.
    var continues: @Sendable () -> Bool = { true }
    var ways = FileMover.Way.allCases
    /// Called before each sleep.
    var waits: @Sendable (FolderWatchStatus) -> Void = { _ in }
  }

  init(
    _ spec: FilesTriggerSpec, roots: FileRoots, desk: FilesTriggerDesk, clock: any EngineClock,
    log: @escaping @Sendable (String) -> Void, seams: Seams
  ) throws(Problem) {
    (self.spec, self.desk, self.clock, self.log) = (spec, desk, clock, log)
    (source, target) = try Self.places(spec, roots)
    do throws(NetError) {
      executor = try ThreadExecutor("esteira-files")
      signal = try WakeEvent()
    } catch {
      throw Problem(
        "cannot-watch",
        Bilingual(
          "No thread for the folder \(spec.path): \(error)",
          pt: "Sem thread para a pasta \(spec.path): \(error)"),
        remedy: Bilingual(
          "Look at the limits of threads and open files of the server.",
          pt: "Verifique os limites de threads e de arquivos abertos do servidor."))
    }
    let stopping = StopFlag()
    let continues: @Sendable () -> Bool = { !stopping.isSet && seams.continues() }
    self.stopping = stopping
    reader = FileReader(continues: continues)
    mover = FileMover(continues: continues, ways: seams.ways)
    waits = seams.waits
    arrivals = FileArrivals(spec)
    clock.onAdvance { [weak signal] in signal?.signal() }
  }

  deinit { executor.stop() }

  private static func places(_ spec: FilesTriggerSpec, _ roots: FileRoots) throws(Problem)
    -> (FolderPlace, FolderPlace?)
  {
    switch spec.claim {
    case .mark: return (try FolderPlace(spec.path, in: roots, writable: false), nil)
    case .move(let to):
      let source = try FolderPlace(spec.path, in: roots, writable: true)
      let target = try FolderPlace(to, in: roots, writable: true)
      return (source, target)
    }
  }

  /// Watches until `stop`. Errors end a turn, not the loop: whatever a turn had begun is in the engine's rows
  /// or still in the folder, and the next turn starts from there.
  public func run() async {
    while !stopping.isSet {
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
  public nonisolated func stop() {
    stopping.set()
    signal.signal()
  }

  /// From any thread: the trigger may take files again.
  public nonisolated func wake() { signal.signal() }

  public nonisolated var status: FolderWatchStatus { shown.withLock { $0 } }

  /// Throws once the watcher is to end.
  func proceed() throws(WatchFailure) { guard reader.continues() else { throw .stopped } }

  private func turn() async throws(WatchFailure) {
    let now = clock.monotonic
    if now < resumeAt { return sleep(until: resumeAt) }
    if !isSettled {
      try await finishOpen()
      isSettled = true
      folder?.wantsScan = true
    }
    guard now >= attachAt, try await attach() else {
      attachAt = max(attachAt, now)
      return sleep(until: attachAt)
    }
    let isBusy = try await look()
    if folder == nil { return }
    if let due = arrivals.next, due <= clock.monotonic, heldUntil <= clock.monotonic {
      guard await desk.mayTake() else {
        heldUntil = clock.monotonic + WatchPace.held
        return sleep(until: heldUntil)
      }
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
    return [due, scan].compactMap(\.self).min()
  }

  private func sleep(until moment: Duration?) {
    show()
    waits(progress)
    var timeout: Duration?
    if let moment {
      if moment <= clock.monotonic { return }
      timeout = clock.pause(until: moment)
    }
    WatchSleep.until([signal.descriptor, folder?.events.descriptor ?? -1], timeout: timeout)
    if signal.take() { heldUntil = .zero }
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

/// Set once.
final class StopFlag: Sendable {
  private let value = Atomic(false)
  var isSet: Bool { value.load(ordering: .acquiring) }
  func set() { value.store(true, ordering: .releasing) }
}
