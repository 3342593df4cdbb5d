import Engine
import Foundation
import Model
import Synchronization
import Testing

@testable import Connectors

/// A watcher is cut off at each point where a crash could come, and another one goes on with the same folders
/// and rows.
@Suite("A watcher that is cut off", .timeLimit(.minutes(2)))
struct WatchCrashTests {
  /// Three contents in four files; the name of one is taken.
  private func fill(_ bench: WatchBench) {
    for (name, text) in [("a", "A"), ("b", "B"), ("c", "A"), ("d", "D")] { bench.write(text, to: name) }
    bench.write("foreign", to: "d", in: bench.work)
  }

  private static let contents = ["A", "B", "D"].map(WatchBench.hash).sorted()

  private static func isDone(_ rows: WatchDesk.Rows) -> Bool { rows.contents.count >= contents.count }

  private func check(_ bench: WatchBench, _ desk: WatchDesk, _ point: String) {
    let rows = desk.rows
    #expect(rows.contents == Self.contents, "\(point): each content is in one fired batch")
    #expect(rows.open.isEmpty, "\(point)")
    for file in rows.fired.flatMap(\.files) {
      #expect(bench.text(file.path).map(WatchBench.hash) == file.sha256, "\(point): \(file.path)")
    }
    #expect(bench.text(bench.work + "/d") == "foreign", "\(point)")
    let left = bench.names(bench.inbox).filter { !$0.hasPrefix(".") }
    #expect(left.isEmpty, "\(point): \(left) stayed")
    let duplicates = bench.names(bench.work + "/duplicates")
    #expect(!duplicates.isEmpty, "\(point)")
    // A crash within the move of a duplicate may leave it there twice, but nothing else ever comes there.
    for name in duplicates { #expect(bench.text(bench.work + "/duplicates/" + name) == "A", "\(point)") }
    let all = [bench.work, bench.work + "/duplicates"].flatMap { folder in
      bench.names(folder).compactMap { bench.text("\(folder)/\($0)") }
    }
    #expect(Set(all).isSuperset(of: ["A", "B", "D", "foreign"]), "\(point): nothing is lost")
    #expect(bench.names(bench.work).contains { $0.hasPrefix(".") } == false, "\(point)")
  }

  @Test(
    "loses no file and takes no content twice, wherever that is",
    arguments: [[FileMover.Way.rename], [.link], [.look], [.copy]])
  func everyPoint(ways: [FileMover.Way]) async throws {
    var point = 0
    var wasCut = true
    while wasCut {
      point += 1
      #expect(point < 500)
      let (bench, desk) = (try WatchBench(), WatchDesk())
      fill(bench)
      let asked = Mutex(0)
      let cut = point
      let continues: @Sendable () -> Bool = {
        asked.withLock { count in
          count += 1
          return count < cut
        }
      }
      let spec = bench.spec(max: 10)
      try await bench.watching(
        spec, desk, seams: FolderWatcher.Seams(continues: continues, ways: ways)
      ) { _ in
        await desk.wait { $0.hasEnded || Self.isDone($0) }
      }
      wasCut = asked.withLock { $0 } >= cut
      try await bench.watching(spec, desk, seams: FolderWatcher.Seams(ways: ways)) { _ in
        await desk.wait { Self.isDone($0) && $0.status.scans >= 1 && $0.status.waiting == 0 }
      }
      check(bench, desk, "\(ways) at \(point)")
    }
    #expect(point > 10)
  }

  @Test(
    "goes on by itself when a call of the engine fails, before or after its effect", arguments: [false, true])
  func everyCall(isAfter: Bool) async throws {
    var call = 0
    var wasReached = true
    while wasReached {
      call += 1
      #expect(call < 50)
      let bench = try WatchBench()
      let desk = WatchDesk(fault: WatchDesk.Fault(call: call, isAfter: isAfter))
      fill(bench)
      try await bench.watching(bench.spec(max: 10), desk) { _ in
        await desk.wait { Self.isDone($0) && $0.status.waiting == 0 && $0.status.failures == 0 }
      }
      wasReached = desk.rows.calls >= call
      // The last word is a watcher's that meets no fault.
      let quiet = WatchDesk()
      quiet.change {
        $0 = desk.rows
        $0.status = FolderWatchStatus()
      }
      try await bench.watching(bench.spec(max: 10), quiet) { _ in
        await quiet.wait { $0.status.scans >= 1 && $0.status.waiting == 0 }
      }
      check(bench, quiet, "call \(call)")
    }
    #expect(call > 4)
  }

  @Test("finishes batches in place, and drops those of which the content is gone")
  func inPlace() async throws {
    let (bench, desk) = (try WatchBench(), WatchDesk())
    for (name, text) in [("a", "A"), ("b", "other")] { bench.write(text, to: name) }
    let files = [("a", "A"), ("b", "B"), ("c", "C")].map { name, text in
      ArrivedFile(
        path: "\(bench.inbox)/\(name)", name: name, sha256: WatchBench.hash(text), size: 1,
        modifiedAt: Timestamp(microseconds: 0), originalPath: "\(bench.inbox)/\(name)")
    }
    desk.change { $0.open = [FileBatch(id: "1", files: files), FileBatch(id: "2", files: [files[2]])] }
    try await bench.watching(bench.spec(max: 10, claim: .mark), desk) { _ in
      await desk.wait { $0.fired.count == 2 && $0.abandoned.count == 1 }
    }
    #expect(
      desk.rows.fired.map { $0.files.map(\.sha256) } == [[WatchBench.hash("A")], [WatchBench.hash("other")]])
    #expect(desk.rows.abandoned == ["2"])
    #expect(desk.rows.reasons("b") == [.changed])
    #expect(desk.rows.reasons("c") == [.vanished, .vanished])
  }
}
