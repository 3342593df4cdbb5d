import Engine
import Foundation
import Glibc
import Model
import Testing

@testable import Connectors

/// What `docs/files.md` promises where two meet: roots in one another, writers meanwhile, other users.
@Suite("Files that others use too", .timeLimit(.minutes(1)))
struct FilePromiseTests {
  private func run(
    _ connector: some Connector, _ bench: Bench, _ with: JSON, number: Int = 1, inner: [FileRoots.Root] = []
  ) async throws(Failure) -> JSON {
    var attempt = bench.attempt(Refused.rooted(bench, with), number: number, effect: .keyed)
    attempt.services.roots.granted += inner
    return try await connector.execute(attempt).value
  }

  private func write(_ bench: Bench, _ path: String, _ text: String = "x") throws {
    let url = URL(filePath: "\(bench.root)/\(path)")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: url, atomically: false, encoding: .utf8)
  }

  private func text(_ bench: Bench, _ path: String) -> String? {
    try? String(contentsOfFile: "\(bench.root)/\(path)", encoding: .utf8)
  }

  private func mode(_ path: String) -> mode_t {
    var found = stat()
    return lstat(path, &found) == 0 ? found.st_mode & 0o777 : 0
  }

  private func move(_ bench: Bench, _ from: String, _ to: String) throws -> FileMove {
    let attempt = bench.attempt([:], effect: .keyed)
    let roots = attempt.services.roots
    return FileMove(
      from: try RootedPath(from, in: roots), target: try RootedPath(to, in: roots), conflict: .fail,
      record: PlaceRecord(attempt, "move"))
  }

  private func append(_ text: String, to path: String) throws {
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }

  @Test(
    "are never removed with a folder that holds another root, also where a link leads to that",
    arguments: [
      ("/shared/x/reference", false, "read-only-root"), ("/shared/x/reference", true, "unsafe-path"),
      ("/alias", false, "read-only-root"),
    ])
  func innerRoots(path: String, isWritable: Bool, code: String) async throws {
    let bench = try Bench()
    try write(bench, "shared/x/a")
    try write(bench, "shared/x/reference/kept")
    try FileManager.default.createSymbolicLink(
      atPath: bench.root + "/alias", withDestinationPath: bench.root + "/shared/x/reference")
    let inner = FileRoots.Root(path: bench.root + path, isWritable: isWritable)
    let refused = await failure { () async throws(Failure) in
      try await run(
        FilesRemove(), bench, ["path": "$ROOT/shared/x", "recursive": true], inner: [inner])
    }
    #expect(refused?.code == code)
    #expect(text(bench, "shared/x/reference/kept") == "x" && text(bench, "shared/x/a") == "x")
    let beside: JSON = ["path": "$ROOT/shared/x/a", "recursive": true]
    #expect(try await run(FilesRemove(), bench, beside, inner: [inner])["removed"] == 1)
  }

  @Test("are not unpacked above a root that is not there just now")
  func unpackAboveRoot() async throws {
    let bench = try Bench()
    try FileCases.layOut(bench)
    try TarMaker.one("reference/f").write(to: URL(filePath: bench.root + "/own/t"))
    let inner = FileRoots.Root(path: bench.root + "/shared/x/reference", isWritable: false)
    let refused = await failure { () async throws(Failure) in
      try await run(ArchiveUnpack(), bench, ["path": "t", "to": "$ROOT/shared/x"], inner: [inner])
    }
    #expect(refused?.code == "read-only-root")
    #expect(!FileManager.default.fileExists(atPath: bench.root + "/shared/x"))
  }

  @Test("are moved as they are then where somebody writes to them just before, and a repeat knows them")
  func writtenMeanwhile() throws {
    let bench = try Bench()
    try write(bench, "own/a", "one")
    let move = try move(bench, "a", "b")
    let source = try move.source()
    try append(" two", to: bench.root + "/own/a")
    let (placed, size) = try move.move(source, CancelFlag())
    #expect(placed.shown == "b" && size == 7 && text(bench, "own/b") == "one two")
    #expect(try move.run(CancelFlag()).1 == 7)
  }

  @Test("are moved as they are then where somebody puts another in their place just before")
  func exchangedMeanwhile() throws {
    let bench = try Bench()
    try write(bench, "own/a", "one")
    let move = try move(bench, "a", "b")
    let source = try move.source()
    try write(bench, "own/next", "another")
    #expect(rename(bench.root + "/own/next", bench.root + "/own/a") == 0)
    let (_, size) = try move.move(source, CancelFlag())
    #expect(size == 7 && text(bench, "own/b") == "another")
    #expect(try move.run(CancelFlag()).1 == 7)
  }

  @Test("that became a link just before they were moved stay where they are")
  func linkMeanwhile() throws {
    let bench = try Bench()
    try write(bench, "own/a", "one")
    let move = try move(bench, "a", "b")
    let source = try move.source()
    #expect(unlink(bench.root + "/own/a") == 0 && symlink("/etc/hostname", bench.root + "/own/a") == 0)
    let refused = #expect(throws: Failure.self) { _ = try move.move(source, CancelFlag()) }
    #expect(refused?.code == "not-a-file")
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.root + "/own") == ["a"])
  }

  @Test(
    "with two names after a crash, as a file system without exclusive renames leaves them, lose the first")
  func twoNames() async throws {
    let bench = try Bench()
    try write(bench, "own/in/a")
    let with: JSON = ["from": "in/a", "to": "b"]
    let first = try await run(FilesMove(), bench, with)
    #expect(link(bench.root + "/own/b", bench.root + "/own/in/a") == 0)
    #expect(try await run(FilesMove(), bench, with, number: 2) == first)
    #expect(text(bench, "own/in/a") == nil && text(bench, "own/b") == "x")
    // The folder that they came from may be gone by the next repeat.
    #expect(rmdir(bench.root + "/own/in") == 0)
    #expect(try await run(FilesMove(), bench, with, number: 3) == first)
  }

  @Test("are not moved onto themselves over a root that leads to the same folder")
  func sameFolder() async throws {
    let bench = try Bench()
    try write(bench, "shared/a")
    try FileManager.default.createSymbolicLink(
      atPath: bench.root + "/alias", withDestinationPath: bench.root + "/shared")
    let inner = FileRoots.Root(path: bench.root + "/alias", isWritable: true)
    let with: JSON = ["from": "$ROOT/shared/a", "to": "$ROOT/alias/a", "on_conflict": "overwrite"]
    for number in 1...2 {
      let refused = await failure { () async throws(Failure) in
        try await run(FilesMove(), bench, with, number: number, inner: [inner])
      }
      #expect(refused?.code == "file-exists")
    }
    #expect(text(bench, "shared/a") == "x")
  }

  @Test("have in granted roots the rights that any program gives, or those of what they replace or copy")
  func rights() async throws {
    let bench = try Bench()
    try FileCases.layOut(bench)
    let shared = bench.root + "/shared"
    // What the process's mask leaves of a new file and folder.
    try write(bench, "plain/file")
    let (file, folder) = (mode(bench.root + "/plain/file"), mode(bench.root + "/plain"))
    let written: JSON = ["path": "$ROOT/shared/d/w", "content": "x"]
    _ = try await run(FilesWrite(), bench, written)
    #expect(mode(shared + "/d/w") == file && mode(shared + "/d") == folder)
    chmod(shared + "/d/w", 0o640)
    // Another step, which has no record of the first.
    try FileManager.default.removeItem(atPath: bench.root + "/processes")
    let over: JSON = ["path": "$ROOT/shared/d/w", "content": "y"]
    _ = try await run(FilesWrite(), bench, over)
    #expect(mode(shared + "/d/w") == 0o640 && text(bench, "shared/d/w") == "y")
    _ = try await run(FilesCopy(), bench, ["from": "$ROOT/shared/d/w", "to": "$ROOT/shared/c"])
    #expect(mode(shared + "/c") == 0o640)
    _ = try await run(FilesWrite(), bench, ["path": "own", "content": "x"])
    #expect(mode(bench.root + "/own/own") == 0o600)
    _ = try await run(FilesCopy(), bench, ["from": "own", "to": "$ROOT/shared/o"])
    #expect(mode(shared + "/o") == file)
    _ = try await run(FilesCopy(), bench, ["from": "$ROOT/shared/o", "to": "back/o"])
    #expect(mode(bench.root + "/own/back/o") == 0o600 && mode(bench.root + "/own/back") == 0o700)
    _ = try await run(ArchiveUnpack(), bench, ["path": "in.zip", "to": "$ROOT/shared/all"])
    #expect(mode(shared + "/all") == folder && mode(shared + "/all/a/ação.txt") == file)
  }

  @Test("keep their rights where they move between file systems")
  func movedRights() async throws {
    let bench = try Bench()
    let other = "/dev/shm/esteira-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: other) }  // Left behind it harms no other test.
    try write(bench, "shared/a")
    chmod(bench.root + "/shared/a", 0o664)
    let root = FileRoots.Root(path: other, isWritable: true)
    _ = try await run(
      FilesMove(), bench, ["from": "$ROOT/shared/a", "to": .string(other + "/a")], inner: [root])
    #expect(mode(other + "/a") == 0o664)
  }

  @Test("that were written and got their old time back are changed all the same")
  func oldTime() throws {
    let bench = try Bench()
    try write(bench, "own/a", "one")
    let path = bench.root + "/own/a"
    let file = try OpenFile.own(path)
    let before = try file.status()
    var found = stat()
    #expect(stat(path, &found) == 0)
    let times = [found.st_atim, found.st_mtim]
    // The system's clock of changes has ticks; two changes within one are one to everybody.
    repeat {
      try append("", to: path)
      #expect(Glibc.truncate(path, 0) == 0)
      try append("two", to: path)
      utimensat(AT_FDCWD, path, times, 0)
      #expect(stat(path, &found) == 0)
    } while Int64(found.st_ctim.tv_sec) * 1_000_000_000 + Int64(found.st_ctim.tv_nsec) == before.stamp.changed
    let after = try file.status()
    #expect(after != before && after.size == before.size && after.modified == before.modified)
    #expect(PlaceRecord.mark(after) == PlaceRecord.mark(before))
    #expect(PlaceRecord.exactMark(after) != PlaceRecord.exactMark(before))
  }

  @Test("whose root cannot be opened just now are tried again; a root that is missing is for the operator")
  func rootFaults() {
    for number in [EMFILE, ENFILE, EIO, ENOSPC, ENOMEM] {
      let fault = Failure.root(SystemError.Number(number), "/srv/x")
      #expect(fault.errorClass == .transient && fault.code == "file-system")
    }
    for number in [ENOENT, EACCES, EPERM, ENOTDIR, ELOOP, EROFS] {
      let fault = Failure.root(SystemError.Number(number), "/srv/x")
      #expect(fault.errorClass == .configuration && fault.code == "file-access")
    }
  }

  @Test("that cannot be written are told by the name of the target, not of the source")
  func targetFault() throws {
    let bench = try Bench()
    try write(bench, "own/a")
    let source = try OpenFile.own(bench.root + "/own/a")
    // Open for reading only: each write fails.
    let closed = try OpenFile.own(bench.root + "/own/a")
    var incoming = IncomingFile(in: try OpenFolder.open(bench.root + "/own"), closed, named: ".#t")
    var told: Failure?
    do throws(Failure) {
      try incoming.copy(source, "source", CancelFlag()) { .file($0, "target") }
    } catch { told = error }
    #expect(told?.message.contains("`target`") == true)
  }

  @Test("under way are never listed, whatever mark combines with their name")
  func combinedNames() async throws {
    let bench = try Bench()
    try write(bench, "own/.#\u{301}x")
    try write(bench, "own/a")
    #expect(try await run(FilesList(), bench, [:])["count"] == 1)
  }

  @Test("get a name of at most 255 bytes where theirs is taken")
  func longNames() async throws {
    let bench = try Bench()
    let name = String(repeating: "é", count: 125) + ".csv"
    try write(bench, "own/\(name)")
    let with: JSON = ["path": .string(name), "content": "y", "on_conflict": "rename"]
    let placed = try await run(FilesWrite(), bench, with)["path"]?.string
    #expect(placed == String(repeating: "é", count: 124) + "-1.csv")
    #expect(IncomingFile.numbered("report.csv", 1) == "report-1.csv")
    #expect(IncomingFile.numbered(".hidden", 2) == ".hidden-2")
  }

  @Test("of our own are written by two at once without one taking the other's half")
  func atomicAtOnce() async throws {
    let bench = try Bench()
    let path = bench.root + "/f"
    #expect(AtomicFile.temporaryPath(besides: path) != AtomicFile.temporaryPath(besides: path))
    let failed = await withTaskGroup(of: Int.self) { group in
      for writer in 0..<8 {
        group.addTask {
          await OwnThread.run {
            (0..<100).count { _ in
              !AtomicFile.write([UInt8](repeating: UInt8(writer), count: 1_000), to: path, durable: false)
            }
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(failed == 0)
    #expect(Set(try Data(contentsOf: URL(filePath: path))).count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.root) == ["f"])
  }
}
