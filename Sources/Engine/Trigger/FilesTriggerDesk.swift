public import Model

/// What the watcher of a folder asks of the engine about one trigger. Where a call throws, its effect may
/// have happened or not: the watcher then begins with `open` again.
public struct FilesTriggerDesk: Sendable {
  /// False while the trigger is paused, disabled or full: no file is touched then.
  public var mayTake: @Sendable () async -> Bool
  /// Which of these contents are in a batch of this trigger that was fired. One that was dropped from its
  /// batch is not: it was never processed and may come again.
  public var known: @Sendable (_ sha256s: [String]) async throws(Problem) -> Set<String>
  /// Keeps the intent to take these files, durably, before any of them is moved.
  public var begin: @Sendable (FileBatch) async throws(Problem) -> Void
  /// Makes the job (or the row of its refusal) and ends the intent of the batch's id, in one commit. Fewer
  /// files may be in it than in `begin`.
  public var fire: @Sendable (FileBatch) async throws(Problem) -> Void
  /// Ends the intent of a batch of which no file is left, without a job. Each file has been noted.
  public var abandon: @Sendable (_ id: String) async throws(Problem) -> Void
  /// The batches that were begun and neither fired nor abandoned.
  public var open: @Sendable () async throws(Problem) -> [FileBatch]
  /// A row that people see. One may come twice after a crash.
  public var note: @Sendable (FileNote) async throws(Problem) -> Void

  public init(
    mayTake: @escaping @Sendable () async -> Bool,
    known: @escaping @Sendable (_ sha256s: [String]) async throws(Problem) -> Set<String>,
    begin: @escaping @Sendable (FileBatch) async throws(Problem) -> Void,
    fire: @escaping @Sendable (FileBatch) async throws(Problem) -> Void,
    abandon: @escaping @Sendable (_ id: String) async throws(Problem) -> Void,
    open: @escaping @Sendable () async throws(Problem) -> [FileBatch],
    note: @escaping @Sendable (FileNote) async throws(Problem) -> Void
  ) {
    (self.mayTake, self.known, self.begin, self.fire) = (mayTake, known, begin, fire)
    (self.abandon, self.open, self.note) = (abandon, open, note)
  }
}

/// What became of a file, or of the folder, beside a job.
public struct FileNote: Sendable, Hashable {
  public enum Reason: String, Sendable, CaseIterable {
    /// Its content was taken before; it lies in the folder of duplicates.
    case duplicate
    /// It was in a batch that had begun, and is neither in its folder nor where it was to go.
    case vanished
    /// It changed after it was in a batch; it is taken once it is complete again.
    case changed
    /// Another file has its name in the target folder; it is taken under another one.
    case nameTaken = "name-taken"
    case unreadable
    /// It cannot be taken out of its folder; it stays there.
    case notMoved = "not-moved"
    /// Its trigger is gone: it lies in the folder again from which it was taken.
    case givenBack = "given-back"
    /// The batch was begun and cannot be finished now; it stays open and is tried again.
    case batchLeft = "batch-left"
    /// `esteira.yaml` does not grant the folder, or cannot be understood; it is asked again.
    case notGranted = "not-granted"
    /// The folder cannot be opened; it is tried again.
    case folderMissing = "folder-missing"
    /// The system does not tell of changes in the folder; it is looked through at intervals.
    case notWatched = "not-watched"
  }

  /// The file's name, or the folder's path.
  public var name: String
  public var reason: Reason
  public var detail: Bilingual

  public init(_ name: String, _ reason: Reason, _ detail: Bilingual) {
    (self.name, self.reason, self.detail) = (name, reason, detail)
  }
}
