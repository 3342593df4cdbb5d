import CSystem
import Engine
import Foundation
import Glibc
import Model
import Synchronization
import Testing

@testable import Connectors

@Suite("A watched folder", .timeLimit(.minutes(1)))
struct FolderWatcherTests {
  @Test("hands over a file that was moved in, moved on, with all that is known of it")
  func one() async throws {
    let (bench, desk) = (try WatchBench(), WatchDesk())
    try await bench.watching(bench.spec(match: "*.nst"), desk) { _ in
      await desk.wait { $0.status.isAttached && $0.status.scans == 1 }
      bench.deliver("content", as: "a.nst")
      await desk.wait { $0.fired.count == 1 }
    }
    let file = try #require(desk.rows.fired.first?.files.first)
    #expect(file.path == bench.work + "/a.nst")
    #expect(file.originalPath == bench.inbox + "/a.nst")
    #expect((file.name, file.size) == ("a.nst", 7))
    #expect(file.sha256 == WatchBench.hash("content"))
    #expect(bench.text(file.path) == "content")
    #expect(bench.names(bench.inbox) == [])
    let modified = try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] as? Date
    let difference = try #require(modified).timeIntervalSince1970 * 1e6 - Double(file.modifiedAt.microseconds)
    #expect(abs(difference) < 2_000)
    #expect(desk.rows.notes == [])
  }

  @Test("leaves alone what is hidden, under way, no plain file, or not matched")
  func ignored() async throws {
    let (bench, desk) = (try WatchBench(), WatchDesk())
    for name in [".a.nst", "b.nst.tmp", "c.nst.part", "c.PART", "d.txt"] { bench.write("x", to: name) }
    symlink("/etc/hostname", bench.inbox + "/link.nst")
    mkdir(bench.inbox + "/folder.nst", 0o700)
    mkfifo(bench.inbox + "/pipe.nst", 0o600)
    bench.write("yes", to: "z.nst")
    let before = bench.names(bench.inbox)
    try await bench.watching(bench.spec(match: "*.nst"), desk) { _ in
      await desk.wait { $0.fired.count == 1 && $0.status.scans == 1 }
    }
    #expect(desk.rows.names == ["z.nst"])
    #expect(bench.names(bench.inbox) == before.filter { $0 != "z.nst" })
  }

  @Test("waits on the clock until a file has been quiet for long enough")
  func stable() async throws {
    let (bench, desk, clock) = (try WatchBench(), WatchDesk(), HandClock())
    bench.write("half", to: "a")
    try await bench.watching(bench.spec(stableFor: .seconds(5)), desk, clock: clock) { _ in
      await desk.wait { $0.status.waiting == 1 && $0.status.scans == 1 }
      clock.advance(by: .seconds(4))
      bench.write("whole", to: "a")
      bench.deliver("other", as: "b")
      await desk.wait { $0.status.waiting == 2 }
      clock.advance(by: .seconds(4))
      bench.deliver("third", as: "c")
      await desk.wait { $0.status.waiting == 3 }
      #expect(desk.rows.fired.isEmpty)
      clock.advance(by: .seconds(1))
      await desk.wait { $0.fired.count == 2 }
      #expect(desk.rows.contents == [WatchBench.hash("whole"), WatchBench.hash("other")].sorted())
    }
  }

  @Test("never reads a file while somebody has it open for writing", .enabled(if: Leases.work))
  func writer() async throws {
    let (bench, desk) = (try WatchBench(), WatchDesk())
    let slow = esteira_open(bench.inbox + "/slow", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    #expect(AtomicFile.writeAll(Array("first ".utf8), to: slow))
    try await bench.watching(bench.spec(), desk) { _ in
      for round in 0..<3 {
        bench.deliver("quick \(round)", as: "quick\(round)")
        await desk.wait { $0.fired.count == round + 1 }
        #expect(AtomicFile.writeAll(Array("more ".utf8), to: slow))
      }
      #expect(desk.rows.names == ["quick0", "quick1", "quick2"])
      close(slow)
      await desk.wait { $0.fired.count == 4 }
    }
    #expect(desk.rows.contents.contains(WatchBench.hash("first more more more ")))
    #expect(desk.rows.notes == [])
    #expect(desk.rows.fired.count == 4)
  }

  @Test("takes a burst in batches that are not too large, each file once")
  func burst() async throws {
    let (bench, desk) = (try WatchBench(), WatchDesk())
    let count = 300
    try await bench.watching(bench.spec(max: 50, wait: .milliseconds(50)), desk) { _ in
      for number in 0..<count { bench.deliver("content \(number)", as: "f\(number)") }
      await desk.wait { $0.names.count == count }
    }
    #expect(desk.rows.contents == (0..<count).map { WatchBench.hash("content \($0)") }.sorted())
    #expect(desk.rows.fired.allSatisfy { $0.files.count <= 50 })
    #expect(desk.rows.notes == [])
    #expect(bench.names(bench.work).count == count)
  }

  @Test("takes nothing while its trigger is paused, and goes on when it is woken")
  func paused() async throws {
    let (bench, desk, clock) = (try WatchBench(), WatchDesk(), HandClock())
    desk.change { $0.isPaused = true }
    bench.write("x", to: "a")
    bench.write("gone", to: "b")
    try await bench.watching(bench.spec(), desk, clock: clock) { watcher in
      await desk.wait { $0.status.waiting == 2 && $0.status.scans == 1 }
      #expect(bench.names(bench.inbox) == ["a", "b"])
      unlink(bench.inbox + "/b")
      await desk.wait { $0.status.waiting == 1 }
      desk.change { $0.isPaused = false }
      watcher.wake()
      await desk.wait { $0.fired.count == 1 }
    }
    #expect(desk.rows.names == ["a"])
    #expect(desk.rows.notes == [])
  }

  @Test("moves a content that came before to the duplicates, and says so")
  func duplicates() async throws {
    let (bench, desk) = (try WatchBench(), WatchDesk())
    for name in ["a", "b"] { bench.write("same", to: name) }
    try await bench.watching(bench.spec(max: 10), desk) { _ in
      await desk.wait { $0.fired.count == 1 && $0.notes.count == 1 }
      bench.deliver("same", as: "a")
      await desk.wait { $0.notes.count == 2 }
      bench.deliver("last", as: "z")
      await desk.wait { $0.fired.count == 2 }
    }
    #expect(desk.rows.contents == [WatchBench.hash("same"), WatchBench.hash("last")].sorted())
    #expect(desk.rows.notes.map(\.reason) == [.duplicate, .duplicate])
    #expect(bench.names(bench.inbox) == [])
    #expect(bench.names(bench.work + "/duplicates").count == 2)
  }

  @Test("never writes over a file that has the name in the target folder")
  func collision() async throws {
    let (bench, desk) = (try WatchBench(), WatchDesk())
    bench.write("foreign", to: "a.nst", in: bench.work)
    bench.write("new", to: "a.nst")
    try await bench.watching(bench.spec(), desk) { _ in await desk.wait { $0.fired.count == 1 } }
    let file = try #require(desk.rows.fired.first?.files.first)
    #expect((file.name, file.path) == ("a.nst", bench.work + "/a-2.nst"))
    #expect(bench.text(file.path) == "new")
    #expect(bench.text(bench.work + "/a.nst") == "foreign")
    #expect(desk.rows.reasons("a.nst") == [.nameTaken])
  }

  @Test("drops what vanishes, changes or loses its name after the batch began; what stays comes again")
  func afterBegin() async throws {
    let bench = try WatchBench()
    let desk = WatchDesk { batch in
      for file in batch.files {
        switch file.name {
        case "vanish": unlink(file.originalPath)
        case "change" where file.size == 6: bench.write("other content", to: "change")
        case "lose" where file.path.hasSuffix("/lose"): bench.write("foreign", to: "lose", in: bench.work)
        default: break
        }
      }
    }
    for name in ["vanish", "change", "lose", "stay"] { bench.write(name, to: name) }
    try await bench.watching(bench.spec(max: 10), desk) { _ in await desk.wait { $0.names.count >= 3 } }
    #expect(desk.rows.contents == ["other content", "lose", "stay"].map(WatchBench.hash).sorted())
    #expect(desk.rows.reasons("vanish") == [.vanished])
    #expect(desk.rows.reasons("change") == [.changed])
    #expect(bench.text(bench.work + "/lose") == "foreign")
    #expect(bench.text(bench.work + "/lose-2") == "lose")
    #expect(desk.rows.open.isEmpty)
  }

  @Test("ends a batch of which nothing is left without a job")
  func nothingLeft() async throws {
    let bench = try WatchBench()
    let desk = WatchDesk { batch in for file in batch.files { unlink(file.originalPath) } }
    bench.write("x", to: "a")
    try await bench.watching(bench.spec(), desk) { _ in await desk.wait { $0.abandoned.count == 1 } }
    #expect(desk.rows.fired.isEmpty && desk.rows.open.isEmpty)
    #expect(desk.rows.reasons("a") == [.vanished])
  }

  @Test("marks files in place: a content is taken once, over restarts too, and a new one again")
  func mark() async throws {
    let (bench, desk) = (try WatchBench(), WatchDesk())
    let spec = bench.spec(max: 10, claim: .mark)
    bench.write("one", to: "a")
    try await bench.watching(spec, desk) { _ in await desk.wait { $0.fired.count == 1 } }
    #expect(desk.rows.fired.first?.files.first?.path == bench.inbox + "/a")
    try await bench.watching(spec, desk) { _ in
      bench.deliver("two", as: "b")
      await desk.wait { $0.fired.count == 2 }
      bench.write("three", to: "a")
      await desk.wait { $0.fired.count == 3 }
      utimensat(AT_FDCWD, bench.inbox + "/b", nil, 0)
      bench.deliver("four", as: "c")
      await desk.wait { $0.fired.count == 4 }
    }
    #expect(desk.rows.contents == ["one", "two", "three", "four"].map(WatchBench.hash).sorted())
    #expect(desk.rows.notes == [])
    #expect(bench.names(bench.inbox) == ["a", "b", "c"])
  }

  @Test("notes once that its folder is missing, and goes on when it is back")
  func missing() async throws {
    let (bench, desk, clock) = (try WatchBench(), WatchDesk(), HandClock())
    try await bench.watching(bench.spec(), desk, clock: clock) { _ in
      await desk.wait { $0.status.scans == 1 }
      rename(bench.inbox, bench.root + "/gone")
      await desk.wait { $0.notes.count == 1 && !$0.status.isAttached }
      for _ in 0..<3 { clock.advance(by: .seconds(5)) }
      mkdir(bench.inbox, 0o700)
      bench.write("back", to: "a")
      clock.advance(by: .seconds(5))
      await desk.wait { $0.fired.count == 1 }
    }
    #expect(desk.rows.notes.map(\.reason) == [.folderMissing])
    #expect(desk.rows.names == ["a"])
  }

  @Test("tells of a name that is no UTF-8 once")
  func unnamable() async throws {
    let (bench, desk, clock) = (try WatchBench(), WatchDesk(), HandClock())
    let path: [CChar] = Array(bench.inbox.utf8CString.dropLast()) + [0x2F, 0x61, -23, 0]
    close(esteira_open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
    try await bench.watching(bench.spec(), desk, clock: clock) { _ in
      await desk.wait { $0.status.scans == 1 }
      clock.advance(by: .seconds(61))
      await desk.wait { $0.status.scans == 2 }
    }
    #expect(desk.rows.notes.map(\.reason) == [.unreadable])
    #expect(desk.rows.fired.isEmpty)
  }

  @Test("is left alone outside of the folders that are granted for writing, which is told once")
  func grants() async throws {
    let bench = try WatchBench()
    bench.write("x", to: "a")
    for roots in [
      FileRoots.none, bench.roots(.init(path: bench.root, isWritable: false)),
      bench.roots(.init(path: bench.inbox, isWritable: true)),
    ] {
      let (desk, clock) = (WatchDesk(), HandClock())
      try await bench.watching(bench.spec(), desk, clock: clock, roots: Grants(roots)) { _ in
        await desk.wait { $0.notes.count == 1 }
        for _ in 0..<3 { clock.advance(by: .seconds(5)) }
      }
      #expect(desk.rows.notes.map(\.reason) == [.notGranted])
      #expect(desk.rows.calls == 2, "It asks for begun batches, and notes.")
      #expect(bench.names(bench.inbox) == ["a"] && bench.names(bench.work) == [])
    }
  }

  @Test(
    "is left alone from the look on after the operator has taken it away, and taken up when he gives it back",
    arguments: [false, true])
  func takenAway(isUnreadable: Bool) async throws {
    let (bench, desk, clock) = (try WatchBench(), WatchDesk(), HandClock())
    let grants = Grants(bench.all)
    try await bench.watching(bench.spec(), desk, clock: clock, roots: grants) { _ in
      bench.deliver("one", as: "a")
      await desk.wait { $0.fired.count == 1 }
      if isUnreadable {
        grants.become(Problem("bad-config", Bilingual("It is no map.", pt: "Não é um mapa.")))
      } else {
        grants.become(.none)
      }
      bench.deliver("two", as: "b")
      await desk.wait { $0.notes.count == 1 && !$0.status.isAttached }
      bench.deliver("three", as: "c")
      for _ in 0..<3 { clock.advance(by: .seconds(5)) }
      #expect(bench.names(bench.inbox) == ["b", "c"])
      grants.become(bench.all)
      while desk.rows.fired.count < 3 {
        clock.advance(by: .seconds(5))
        try Task.checkCancellation()
        await Task.yield()
      }
    }
    #expect(desk.rows.notes.map(\.reason) == [.notGranted])
    #expect(desk.rows.names == ["a", "b", "c"])
  }

  @Test("sleeps through its back-off, whatever happens in the folder")
  func backOff() async throws {
    // The second call is that for what is known: the folder is open by then.
    let (bench, clock) = (try WatchBench(), HandClock())
    let desk = WatchDesk(fault: WatchDesk.Fault(call: 2, isAfter: false))
    let naps = Mutex(0)
    let seams = FolderWatcher.Seams(waits: { status in
      guard status.failures > 0 else { return }
      // Before the sleep, so that an event lies there that nobody has taken.
      if naps.withLock({
        $0 += 1
        return $0
      }) == 1 {
        bench.write("more", to: "more")
      }
    })
    bench.write("x", to: "a")
    try await bench.watching(bench.spec(), desk, clock: clock, seams: seams) { _ in
      await desk.wait { $0.status.failures == 1 }
      for _ in 0..<1_000 { await Task.yield() }
      #expect(naps.withLock { $0 } <= 1)
      clock.advance(by: .seconds(1))
      await desk.wait { $0.fired.count == 2 }
    }
    #expect(desk.rows.contents == ["x", "more"].map(WatchBench.hash).sorted())
  }

  @Test(
    "leaves a file that the system does not let out of its folder there, once, without a second name",
    arguments: [FileMover.Way.link, .copy])
  func immovable(way: FileMover.Way) async throws {
    let (bench, desk, clock) = (try WatchBench(), WatchDesk(), HandClock())
    let seams = FolderWatcher.Seams(
      ways: [way], unlink: { $1 == "stuck" ? EPERM : unlinkat($0, $1, 0) == 0 ? 0 : errno })
    for name in ["stuck", "loose"] { bench.write(name, to: name) }
    try await bench.watching(bench.spec(max: 2), desk, clock: clock, seams: seams) { _ in
      await desk.wait { $0.fired.count == 1 }
      for round in 0..<3 {
        bench.deliver("\(round)", as: "z\(round)")
        await desk.wait { $0.fired.count == round + 2 }
      }
      clock.advance(by: WatchPace.aside)
      await desk.wait { $0.abandoned.count == 1 }
    }
    #expect(desk.rows.names == ["loose", "z0", "z1", "z2"])
    #expect(bench.names(bench.inbox) == ["stuck"] && bench.text(bench.inbox + "/stuck") == "stuck")
    #expect(bench.names(bench.work) == ["loose", "z0", "z1", "z2"])
    #expect(desk.rows.notes.map(\.reason) == [.notMoved])
    #expect(desk.rows.open.isEmpty)
  }
}

@Suite("A watched folder that is flooded", .timeLimit(.minutes(5)))
struct FloodedFolderTests {
  @Test("takes each of 20,000 files although the kernel loses events")
  func overflow() async throws {
    let bench = try WatchBench()
    let count = 20_000
    // The first `begin` keeps the watcher from reading events while more than the kernel keeps are made. Its
    // clock stands still, so that no look at intervals finds what they would have told.
    let desk = WatchDesk { batch in
      guard batch.files.first?.name == "f0" else { return }
      for number in 1..<count { bench.write("\(number)", to: "f\(number)") }
    }
    bench.write("0", to: "f0")
    try await bench.watching(bench.spec(max: 1_000, claim: .mark), desk, clock: HandClock()) { _ in
      await desk.wait { $0.fired.reduce(0) { $0 + $1.files.count } == count }
    }
    #expect(Set(desk.rows.contents).count == count)
    #expect(desk.rows.fired.allSatisfy { $0.files.count <= 1_000 })
  }
}
