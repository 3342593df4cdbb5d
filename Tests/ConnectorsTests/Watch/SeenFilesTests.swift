import Engine
import Model
import Testing

@testable import Connectors

@Suite("Files that were seen", .timeLimit(.minutes(1)))
struct SeenFilesTests {
  private func stamp(_ inode: UInt64, size: Int64 = 1) -> FileStamp {
    FileStamp(device: 1, inode: inode, size: size, modified: 5, changed: 5)
  }

  @Test("are known until they change")
  func change() {
    var seen = SeenFiles()
    seen.insert(stamp(1))
    let known = [stamp(1), stamp(1, size: 2), stamp(2)].map { seen.recognizes($0) }
    #expect(known == [true, false, false])
  }

  @Test("make room when they are gone, and not before")
  func limit() {
    var seen = SeenFiles(limit: 100)
    for inode in 0..<200 as Range<UInt64> { seen.insert(stamp(inode)) }
    #expect(seen.count == 100)
    seen.endScan()
    let kept = (0..<40 as Range<UInt64>).map { stamp($0) }
    let before = kept.map { seen.recognizes($0) }
    seen.endScan()
    #expect(seen.count == 40)
    let after = kept.map { seen.recognizes($0) }
    seen.insert(stamp(999))
    let isKnown = seen.recognizes(stamp(999))
    #expect(!before.contains(false) && !after.contains(false) && isKnown)
  }
}
@Suite("A free name", .timeLimit(.minutes(1)))
struct FreeNameTests {
  @Test("keeps the ending, and never gets too long")
  func suffix() {
    #expect(FreeName.suffixed("a.nst", "-2") == "a-2.nst")
    #expect(FreeName.suffixed("a", "-2") == "a-2")
    #expect(FreeName.suffixed("a.b.csv", "-2") == "a.b-2.csv")
    let long = String(repeating: "é", count: 125) + ".nst"
    let cut = FreeName.suffixed(long, "-2")
    #expect(cut.utf8.count <= 255 && cut.hasSuffix("-2.nst") && cut.hasPrefix("éé"))
  }
}
