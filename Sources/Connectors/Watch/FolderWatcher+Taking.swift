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
    let target = try await openTarget(of: folder.places)
    let (batch, taken) = try await plan(fresh, from: folder.places.source, to: target)
    if batch.files.isEmpty { return }
    try claiming.proceed()
    try await ask(desk.begin, batch)
    try await finish(batch, as: taken.map(\.file), in: folder.places, to: target)
  }

  private func read(_ files: [FileArrivals.File], in folder: AttachedFolder) async throws(WatchFailure)
    -> [Candidate]
  {
    var read: [Candidate] = []
    for file in files {
      switch try claiming.reader.read(file.name, in: folder.source.handle, expected: file.stamp) {
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
    guard let target = folder.places.target else { return seen.insert(candidate.file.stamp) }
    let duplicates = try await open(target.below(Self.duplicates))
    let path = duplicates.place.path
    let name = try FileMover.naming("look at \(path)") { () throws(SystemError.Number) in
      try FreeName.find(candidate.name, sha256: candidate.file.sha256, in: duplicates.handle)
    }
    guard let name else {
      return try await setAside(candidate.name, candidate.file.stamp, .noName(candidate.name, in: path))
    }
    try await note(.duplicate(candidate.name, movedTo: path + "/" + name))
    try claiming.proceed()
    let outcome = try claiming.mover.move(
      candidate.name, candidate.file, from: folder.source.handle, to: duplicates.handle, as: name)
    if case .stays(let number) = outcome {
      let stamp = try FileMover.naming("look at \(candidate.name)") { () throws(SystemError.Number) in
        try folder.source.handle.stamp(of: candidate.name)
      }
      try await setAside(candidate.name, stamp, .notMoved(candidate.name, number))
    }
    try duplicates.sync()
    try folder.source.sync()
  }

  static let duplicates = "duplicates"

  /// The batch with the path that each file is going to have, so that a crash leaves no doubt.
  private func plan(_ candidates: [Candidate], from source: FolderPlace, to target: OpenPlace?)
    async throws(WatchFailure) -> (FileBatch, [Candidate])
  {
    var chance = SystemRandomNumberGenerator()
    let id = ID<FileBatch>.generate(at: clock.now, using: &chance).description
    guard let target else {
      let files = candidates.map { arrived($0, from: source, at: source.path + "/" + $0.name) }
      return (FileBatch(id: id, files: files), candidates)
    }
    let path = target.place.path
    var reserved: Set<ScalarString> = []
    var (files, taken): ([ArrivedFile], [Candidate]) = ([], [])
    for candidate in candidates {
      let name = try FileMover.naming("look at \(path)") { () throws(SystemError.Number) in
        try FreeName.find(
          candidate.name, sha256: candidate.file.sha256, in: target.handle, reserved: reserved)
      }
      guard let name else {
        try await setAside(candidate.name, candidate.file.stamp, .noName(candidate.name, in: path))
        continue
      }
      if ScalarString(name) != ScalarString(candidate.name) {
        try await note(.nameTaken(candidate.name, now: path + "/" + name))
      }
      reserved.insert(ScalarString(name))
      files.append(arrived(candidate, from: source, at: path + "/" + name))
      taken.append(candidate)
    }
    return (FileBatch(id: id, files: files), taken)
  }

  private func arrived(_ candidate: Candidate, from source: FolderPlace, at path: String) -> ArrivedFile {
    ArrivedFile(
      path: path, name: candidate.name, sha256: candidate.file.sha256, size: candidate.file.stamp.size,
      modifiedAt: Timestamp(microseconds: candidate.file.stamp.modified / 1_000),
      originalPath: source.path + "/" + candidate.name)
  }

  /// The folder where files go, made if it is missing. People are told once where that cannot be.
  func open(_ place: FolderPlace) async throws(WatchFailure) -> OpenPlace {
    do throws(WatchFailure) {
      let opened = try OpenPlace(place, making: true)
      noted.target = false
      return opened
    } catch {
      if case .folder(let path, let number) = error, !noted.target { try await note(.missing(path, number)) }
      noted.target = true
      throw error
    }
  }

  func ask<Question: Sendable, Answer: Sendable>(
    _ call: @Sendable (Question) async throws(Problem) -> Answer, _ question: Question
  ) async throws(WatchFailure) -> Answer {
    do throws(Problem) { return try await call(question) } catch { throw .desk(error) }
  }
}
