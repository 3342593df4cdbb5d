import CSystem
import Engine
import Glibc

/// An open folder, and what can be done below it by name. A name never leads elsewhere: links are not
/// followed, and `.`, `..` and slashes are no names. Because the folder itself is open, nobody can exchange
/// it under our hands. Blocks: not for the shared threads.
struct OpenFolder: ~Copyable {
  fileprivate let descriptor: Int32
  /// What is made in it and below it is for the node's user alone. Elsewhere the process's mask decides, as
  /// it does for any program: others are meant to find what is left there.
  let isPrivate: Bool

  deinit { close(descriptor) }

  /// A folder by its path, links on the way included: the operator names it, not a pipeline.
  static func open(_ path: String, isPrivate: Bool = true) throws(SystemError.Number) -> OpenFolder {
    let descriptor = esteira_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    guard descriptor >= 0 else { throw .last }
    return OpenFolder(descriptor: descriptor, isPrivate: isPrivate)
  }

  /// Fails with `ELOOP` or `ENOTDIR` where the name is a link.
  func folder(_ name: String) throws(SystemError.Number) -> OpenFolder {
    try Self.check(name)
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    let found = esteira_openat(descriptor, name, flags, 0)
    guard found >= 0 else { throw .last }
    return OpenFolder(descriptor: found, isPrivate: isPrivate)
  }

  /// The folder itself once more.
  func again() throws(SystemError.Number) -> OpenFolder {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .last }
    return OpenFolder(descriptor: copy, isPrivate: isPrivate)
  }

  /// That something has the name already is no error.
  func makeFolder(_ name: String) throws(SystemError.Number) {
    try Self.check(name)
    guard mkdirat(descriptor, name, isPrivate ? 0o700 : 0o777) == 0 || errno == EEXIST else { throw .last }
  }

  /// Opens a plain file for reading. A device is not even opened: that alone can have effects.
  func file(_ name: String) throws(SystemError.Number) -> OpenFile {
    guard let facts = try status(of: name) else { throw SystemError.Number(ENOENT) }
    guard facts.kind == .file else { throw SystemError.Number(facts.kind == .folder ? EISDIR : ELOOP) }
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
    let found = esteira_openat(descriptor, name, flags, 0)
    guard found >= 0 else { throw .last }
    let file = OpenFile(descriptor: found)
    guard try file.status().kind == .file else { throw SystemError.Number(ELOOP) }
    return file
  }

  /// Makes a new file; one that has the name is in the way. `forOwner`: for the node's user alone here too.
  func newFile(_ name: String, forOwner: Bool = false) throws(SystemError.Number) -> OpenFile {
    try Self.check(name)
    let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let made = esteira_openat(descriptor, name, flags, isPrivate || forOwner ? 0o600 : 0o666)
    guard made >= 0 else { throw .last }
    return OpenFile(descriptor: made)
  }

  func status() throws(SystemError.Number) -> FileStatus {
    var found = stat()
    guard fstat(descriptor, &found) == 0 else { throw .last }
    return FileStatus(found)
  }

  /// Whether this is the other folder or lies somewhere below it, whatever their paths and links say.
  func isWithin(_ other: borrowing OpenFolder) throws(SystemError.Number) -> Bool {
    let sought = try other.status()
    var (path, below): (String, FileStatus?) = (".", nil)
    while true {
      var found = stat()
      guard fstatat(descriptor, path, &found, 0) == 0 else { throw .last }
      let status = FileStatus(found)
      if status.isSameFile(as: sought) { return true }
      // What lies above the topmost folder is that folder again.
      if let below, below.isSameFile(as: status) { return false }
      (path, below) = (path + "/..", status)
    }
  }

  /// Of the name itself; nil where nothing has it.
  func status(of name: String) throws(SystemError.Number) -> FileStatus? {
    try Self.check(name)
    var found = stat()
    if fstatat(descriptor, name, &found, AT_SYMLINK_NOFOLLOW) == 0 { return FileStatus(found) }
    if errno == ENOENT { return nil }
    throw .last
  }

  /// Gives what has a name another one, in this folder or in `other`. Without `replacing` it fails with
  /// `EEXIST` where the new name is taken.
  func rename(
    _ name: String, into other: borrowing OpenFolder, as newName: String, replacing: Bool
  ) throws(SystemError.Number) {
    try Self.check(name)
    try Self.check(newName)
    let result =
      replacing
      ? renameat(descriptor, name, other.descriptor, newName)
      : esteira_rename_new(descriptor, name, other.descriptor, newName)
    guard result == 0 else { throw .last }
  }

  /// False where nothing had the name.
  @discardableResult func remove(_ name: String, isFolder: Bool = false) throws(SystemError.Number) -> Bool {
    try Self.check(name)
    if unlinkat(descriptor, name, isFolder ? AT_REMOVEDIR : 0) == 0 { return true }
    if errno == ENOENT { return false }
    throw .last
  }

  /// What was made, renamed or removed here stays so when the power fails.
  func sync() throws(SystemError.Number) { guard fsync(descriptor) == 0 else { throw .last } }

  /// Also all that was written to the file system of this folder before: cheaper than file by file.
  func syncAll() throws(SystemError.Number) { guard esteira_sync_all(descriptor) == 0 else { throw .last } }

  /// Hands over each name in no order, without `.` and `..`; false from `take` ends it. A name that is no
  /// UTF-8 is nil: nothing in JSON could name it.
  func forEachName<Fault: Error>(
    _ take: (String?) throws(Fault) -> Bool, failing: (SystemError.Number) -> Fault
  ) throws(Fault) {
    // The place in a folder belongs to its opening, so this reads by one of its own.
    let own = esteira_openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    guard own >= 0 else { throw failing(.last) }
    guard let stream = fdopendir(own) else {
      let reason = SystemError.Number.last
      close(own)
      throw failing(reason)
    }
    defer { closedir(stream) }
    while true {
      errno = 0
      guard let next = readdir(stream) else {
        if errno != 0 { throw failing(.last) }
        return
      }
      let name = withUnsafePointer(to: &next.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
      }
      if name == "." || name == ".." { continue }
      if !(try take(name)) { return }
    }
  }

  private static func check(_ name: String) throws(SystemError.Number) {
    let isName = !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(UInt8(ascii: "/"))
    guard isName, !name.utf8.contains(0) else { throw SystemError.Number(EINVAL) }
  }
}

/// What the system says of a file. Two of one file at two moments are equal where nobody wrote it between,
/// gave it other rights or another name: the stamp holds a time that nobody can set back.
struct FileStatus: Sendable, Hashable {
  enum Kind: Sendable { case file, folder, link, other }
  var kind: Kind
  var stamp: FileStamp
  /// Who may read, write and run it.
  var permissions: mode_t

  var size: Int64 { stamp.size }
  /// In its file system.
  var number: UInt64 { stamp.inode }
  /// Nanoseconds since 1970.
  var modified: Int64 { stamp.modified }

  init(_ status: stat) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .folder
    case S_IFLNK: kind = .link
    default: kind = .other
    }
    (stamp, permissions) = (FileStamp(status), status.st_mode & 0o777)
  }

  /// Whatever became of its content and name.
  func isSameFile(as other: FileStatus) -> Bool { stamp.identity == other.stamp.identity }
}

extension SystemError.Number {
  static var last: Self { Self(errno) }
}
