import Access
import Crypto
import Model
import Stores
import Testing

@Suite("An exported audit is checked anywhere", .timeLimit(.minutes(1)))
struct AuditExportTests {
  private static func world(rows: Int = 20) async throws -> World {
    let world = try await World.open(MemoryAccessStore())
    for number in 0..<rows {
      let act = AuditAct(
        "pipelines:update", namespace: ["", "a"][number % 2], resourceType: "pipeline",
        resourceID: "p\(number)", before: ["n": .int(Int64(number))],
        after: ["x": 1e300, "t": "é\u{301}\u{0}"])
      let ticket = try await world.service.audit.begin(act, by: world.admin, from: World.here)
      if number % 4 > 0 { try await world.service.audit.finish(ticket, .done, after: ["nothing": .null]) }
      world.clock.advance(.seconds(7_000))
    }
    return world
  }

  private static func lines(_ world: World) async throws -> [[UInt8]] {
    var (pieces, bytes) = (try await world.service.audit.export().pieces(), [UInt8]())
    while let piece = try await pieces.next() { bytes += piece }
    return bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
  }

  private static func check(
    _ lines: [[UInt8]], exported: [AuditHead] = [], key: Ed25519.PublicKey? = nil
  ) throws -> (report: AuditReport, key: Ed25519.PublicKey) {
    var check = AuditExportCheck(exported: exported, key: key)
    for line in lines { try check.take(line) }
    return try check.finish()
  }

  private static func kind(_ line: [UInt8]) throws -> String? { try JSON(parsing: line)["kind"]?.string }

  @Test("what nobody touched is intact, with heads and a key that were kept elsewhere")
  func intact() async throws {
    let world = try await Self.world()
    let (lines, heads) = (try await Self.lines(world), try await world.service.audit.heads())
    let key = world.service.audit.publicKey
    let found = try Self.check(lines, exported: heads, key: key)
    #expect(found.report.isIntact && found.key == key)
    #expect(found.report.rows == Int64(try lines.count { try Self.kind($0) == "row" }))
    #expect(found.report.rows > 30 && found.report.heads == 2 * heads.count)
    #expect(try JSON(parsing: try #require(lines.last))["rows"]?.int == found.report.rows)
  }

  @Test("a row that was changed, taken out or moved is a fault of the audit")
  func touched() async throws {
    let lines = try await Self.lines(try await Self.world())
    let rows = try lines.indices.filter { try Self.kind(lines[$0]) == "row" }
    let middle = rows[rows.count / 2]
    var changed = lines
    var row = try #require(try JSON(parsing: lines[middle]).object)
    row["actor"] = "mallory"
    changed[middle] = JSON.object(row).serialized()
    #expect(try !Self.check(changed).report.isIntact)
    var moved = lines
    moved.swapAt(middle, middle + 2)
    #expect(try !Self.check(moved).report.isIntact)
    var cut = lines
    cut.remove(at: middle)
    cut[cut.count - 1] = Array(#"{"kind":"end","rows":\#(rows.count - 1)}"#.utf8)
    #expect(try !Self.check(cut).report.isIntact)
    var tail = Array(lines.dropLast(4))
    tail.append(Array(#"{"kind":"end","rows":\#(rows.count - 3)}"#.utf8))
    #expect(try !Self.check(tail).report.isIntact, "The heads know that there was more.")
  }

  @Test("older rows with their own heads are only found by a head that was kept")
  func older() async throws {
    let world = try await Self.world()
    let old = try await Self.lines(world)
    let act = AuditAct("pipelines:update", namespace: "a", resourceType: "pipeline", resourceID: "last")
    try await world.service.audit.record(act, .done, by: world.admin, from: World.here)
    #expect(try Self.check(old).report.isIntact)
    let kept = try await world.service.audit.heads()
    #expect(try !Self.check(old, exported: kept).report.isIntact)
  }

  @Test("what is no whole export, and one of another key, is refused")
  func refused() async throws {
    let lines = try await Self.lines(try await Self.world())
    let other = Ed25519.PrivateKey.generate().publicKey
    #expect(throws: Problem.self) { try Self.check(lines, key: other) }
    for wrong in [[], Array(lines.dropLast()), Array(lines.dropFirst()), lines + [lines[0]]] {
      #expect(throws: Problem.self) { try Self.check(wrong) }
    }
    for text in ["", "{}", "[]", #"{"kind":"row"}"#, #"{"kind":"end","rows":7}"#] {
      #expect(throws: Problem.self, "\(text)") {
        try Self.check([lines[0], Array(text.utf8)] + lines.dropFirst())
      }
    }
  }
}
