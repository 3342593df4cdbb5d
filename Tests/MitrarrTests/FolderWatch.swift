import Foundation
import Testing

/// Tells of changes in folders and files, so that nobody has to wait for time.
struct FolderWatch: ~Copyable {
  private let descriptor: Int32
  private static let changes = UInt32(
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE)

  init(_ places: URL...) throws {
    descriptor = inotify_init1(Int32(IN_CLOEXEC))
    try #require(descriptor >= 0)
    for place in places { try #require(inotify_add_watch(descriptor, place.path, Self.changes) >= 0) }
  }

  deinit { close(descriptor) }

  /// Returns once the condition holds; it is asked again after each change.
  func wait(until condition: () throws -> Bool) throws {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while try !condition() { try #require(read(descriptor, &buffer, buffer.count) > 0) }
  }
}

extension URL {
  /// Names of the plain files in this folder.
  func files() throws -> Set<String> {
    let keys: [URLResourceKey] = [.isRegularFileKey]
    let all = try FileManager.default.contentsOfDirectory(at: self, includingPropertiesForKeys: keys)
    // A file may go while the folder is read.
    return Set(
      all.filter { (try? $0.resourceValues(forKeys: Set(keys)))?.isRegularFile == true }
        .map(\.lastPathComponent))
  }
}
