import CSystem
import Glibc
import Model

/// What the kernel tells about one folder. Where it tells nothing (a limit of the system, a file system
/// without events) the value stands nonetheless, and says why.
struct FolderEvents: ~Copyable {
  enum Event: Hashable {
    /// Something was done to the file of that name, or it came.
    case touched(String)
    case gone(String)
    /// Events were lost.
    case overflow
    /// The folder was removed, moved or unmounted.
    case folderGone
  }

  /// -1 where nothing is told.
  let descriptor: Int32
  /// 0 where changes are told.
  let failure: SystemError.Number

  init(_ folder: borrowing FolderHandle) {
    let made = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    guard made >= 0 else {
      (descriptor, failure) = (-1, SystemError.Number(errno))
      return
    }
    // By way of the open folder, so that it is this one and not what has its path by now.
    guard inotify_add_watch(made, "/proc/self/fd/\(folder.descriptor)", Self.mask) >= 0 else {
      (descriptor, failure) = (-1, SystemError.Number(errno))
      close(made)
      return
    }
    (descriptor, failure) = (made, SystemError.Number(0))
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  var isTelling: Bool { descriptor >= 0 }

  private static let touching = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MODIFY | IN_ATTRIB)
  private static let leaving = UInt32(IN_MOVED_FROM | IN_DELETE)
  private static let folder = UInt32(IN_DELETE_SELF | IN_MOVE_SELF)
  private static let mask = touching | leaving | folder | UInt32(IN_ONLYDIR)
  private static let ending = folder | UInt32(IN_UNMOUNT | IN_IGNORED)
  private static let bufferSize = 1 << 16

  /// All that has happened since the last call, at most a buffer full; the same thing to the same file once.
  func take() -> [Event] {
    guard isTelling else { return [] }
    var buffer = [UInt8](repeating: 0, count: Self.bufferSize)
    let count = read(descriptor, &buffer, buffer.count)
    guard count > 0 else { return [] }
    var events: [Event] = []
    for event in Self.parse(buffer[..<count]) where event != events.last { events.append(event) }
    return events
  }

  private static func parse(_ buffer: ArraySlice<UInt8>) -> [Event] {
    let header = MemoryLayout<inotify_event>.size
    var (events, rest): ([Event], ArraySlice<UInt8>) = ([], buffer)
    while rest.count >= header {
      let (mask, length) = rest.withUnsafeBytes {
        (
          $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self),
          $0.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
        )
      }
      let name = rest.dropFirst(header).prefix(Int(length)).prefix { $0 != 0 }
      if let event = event(mask, name) { events.append(event) }
      rest = rest.dropFirst(header + Int(length))
    }
    return events
  }

  private static func event(_ mask: UInt32, _ name: ArraySlice<UInt8>) -> Event? {
    if mask & UInt32(IN_Q_OVERFLOW) != 0 { return .overflow }
    if mask & ending != 0 { return .folderGone }
    // Of a folder in the folder, or of the folder itself.
    guard mask & UInt32(IN_ISDIR) == 0, !name.isEmpty, let text = String(validating: name, as: UTF8.self)
    else {
      return nil
    }
    return mask & leaving != 0 ? .gone(text) : .touched(text)
  }
}
