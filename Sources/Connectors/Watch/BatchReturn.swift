public import Engine
public import Model
internal import Net

/// Ends the batches that a trigger has begun and that is gone since, renamed or removed: no job can be made
/// for it. What was moved goes back into the folder from which it came, where whoever watches it by now finds
/// it; what was not stays there.
public actor BatchReturn {
  private let desk: FilesTriggerDesk
  private let roots: @Sendable () throws(Problem) -> FileRoots
  private let clock: any EngineClock
  private let log: @Sendable (String) -> Void
  private let claiming: FileClaiming
  private let thread: WatchThread
  /// Why each batch that has to wait does, as people were told.
  private var left: [String: Bilingual] = [:]
  private var failures = 0

  public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.executor.asUnownedSerialExecutor() }

  /// `log` is given a line for each thing that an operator may look for.
  public init(
    desk: FilesTriggerDesk, roots: @escaping @Sendable () throws(Problem) -> FileRoots,
    clock: any EngineClock = SystemClock(), log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(Problem) {
    (self.desk, self.roots, self.clock, self.log) = (desk, roots, clock, log)
    let thread = try WatchThread(for: "of a trigger that is gone", clock)
    self.thread = thread
    let continues: @Sendable () -> Bool = { !thread.isStopping }
    claiming = FileClaiming(reader: FileReader(continues: continues), mover: FileMover(continues: continues))
  }

  /// Returns once no such batch is open, or after `stop`.
  public func run() async {
    while !thread.isStopping {
      var pause = WatchPace.left
      do throws(WatchFailure) {
        try await giveBackAll()
        if left.isEmpty { return }
        failures = 0
      } catch .stopped {
        return
      } catch {
        failures += 1
        pause = WatchPace.backoff(after: failures)
        log("\(error.text.english) Tried again in \(pause.text).")
      }
      _ = thread.sleep(until: clock.monotonic + pause)
    }
  }

  /// From any thread. What is left half done is finished by the next one.
  public nonisolated func stop() { thread.stop() }

  private func giveBackAll() async throws(WatchFailure) {
    let open: [FileBatch]
    do throws(Problem) { open = try await desk.open() } catch { throw .desk(error) }
    var reasons: [String: Bilingual] = [:]
    for batch in open { reasons[batch.id] = try await giveBack(batch) }
    for batch in open {
      if let reason = reasons[batch.id], left[batch.id] != reason { try await note(.left(batch, reason)) }
    }
    left = reasons
  }

  /// Nil once the batch is done with; else why it has to wait.
  private func giveBack(_ batch: FileBatch) async throws(WatchFailure) -> Bilingual? {
    let places: ClaimPlaces?
    do throws(Problem) { places = try ClaimPlaces(of: batch, in: try roots()) } catch { return error.message }
    if let places, let place = places.target {
      do throws(WatchFailure) {
        if let reason = try await move(back: batch, from: place, to: places.source) { return reason }
      } catch {
        guard case .folder = error else { throw error }
        return error.text
      }
    }
    try claiming.proceed()
    log("gave the batch \(batch.id) of \(batch.files.count) files back to its folder")
    do throws(Problem) { try await desk.abandon(batch.id) } catch { throw .desk(error) }
    return nil
  }

  private func move(back batch: FileBatch, from target: FolderPlace, to source: FolderPlace)
    async throws(WatchFailure) -> Bilingual?
  {
    let (target, source) = (try OpenPlace(target), try OpenPlace(source, making: true))
    var reason: Bilingual?
    for file in batch.files {
      var step = try claiming.planReturn(of: file, from: target, to: source)
      if case .moves(let content, let name) = step {
        try await note(.givenBack(file, to: source.place.path + "/" + name))
        try claiming.proceed()
        step = try claiming.giveBack(file, content, from: target, to: source, as: name)
      }
      switch step {
      case .done, .moves: break
      case .lost(let note): try await self.note(note)
      case .waits(let number): reason = WatchFailure.system(action: "give \(file.path) back", number).text
      }
    }
    try source.sync()
    try target.sync()
    return reason
  }

  private func note(_ note: FileNote) async throws(WatchFailure) {
    try claiming.proceed()
    do throws(Problem) { try await desk.note(note) } catch { throw .desk(error) }
  }
}
