import Engine
import Glibc
import Model

/// Brings the files of a begun batch where the batch says they are, or back to where they came from. Blocks.
struct FileClaiming: Sendable {
  let reader: FileReader
  let mover: FileMover

  enum Claim {
    /// It is where the batch says.
    case done
    /// It is no part of the batch any more.
    case dropped(FileNote)
    /// The same, and trying it again helps nothing as long as it is in this state.
    case stays(FileStamp?, FileNote)
  }

  /// Throws once the work is to end.
  func proceed() throws(WatchFailure) { guard reader.continues() else { throw .stopped } }

  /// One for each file, in order. `read`: how each was found a moment ago; nil where that is not known, and
  /// contents are read again. `source` is opened when it is needed: all files may have moved before a crash,
  /// and the folder may be gone by now.
  func claim(
    _ batch: FileBatch, as read: [ReadFile]?, in places: ClaimPlaces, from source: OpenPlace?,
    to target: OpenPlace?
  ) throws(WatchFailure) -> [Claim] {
    guard let target else { return try checkInPlace(batch, places.source, as: read) }
    var source = source
    var claims: [Claim] = []
    for (index, file) in batch.files.enumerated() {
      if read == nil, try isMoved(file, in: target.handle) {
        claims.append(try removeLeftover(of: file, places.source, in: target.handle) ?? .done)
        continue
      }
      if source == nil { source = try OpenPlace(places.source) }
      guard let source else { continue }
      claims.append(try move(file, read?[index], from: source.handle, to: target.handle))
    }
    try target.sync()
    if let source { try source.sync() }
    return claims
  }

  private func checkInPlace(_ batch: FileBatch, _ place: FolderPlace, as read: [ReadFile]?)
    throws(WatchFailure) -> [Claim]
  {
    if read != nil { return batch.files.map { _ in .done } }
    let source = try OpenPlace(place)
    return try batch.files.map { file throws(WatchFailure) in
      switch try reader.read(file.name, in: source.handle) {
      case .complete(let content) where content.sha256 == file.sha256: .done
      case .complete, .busy: .dropped(.changed(file.name))
      case .gone: .dropped(.vanished(file))
      case .unreadable(let error): .dropped(.unreadable(file.name, error))
      }
    }
  }

  /// Whether a crash came after the move of this file.
  private func isMoved(_ file: ArrivedFile, in target: borrowing FolderHandle) throws(WatchFailure) -> Bool {
    let name = file.newName
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

  /// A crash in the middle of a move by a second name, or by a copy, leaves the file in both folders. Nil
  /// where it is only in the target then.
  private func removeLeftover(of file: ArrivedFile, _ place: FolderPlace, in target: borrowing FolderHandle)
    throws(WatchFailure) -> Claim?
  {
    // A folder that is gone holds nothing.
    guard let source = try? FolderHandle.open(place), try isLeftover(file, in: source, target) else {
      return nil
    }
    return try FileMover.naming("remove \(file.originalPath)") { () throws(SystemError.Number) in
      let number = mover.unlink(source.descriptor, file.name)
      if number == 0 || number == ENOENT {
        try source.sync()
        return nil
      }
      guard FileMover.lasting.contains(number) else { throw SystemError.Number(number) }
      try target.remove(file.newName)
      return .stays(try source.stamp(of: file.name), .notMoved(file.name, SystemError.Number(number)))
    }
  }

  /// Whether the folder has what the target has, under the file's first name.
  private func isLeftover(
    _ file: ArrivedFile, in source: borrowing FolderHandle, _ target: borrowing FolderHandle
  ) throws(WatchFailure) -> Bool {
    let stamps = try FileMover.naming("look at \(file.originalPath)") { () throws(SystemError.Number) in
      (try source.stamp(of: file.name), try target.stamp(of: file.newName))
    }
    guard case (let left?, let moved?) = stamps else { return false }
    if left.identity == moved.identity { return true }
    guard left.size == moved.size, left.modified == moved.modified,
      case .complete(let content) = try reader.read(file.name, in: source)
    else { return false }
    return content.sha256 == file.sha256
  }

  private func move(
    _ file: ArrivedFile, _ read: ReadFile?, from source: borrowing FolderHandle,
    to target: borrowing FolderHandle
  ) throws(WatchFailure) -> Claim {
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
    switch try mover.move(file.name, content, from: source, to: target, as: file.newName) {
    case .done: return .done
    case .gone: return .dropped(.vanished(file))
    case .changed: return .dropped(.changed(file.name))
    // Whatever has the name came after the batch was begun. The file stays, and its next batch names it anew.
    case .nameTaken: return .dropped(.nameTaken(file.name, now: nil))
    case .stays(let number):
      let stamp = try FileMover.naming("look at \(file.originalPath)") { () throws(SystemError.Number) in
        try source.stamp(of: file.name)
      }
      return .stays(stamp, .notMoved(file.name, number))
    }
  }
}

// Files go back.
extension FileClaiming {
  enum Return {
    /// It lies in its folder: it was never moved, or is back there.
    case done
    /// It is to be moved back under this name: its own, or another one where that is taken.
    case moves(ReadFile, as: String)
    /// It lies in neither folder in the state in which it was taken, which a person may have to know.
    case lost(FileNote)
    /// It cannot be moved in this moment.
    case waits(SystemError.Number)
  }

  /// What is to be done for a file to lie in its folder again. Moves nothing, but takes the second name away
  /// that a crash in the middle of its move has left.
  func planReturn(of file: ArrivedFile, from target: OpenPlace, to source: OpenPlace) throws(WatchFailure)
    -> Return
  {
    try proceed()
    let isThere = try FileMover.naming("look at \(file.originalPath)") { () throws(SystemError.Number) in
      try source.handle.stamp(of: file.name) != nil
    }
    switch try reader.read(file.newName, in: target.handle) {
    case .gone: return isThere ? .done : .lost(.vanished(file))
    case .busy: return .waits(SystemError.Number(EBUSY))
    case .unreadable(let error): return .waits(error)
    case .complete(let content) where content.sha256 != file.sha256:
      return isThere ? .done : .lost(.changedThere(file))
    case .complete(let content):
      let isTwice = isThere ? try isLeftover(file, in: source.handle, target.handle) : false
      return try FileMover.naming("give \(file.path) back") { () throws(SystemError.Number) in
        if isTwice {
          try target.handle.remove(file.newName)
          return .done
        }
        let name = try FreeName.find(file.name, sha256: file.sha256, in: source.handle)
        return name.map { .moves(content, as: $0) } ?? .waits(SystemError.Number(EEXIST))
      }
    }
  }

  func giveBack(
    _ file: ArrivedFile, _ content: ReadFile, from target: OpenPlace, to source: OpenPlace, as name: String
  ) throws(WatchFailure) -> Return {
    switch try mover.move(file.newName, content, from: target.handle, to: source.handle, as: name) {
    case .done: .done
    case .gone, .changed: .waits(SystemError.Number(EBUSY))
    case .nameTaken: .waits(SystemError.Number(EEXIST))
    case .stays(let number): .waits(number)
    }
  }
}

extension ArrivedFile {
  /// The name that it has in the folder of `path`.
  var newName: String {
    let start = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path.utf8.index(after: $0) }
    return String(path[(start ?? path.startIndex)...])
  }
}
