import Glibc
import Model

@testable import Connectors

/// Taken apart without being written: bounds and names are those of `archive.unpack`. What is accepted as a
/// name stays in its folder.
enum ArchiveBody {
  private static let limits = UnpackLimits(entries: 1_000, bytes: 16 << 20)

  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let path = "/tmp/esteira-fuzz-\(getpid())-\(pthread_self())"
    defer { unlink(path) }
    guard let written = try? OpenFile.newOwn(path), (try? written.write(bytes[...])) != nil,
      let archive = try? OpenFile.own(path), let folder = try? OpenFolder.open("/tmp")
    else { throw Broken("The machine has no place for a file in /tmp.") }
    // A pattern that no name has: all is read and nothing written.
    let unpacking = Unpacking(limits: limits, glob: Glob("\u{1}"), flag: CancelFlag())
    _ = try? unpacking.run(archive, into: folder)
    guard let name = String(validating: bytes.prefix(2_000), as: UTF8.self), let safe = try? EntryName(name)
    else { return }
    try promise(!safe.parts.contains(".."), "The name \(name) leads out of its folder.")
    try promise(!safe.path.hasPrefix("/"), "The name \(name) is absolute.")
  }
}
