import CSystem
import Engine
import Glibc

/// An open folder, and what can be done in it by name; no link is followed. Blocks.
struct FolderHandle: ~Copyable {
  let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }
  deinit { close(descriptor) }

  /// Links are followed only above the root, which the operator named. `making`: what is missing is made.
  static func open(_ place: FolderPlace, making: Bool = false) throws(SystemError.Number) -> FolderHandle {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
    let root = esteira_open(place.root, flags, 0)
    guard root >= 0 else { throw SystemError.Number(errno) }
    var folder = FolderHandle(descriptor: root)
    for part in place.parts {
      var found = esteira_openat(folder.descriptor, part, flags | O_NOFOLLOW, 0)
      if found < 0, errno == ENOENT, making {
        guard mkdirat(folder.descriptor, part, newFolderMode) == 0 || errno == EEXIST else {
          throw SystemError.Number(errno)
        }
        try folder.sync()
        found = esteira_openat(folder.descriptor, part, flags | O_NOFOLLOW, 0)
      }
      guard found >= 0 else { throw SystemError.Number(errno) }
      folder = FolderHandle(descriptor: found)
    }
    return folder
  }

  /// The process's mask takes from it what the operator wants.
  private static let newFolderMode: mode_t = 0o777

  /// What tells this folder from another one that has its path later.
  func identity() throws(SystemError.Number) -> FileStamp.Identity {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemError.Number(errno) }
    return FileStamp(status).identity
  }

  /// Of a plain file; nil where nothing, or something else, has the name.
  func stamp(of name: String) throws(SystemError.Number) -> FileStamp? {
    var status = stat()
    guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      if errno == ENOENT { return nil }
      throw SystemError.Number(errno)
    }
    return status.st_mode & S_IFMT == S_IFREG ? FileStamp(status) : nil
  }

  /// Also where the name is that of a folder or a link.
  func has(_ name: String) throws(SystemError.Number) -> Bool {
    var status = stat()
    if fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { return true }
    if errno == ENOENT { return false }
    throw SystemError.Number(errno)
  }

  /// Nil where no plain file has the name: another thing is not even opened, which alone could have effects.
  func open(_ name: String) throws(SystemError.Number) -> HeldFile? {
    guard try stamp(of: name) != nil else { return nil }
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
    let found = esteira_openat(descriptor, name, flags, 0)
    guard found >= 0 else {
      if errno == ENOENT || errno == ELOOP { return nil }
      throw SystemError.Number(errno)
    }
    return HeldFile(descriptor: found)
  }

  /// False where nothing had the name.
  @discardableResult
  func remove(_ name: String) throws(SystemError.Number) -> Bool {
    if unlinkat(descriptor, name, 0) == 0 { return true }
    if errno == ENOENT { return false }
    throw SystemError.Number(errno)
  }

  /// Names that were made, changed or removed here stay so when the power fails.
  func sync() throws(SystemError.Number) {
    guard fsync(descriptor) == 0 else { throw SystemError.Number(errno) }
  }

  /// Other machines may change what is in it without this one hearing of it.
  var isRemote: Bool { esteira_watch_is_remote(descriptor) != 0 }
}

extension FileStamp {
  /// What stays the same while a file or folder changes.
  struct Identity: Hashable {
    var device: UInt64
    var inode: UInt64
  }

  var identity: Identity { Identity(device: device, inode: inode) }

  init(_ status: stat) {
    var status = status
    self.init(
      device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
      modified: esteira_modified(&status), changed: esteira_changed(&status))
  }

  /// The same file with the same content, so far as its times and length tell: moving a file marks it as
  /// changed.
  func isSameContent(as other: FileStamp) -> Bool {
    identity == other.identity && size == other.size && modified == other.modified
  }
}
