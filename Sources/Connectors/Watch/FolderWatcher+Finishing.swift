import Engine
import Glibc
import Model

// What was begun is brought to its end.
extension FolderWatcher {
  /// After a start or an error: the batches that were begun and neither fired nor abandoned.
  func finishOpen() async throws(WatchFailure) {
    try proceed()
    let open: [FileBatch]
    do throws(Problem) { open = try await desk.open() } catch { throw .desk(error) }
    for batch in open {
      log("files \(spec.path): finishes the batch \(batch.id) of \(batch.files.count) files")
      try await finish(batch, as: nil)
    }
  }

  private enum Claimed {
    /// It is where the batch says.
    case done
    /// It is no part of the batch any more.
    case dropped(FileNote)
  }

  /// Brings each file where the batch says it is, drops those that cannot be, and starts the job of the rest.
  /// `read`: how each was found a moment ago; nil where that is not known, and contents are read again.
  func finish(_ batch: FileBatch, as read: [ReadFile]?) async throws(WatchFailure) {
    let claims = try await claim(batch, as: read)
    var left = batch
    left.files = []
    for (file, claim) in zip(batch.files, claims) {
      switch claim {
      case .done: left.files.append(file)
      case .dropped(let note):
        try await self.note(note)
        folder?.wantsScan = true
      }
    }
    try proceed()
    if left.files.isEmpty {
      try await ask(desk.abandon, batch.id)
    } else {
      try await ask(desk.fire, left)
      progress.batches += 1
    }
    if target == nil { for file in read ?? [] { seen.insert(file.stamp) } }
  }

  private func claim(_ batch: FileBatch, as read: [ReadFile]?) async throws(WatchFailure) -> [Claimed] {
    guard let target else { return try checkInPlace(batch, as: read) }
    let handle = try await open(target)
    var claims: [Claimed] = []
    // Opened when it is needed: all files may have moved before a crash, and the folder may be gone by now.
    var source: AttachedFolder? = read == nil ? nil : folder
    for (index, file) in batch.files.enumerated() {
      if read == nil, try isMoved(file, in: handle) {
        try removeLeftover(of: file, in: handle)
        claims.append(.done)
        continue
      }
      if source == nil {
        source = try FileMover.naming("open the folder \(self.source.path)") {
          () throws(SystemError.Number) in
          try AttachedFolder(FolderHandle.open(self.source))
        }
      }
      guard let source else { continue }
      claims.append(try move(file, read?[index], from: source.handle, to: handle))
    }
    try sync(handle, target)
    if let source { try sync(source.handle, self.source) }
    return claims
  }

  private func checkInPlace(_ batch: FileBatch, as read: [ReadFile]?) throws(WatchFailure) -> [Claimed] {
    if read != nil { return batch.files.map { _ in .done } }
    let handle = try FileMover.naming("open the folder \(source.path)") { () throws(SystemError.Number) in
      try FolderHandle.open(source)
    }
    return try batch.files.map { file throws(WatchFailure) in
      switch try reader.read(file.name, in: handle) {
      case .complete(let content) where content.sha256 == file.sha256: .done
      case .complete, .busy: .dropped(.changed(file.name))
      case .gone: .dropped(.vanished(file))
      case .unreadable(let error): .dropped(.unreadable(file.name, error))
      }
    }
  }

  /// Whether a crash came after the move of this file.
  private func isMoved(_ file: ArrivedFile, in target: borrowing FolderHandle) throws(WatchFailure) -> Bool {
    let name = Self.name(of: file)
    let stamp = try FileMover.naming("look at \(file.path)") { () throws(SystemError.Number) in
      try target.stamp(of: name)
    }
    guard let stamp, stamp.size == file.size else { return false }
    switch try reader.read(name, in: target) {
    case .complete(let content): return content.sha256 == file.sha256
    case .busy, .gone: return false
    case .unreadable(let error): throw .system(action: "read \(file.path)", error)
    }
  }

  /// A crash in the middle of a move by a second name, or by a copy, leaves the file in both folders.
  private func removeLeftover(of file: ArrivedFile, in target: borrowing FolderHandle) throws(WatchFailure) {
    // A folder that is gone holds nothing.
    guard let source = try? FolderHandle.open(source) else { return }
    let stamps = try FileMover.naming("look at \(file.originalPath)") { () throws(SystemError.Number) in
      (try source.stamp(of: file.name), try target.stamp(of: Self.name(of: file)))
    }
    guard case (let left?, let moved?) = stamps else { return }
    var isLeftover = left.identity == moved.identity
    if !isLeftover, left.size == moved.size, left.modified == moved.modified,
      case .complete(let content) = try reader.read(file.name, in: source)
    {
      isLeftover = content.sha256 == file.sha256
    }
    guard isLeftover else { return }
    try FileMover.naming("remove \(file.originalPath)") { () throws(SystemError.Number) in
      _ = try source.remove(file.name)
      try source.sync()
    }
  }

  private static func name(of file: ArrivedFile) -> String {
    let start = file.path.utf8.lastIndex(of: UInt8(ascii: "/")).map { file.path.utf8.index(after: $0) }
    return String(file.path[(start ?? file.path.startIndex)...])
  }

  private func move(
    _ file: ArrivedFile, _ read: ReadFile?, from source: borrowing FolderHandle,
    to target: borrowing FolderHandle
  ) throws(WatchFailure) -> Claimed {
    try proceed()
    var content = read
    if content == nil {
      switch try reader.read(file.name, in: source) {
      case .complete(let found): content = found
      case .busy: return .dropped(.changed(file.name))
      case .gone: return .dropped(.vanished(file))
      case .unreadable(let error): return .dropped(.unreadable(file.name, error))
      }
    }
    guard let content, content.sha256 == file.sha256 else { return .dropped(.changed(file.name)) }
    switch try mover.move(file.name, content, from: source, to: target, as: Self.name(of: file)) {
    case .done: return .done
    case .gone: return .dropped(.vanished(file))
    case .changed: return .dropped(.changed(file.name))
    // Whatever has the name came after the batch was begun. The file stays, and its next batch names it anew.
    case .nameTaken: return .dropped(.nameTaken(file.name, now: nil))
    }
  }
}
