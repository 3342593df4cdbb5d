import Crypto
import Engine
import Model

extension OpenFile {
  func status(of shown: String) throws(Failure) -> FileStatus {
    try Failure.of(shown) { () throws(SystemError.Number) in try status() }
  }

  /// Hands over what is left of it, piece by piece: `count` bytes of each.
  func forEachChunk(
    _ shown: String, _ flag: CancelFlag, _ take: (_ bytes: [UInt8], _ count: Int) throws(Failure) -> Void
  ) throws(Failure) {
    var bytes = [UInt8](repeating: 0, count: Self.chunk)
    while true {
      try flag.check()
      let count: Int
      do throws(SystemError.Number) { count = try read(into: &bytes) } catch { throw .file(error, shown) }
      if count == 0 { return }
      try take(bytes, count)
    }
  }

  /// The same of a whole file that must not change meanwhile, and so never more than its size at the begin.
  @discardableResult
  func forEachUnchanged(
    _ shown: String, _ flag: CancelFlag, _ take: (_ bytes: [UInt8], _ count: Int) throws(Failure) -> Void
  ) throws(Failure) -> FileStatus {
    let before = try status(of: shown)
    var size: Int64 = 0
    try forEachChunk(shown, flag) { bytes, count throws(Failure) in
      size += Int64(count)
      guard size <= before.size else { throw .changed(shown) }
      try take(bytes, count)
    }
    guard try status(of: shown) == before, size == before.size else { throw .changed(shown) }
    return before
  }
}

/// What was read of a file.
struct FileFacts: Sendable {
  var digest: Digest
  var status: FileStatus
}

/// The hash of a whole file that did not change meanwhile. Blocks.
enum FileDigest {
  /// `look` sees the bytes on their way, piece by piece.
  static func read(
    _ path: RootedPath, _ flag: CancelFlag, _ look: (ArraySlice<UInt8>) -> Void = { _ in }
  ) throws(Failure) -> FileFacts {
    let file = try path.file()
    var hash = SHA256()
    let status = try file.forEachUnchanged(path.shown, flag) { bytes, count throws(Failure) in
      hash.update(bytes, 0..<count)
      look(bytes[..<count])
    }
    return FileFacts(digest: Digest(sha256: Hex.encode(hash.finish()), size: status.size), status: status)
  }
}

/// A copy of a file in the work folder, for those who need a path of their own. Blocks.
enum WorkCopy {
  static func make(of path: RootedPath, at copy: String, _ flag: CancelFlag) throws(Failure) -> FileFacts {
    try make(of: try path.file(), path.shown, at: copy, flag)
  }

  static func make(
    of source: borrowing OpenFile, _ shown: String, at copy: String, _ flag: CancelFlag
  ) throws(Failure) -> FileFacts {
    let target: OpenFile
    do throws(SystemError.Number) { target = try .newOwn(copy) } catch { throw .workFolder(error.value) }
    return try append(source, shown, to: target, after: 0, of: "`\(shown)`", flag)
  }

  /// All of one file behind the `size` bytes of another, which becomes an artifact that `whole` names.
  static func append(
    _ source: borrowing OpenFile, _ shown: String, to target: borrowing OpenFile, after size: Int64,
    of whole: String, _ flag: CancelFlag
  ) throws(Failure) -> FileFacts {
    let before = try source.status(of: shown)
    guard size + before.size <= FileSchema.artifactLimit else { throw .artifactTooLarge(whole) }
    var hash = SHA256()
    let status = try source.forEachUnchanged(shown, flag) { bytes, count throws(Failure) in
      do throws(SystemError.Number) { try target.write(bytes[..<count]) } catch {
        throw .workFolder(error.value)
      }
      hash.update(bytes, 0..<count)
    }
    guard status == before else { throw .changed(shown) }
    return FileFacts(digest: Digest(sha256: Hex.encode(hash.finish()), size: status.size), status: status)
  }
}
