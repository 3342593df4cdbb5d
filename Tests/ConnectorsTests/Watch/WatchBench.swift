import CSystem
import Crypto
import Engine
import Foundation
import Glibc
import Model
import Synchronization

@testable import Connectors

/// Folders of a test's own, and watchers of them.
final class WatchBench: Sendable {
  let root: String
  var inbox: String { root + "/in" }
  var work: String { root + "/out" }

  init() throws {
    root = FileManager.default.temporaryDirectory.path + "/esteira-" + UUID().uuidString
    for folder in ["in", "out", "elsewhere"] {
      try FileManager.default.createDirectory(atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }  // A folder left behind harms no other test.

  var moving: FilesTriggerSpec.Claim { .move(to: work) }

  func spec(
    match: String = "*", stableFor: Duration = .zero, max: Int = 1, wait: Duration = .zero,
    claim: FilesTriggerSpec.Claim? = nil
  ) -> FilesTriggerSpec {
    FilesTriggerSpec(
      path: inbox, match: NamePattern(match) ?? .all, stableFor: stableFor, batchMax: max, batchWait: wait,
      claim: claim ?? moving)
  }

  var all: FileRoots { roots(FileRoots.Root(path: root, isWritable: true)) }

  func roots(_ granted: FileRoots.Root...) -> FileRoots { FileRoots(own: nil, granted: granted) }

  /// `seams`: its `waits` is set here. `roots`: all folders of the bench unless said.
  func watcher(
    _ spec: FilesTriggerSpec, _ desk: WatchDesk, clock: any EngineClock = SystemClock(),
    seams: FolderWatcher.Seams = FolderWatcher.Seams(), roots: Grants? = nil
  ) throws -> FolderWatcher {
    var seams = seams
    let waits = seams.waits
    seams.waits = { status in
      desk.change { $0.status = status }
      waits(status)
    }
    let all = all
    return try FolderWatcher(
      spec, roots: { () throws(Problem) in try roots?.now() ?? all }, desk: desk.desk, clock: clock,
      log: { _ in }, seams: seams)
  }

  /// Runs a watcher while `body` does.
  func watching(
    _ spec: FilesTriggerSpec, _ desk: WatchDesk, clock: any EngineClock = SystemClock(),
    seams: FolderWatcher.Seams = FolderWatcher.Seams(), roots: Grants? = nil,
    _ body: (FolderWatcher) async throws -> Void
  ) async throws {
    let watcher = try watcher(spec, desk, clock: clock, seams: seams, roots: roots)
    let run = Task {
      await watcher.run()
      desk.change { $0.hasEnded = true }
    }
    defer { desk.change { $0.hasEnded = false } }
    do { try await body(watcher) } catch {
      watcher.stop()
      await run.value
      throw error
    }
    watcher.stop()
    await run.value
  }

  /// As a batch names it that moves it on.
  func arrived(_ text: String, as name: String, from: String? = nil, to: String? = nil) -> ArrivedFile {
    ArrivedFile(
      path: "\(to ?? work)/\(name)", name: name, sha256: Self.hash(text), size: Int64(text.utf8.count),
      modifiedAt: Timestamp(microseconds: 0), originalPath: "\(from ?? inbox)/\(name)")
  }

  func write(_ text: String, to name: String, in folder: String? = nil) {
    let path = "\(folder ?? inbox)/\(name)"
    let file = esteira_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer { close(file) }
    precondition(AtomicFile.writeAll(Array(text.utf8), to: file), "The test cannot write \(path).")
  }

  /// As a careful sender does it: written elsewhere, then moved in.
  func deliver(_ text: String, as name: String) {
    write(text, to: name, in: root + "/elsewhere")
    rename("\(root)/elsewhere/\(name)", "\(inbox)/\(name)")
  }

  func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  func names(_ folder: String) -> [String] { Folders.names(in: folder) }

  static func hash(_ text: String) -> String { SHA256.hex(Array(text.utf8)) }
}

/// What the operator grants at the moment.
final class Grants: Sendable {
  private let state: Mutex<Result<FileRoots, Problem>>
  init(_ roots: FileRoots) { state = Mutex(.success(roots)) }
  func now() throws(Problem) -> FileRoots { try state.withLock { $0 }.get() }
  func become(_ roots: FileRoots) { state.withLock { $0 = .success(roots) } }
  func become(_ problem: Problem) { state.withLock { $0 = .failure(problem) } }
}

/// Whether this machine's temporary folder knows read leases.
enum Leases {
  static let work: Bool = {
    guard let bench = try? WatchBench() else { return false }
    bench.write("x", to: "probe")
    let file = HeldFile(descriptor: esteira_open("\(bench.inbox)/probe", O_RDONLY | O_CLOEXEC, 0))
    if case .held = file.takeLease() { return true }
    return false
  }()
}
