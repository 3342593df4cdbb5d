import Engine
import Foundation
import Glibc
import Model
import Testing

@testable import Connectors

/// What was begun with other folders than the trigger names by now.
@Suite("A batch that was begun", .timeLimit(.minutes(1)))
struct BegunBatchTests {
  private func moved(_ bench: WatchBench, mark: Bool = false) -> FilesTriggerSpec {
    FilesTriggerSpec(
      path: bench.root + "/elsewhere", stableFor: .zero, claim: mark ? .mark : .move(to: bench.root + "/new"))
  }

  @Test("is finished in the folders that its own paths name", arguments: [false, true])
  func ownFolders(isMarking: Bool) async throws {
    let (bench, desk) = (try WatchBench(), WatchDesk())
    bench.write("A", to: "a", in: bench.work)
    bench.write("B", to: "b")
    let batch = FileBatch(id: "1", files: [bench.arrived("A", as: "a"), bench.arrived("B", as: "b")])
    desk.change { $0.open = [batch] }
    try await bench.watching(moved(bench, mark: isMarking), desk) { _ in
      await desk.wait { $0.fired.count == 1 }
    }
    #expect(desk.rows.fired == [batch] && desk.rows.notes == [])
    #expect(bench.names(bench.work) == ["a", "b"] && bench.names(bench.inbox) == [])
  }

  @Test("in place is finished in place, though the trigger moves files by now")
  func markedBefore() async throws {
    let (bench, desk) = (try WatchBench(), WatchDesk())
    bench.write("A", to: "a")
    let batch = FileBatch(id: "1", files: [bench.arrived("A", as: "a", to: bench.inbox)])
    desk.change { $0.open = [batch] }
    try await bench.watching(moved(bench), desk) { _ in await desk.wait { $0.fired.count == 1 } }
    #expect(desk.rows.fired == [batch] && desk.rows.notes == [])
    #expect(bench.names(bench.inbox) == ["a"])
  }

  @Test("waits while a folder of it is not granted, holds nothing else up, and is finished once it is")
  func notGranted() async throws {
    let (bench, desk, clock) = (try WatchBench(), WatchDesk(), HandClock())
    bench.write("A", to: "a", in: bench.work)
    let batch = FileBatch(id: "1", files: [bench.arrived("A", as: "a")])
    desk.change { $0.open = [batch] }
    let grants = Grants(
      bench.roots(
        .init(path: bench.root + "/elsewhere", isWritable: true),
        .init(path: bench.root + "/new", isWritable: true), .init(path: bench.work, isWritable: true)))
    mkdir(bench.root + "/new", 0o700)
    bench.write("C", to: "c", in: bench.root + "/elsewhere")
    try await bench.watching(moved(bench), desk, clock: clock, roots: grants) { _ in
      await desk.wait { $0.fired.count == 1 && $0.status.left == 1 }
      #expect(desk.rows.names == ["c"] && desk.rows.open == [batch])
      #expect(desk.rows.status.leftBecause?.contains(bench.inbox) == true)
      clock.advance(by: WatchPace.left)
      bench.write("D", to: "d", in: bench.root + "/elsewhere")
      await desk.wait { $0.fired.count == 2 }
      grants.become(bench.all)
      while desk.rows.fired.count < 3 {
        clock.advance(by: WatchPace.left)
        try Task.checkCancellation()
        await Task.yield()
      }
    }
    #expect(desk.rows.fired.last == batch)
    #expect(desk.rows.notes.map(\.reason) == [.batchLeft])
    #expect(desk.rows.reasons("a") == [.batchLeft])
  }

  @Test("waits where a folder that its trigger does not name any more cannot be opened")
  func folderAway() async throws {
    let (bench, desk, clock) = (try WatchBench(), WatchDesk(), HandClock())
    bench.write("B", to: "b")
    let batch = FileBatch(id: "1", files: [bench.arrived("B", as: "b")])
    desk.change { $0.open = [batch] }
    rename(bench.inbox, bench.root + "/unmounted")
    bench.write("C", to: "c", in: bench.root + "/elsewhere")
    try await bench.watching(moved(bench), desk, clock: clock) { _ in
      await desk.wait { $0.fired.count == 1 && $0.status.left == 1 }
      #expect(desk.rows.open == [batch] && desk.rows.reasons("b") == [.batchLeft])
      rename(bench.root + "/unmounted", bench.inbox)
      while desk.rows.fired.count < 2 {
        clock.advance(by: WatchPace.left)
        try Task.checkCancellation()
        await Task.yield()
      }
      await desk.wait { $0.status.left == 0 }
    }
    #expect(desk.rows.fired.last == batch && bench.text(bench.work + "/b") == "B")
  }

  @Test(
    "that a crash has left in both folders is out of the target again where it cannot leave the first one")
  func leftoverStays() async throws {
    let (bench, desk) = (try WatchBench(), WatchDesk())
    bench.write("A", to: "a")
    link(bench.inbox + "/a", bench.work + "/a")
    desk.change { $0.open = [FileBatch(id: "1", files: [bench.arrived("A", as: "a")])] }
    let seams = FolderWatcher.Seams(ways: [.link], unlink: { _, _ in EPERM })
    try await bench.watching(bench.spec(), desk, clock: HandClock(), seams: seams) { _ in
      await desk.wait { $0.abandoned.count == 1 && $0.status.scans == 1 }
    }
    #expect(bench.names(bench.work) == [] && bench.text(bench.inbox + "/a") == "A")
    #expect(desk.rows.reasons("a") == [.notMoved])
    #expect(desk.rows.fired.isEmpty)
  }
}

@Suite("A batch whose trigger is gone", .timeLimit(.minutes(1)))
struct BatchReturnTests {
  private func giving(_ bench: WatchBench, _ desk: WatchDesk, _ clock: HandClock, _ grants: Grants? = nil)
    throws -> BatchReturn
  {
    let all = bench.all
    return try BatchReturn(
      desk: desk.desk, roots: { () throws(Problem) in try grants?.now() ?? all }, clock: clock)
  }

  @Test("is taken back: what was moved lies in its folder again, and what was not stays there")
  func givenBack() async throws {
    let (bench, desk) = (try WatchBench(), WatchDesk())
    bench.write("moved", to: "moved", in: bench.work)
    bench.write("stays", to: "stays")
    bench.write("twice", to: "twice")
    link(bench.inbox + "/twice", bench.work + "/twice")
    bench.write("first", to: "taken", in: bench.work)
    bench.write("second", to: "taken")
    bench.write("foreign", to: "edited", in: bench.work)
    let texts = ["moved", "stays", "twice", "gone", "edited"]
    let files = texts.map { bench.arrived($0, as: $0) } + [bench.arrived("first", as: "taken")]
    desk.change { $0.open = [FileBatch(id: "1", files: files)] }
    await (try giving(bench, desk, HandClock())).run()
    #expect(bench.names(bench.inbox) == ["moved", "stays", "taken", "taken-2", "twice"])
    #expect(bench.text(bench.inbox + "/taken") == "second" && bench.text(bench.inbox + "/taken-2") == "first")
    #expect(bench.names(bench.work) == ["edited"] && bench.text(bench.work + "/edited") == "foreign")
    #expect(desk.rows.abandoned == ["1"] && desk.rows.fired.isEmpty)
    let notes = desk.rows.notes.map { "\($0.name) \($0.reason.rawValue)" }
    #expect(notes == ["moved given-back", "gone vanished", "edited changed", "taken given-back"])
  }

  @Test("in place ends where it is")
  func inPlace() async throws {
    let (bench, desk) = (try WatchBench(), WatchDesk())
    bench.write("A", to: "a")
    desk.change { $0.open = [FileBatch(id: "1", files: [bench.arrived("A", as: "a", to: bench.inbox)])] }
    await (try giving(bench, desk, HandClock())).run()
    #expect(desk.rows.abandoned == ["1"] && desk.rows.notes == [] && bench.names(bench.inbox) == ["a"])
  }

  @Test("waits while its folders are not granted, or the engine cannot be asked, and says so once")
  func waits() async throws {
    let (bench, clock) = (try WatchBench(), HandClock())
    let desk = WatchDesk(fault: WatchDesk.Fault(call: 1, isAfter: false))
    bench.write("A", to: "a", in: bench.work)
    desk.change { $0.open = [FileBatch(id: "1", files: [bench.arrived("A", as: "a")])] }
    let grants = Grants(.none)
    let giving = try giving(bench, desk, clock, grants)
    let run = Task { await giving.run() }
    while desk.rows.calls < 6 {
      clock.advance(by: WatchPace.left)
      try Task.checkCancellation()
      await Task.yield()
    }
    #expect(desk.rows.notes.map(\.reason) == [.batchLeft] && bench.names(bench.work) == ["a"])
    grants.become(bench.all)
    while desk.rows.abandoned.isEmpty {
      clock.advance(by: WatchPace.left)
      try Task.checkCancellation()
      await Task.yield()
    }
    await run.value
    #expect(bench.names(bench.inbox) == ["a"])
  }

  @Test("is not waited for by whoever stops it")
  func stopped() async throws {
    let (bench, desk, clock) = (try WatchBench(), WatchDesk(), HandClock())
    bench.write("A", to: "a", in: bench.work)
    desk.change { $0.open = [FileBatch(id: "1", files: [bench.arrived("A", as: "a")])] }
    let giving = try giving(bench, desk, clock, Grants(.none))
    let run = Task { await giving.run() }
    await desk.wait { $0.notes.count == 1 }
    giving.stop()
    await run.value
    #expect(desk.rows.open.count == 1 && bench.names(bench.work) == ["a"])
  }
}
