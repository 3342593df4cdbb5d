import Crypto
import Engine
import Model

// Files are taken.
extension FolderWatcher {
  /// A complete file that was read.
  private struct Candidate {
    var name: String
    var file: ReadFile
  }

  /// Reads the files of the batch that is due, sets known contents aside, and sees the rest to their job.
  func takeBatch() async throws(WatchFailure) {
    guard let folder else { return }
    let candidates = try await read(arrivals.takeBatch(at: clock.monotonic), in: folder)
    if candidates.isEmpty { return }
    let known = try await ask(desk.known, candidates.map(\.file.sha256))
    var contents = known
    let fresh = candidates.filter { contents.insert($0.file.sha256).inserted }
    if fresh.count < candidates.count {
      let names = Set(fresh.map { ScalarString($0.name) })
      for candidate in candidates where !names.contains(ScalarString(candidate.name)) {
        try await leaveOut(candidate, in: folder)
      }
    }
    if fresh.isEmpty { return }
    let (batch, taken) = try await plan(fresh, in: folder)
    if batch.files.isEmpty { return }
    try proceed()
    try await ask(desk.begin, batch)
    try await finish(batch, as: taken.map(\.file))
  }

  private func read(_ files: [FileArrivals.File], in folder: AttachedFolder) async throws(WatchFailure)
    -> [Candidate]
  {
    var read: [Candidate] = []
    for file in files {
      switch try reader.read(file.name, in: folder.handle, expected: file.stamp) {
      case .complete(let content): read.append(Candidate(name: file.name, file: content))
      // Its writer's end is told, or found by the next scan.
      case .busy, .gone: break
      case .unreadable(let error):
        try await setAside(file.name, file.stamp, .unreadable(file.name, error))
      }
    }
    return read
  }

  /// A content that was taken before, or that another file of the batch has.
  private func leaveOut(_ candidate: Candidate, in folder: AttachedFolder) async throws(WatchFailure) {
    guard let target else { return seen.insert(candidate.file.stamp) }
    let place = target.below(Self.duplicates)
    let handle = try await open(place)
    let name = try FileMover.naming("look at \(place.path)") { () throws(SystemError.Number) in
      try FreeName.find(candidate.name, sha256: candidate.file.sha256, in: handle)
    }
    guard let name else {
      return try await setAside(
        candidate.name, candidate.file.stamp, .noName(candidate.name, in: place.path))
    }
    try await note(.duplicate(candidate.name, movedTo: place.path + "/" + name))
    try proceed()
    _ = try mover.move(candidate.name, candidate.file, from: folder.handle, to: handle, as: name)
    try sync(handle, place)
    try sync(folder.handle, source)
  }

  static let duplicates = "duplicates"

  /// The batch with the path that each file is going to have, so that a crash leaves no doubt.
  private func plan(_ candidates: [Candidate], in folder: AttachedFolder) async throws(WatchFailure)
    -> (FileBatch, [Candidate])
  {
    var chance = SystemRandomNumberGenerator()
    let id = ID<FileBatch>.generate(at: clock.now, using: &chance).description
    guard let target else {
      let files = candidates.map { arrived($0, at: source.path + "/" + $0.name) }
      return (FileBatch(id: id, files: files), candidates)
    }
    let handle = try await open(target)
    var reserved: Set<ScalarString> = []
    var (files, taken): ([ArrivedFile], [Candidate]) = ([], [])
    for candidate in candidates {
      let name = try FileMover.naming("look at \(target.path)") { () throws(SystemError.Number) in
        try FreeName.find(candidate.name, sha256: candidate.file.sha256, in: handle, reserved: reserved)
      }
      guard let name else {
        try await setAside(candidate.name, candidate.file.stamp, .noName(candidate.name, in: target.path))
        continue
      }
      if ScalarString(name) != ScalarString(candidate.name) {
        try await note(.nameTaken(candidate.name, now: target.path + "/" + name))
      }
      reserved.insert(ScalarString(name))
      files.append(arrived(candidate, at: target.path + "/" + name))
      taken.append(candidate)
    }
    return (FileBatch(id: id, files: files), taken)
  }

  private func arrived(_ candidate: Candidate, at path: String) -> ArrivedFile {
    ArrivedFile(
      path: path, name: candidate.name, sha256: candidate.file.sha256, size: candidate.file.stamp.size,
      modifiedAt: Timestamp(microseconds: candidate.file.stamp.modified / 1_000),
      originalPath: source.path + "/" + candidate.name)
  }

  /// The folder where files go, made if it is missing. People are told once where that cannot be.
  func open(_ place: FolderPlace) async throws(WatchFailure) -> FolderHandle {
    do throws(SystemError.Number) {
      let handle = try FolderHandle.open(place, making: true)
      noted.target = false
      return handle
    } catch {
      if !noted.target { try await note(.missing(place.path, error)) }
      noted.target = true
      throw .system(action: "open the folder \(place.path)", error)
    }
  }

  func sync(_ folder: borrowing FolderHandle, _ place: FolderPlace) throws(WatchFailure) {
    do throws(SystemError.Number) { try folder.sync() } catch {
      throw .system(action: "sync the folder \(place.path)", error)
    }
  }

  func ask<Question: Sendable, Answer: Sendable>(
    _ call: @Sendable (Question) async throws(Problem) -> Answer, _ question: Question
  ) async throws(WatchFailure) -> Answer {
    do throws(Problem) { return try await call(question) } catch { throw .desk(error) }
  }
}
