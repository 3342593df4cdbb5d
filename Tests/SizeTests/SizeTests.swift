import Foundation
import Model
import Testing

/// Large jobs end right, and what they take at their highest moment stays within bounds: from the idle server
/// on, with the reading of the file, the whole job and someone who watches it.
@Suite(
  "Large jobs stay small", .serialized, .timeLimit(.minutes(3)),
  .enabled(if: SizedServer.binary != nil, "There is no release binary; make it with: make build"))
struct SizeTests {
  let server: SizedServer

  init() throws { server = try SizedServer() }

  /// Holds a job to its bound in MB.
  private func expect(_ bound: Double, _ what: String, _ body: () throws -> Void) throws {
    defer { server.stop() }
    let start = ContinuousClock.now
    try body()
    let time = start.duration(to: .now)
    let peak = try server.peak()
    #expect(peak <= bound, "\(what) took \(peak) MB more than the idle server.")
    let tables = ["job_events", "step_executions", "bodies", "job_snapshots"]
    let rows = try tables.map { "\($0) \(try server.rows($0))" }.joined(separator: ", ")
    let figures = "\(what): \(peak) of \(bound) MB, \(time); rows: \(rows)\n"
    FileHandle.standardError.write(Data(figures.utf8))
  }

  @Test("a chain of 1,000 steps takes at most 20 MB")
  func chain() throws {
    var body = "steps:\n  s1: {value: 1}\n"
    for step in 2...1_000 { body += "  s\(step): {value: '${{ steps.s\(step - 1).output + \(step) }}'}\n" }
    body += "outputs:\n  sums:\n"
    for step in 1...1_000 { body += "    - '${{ steps.s\(step).output }}'\n" }
    let expected = (1...1_000).map { JSON.int(Int64($0 * ($0 + 1) / 2)) }
    try expect(20, "A chain of 1,000 steps") {
      let outputs = try server.perform(body).outputs
      #expect(outputs == ["sums": .array(expected)])
    }
  }

  @Test("a chain of 1,000 attempts takes at most 20 MB")
  func attemptsInAChain() throws {
    var body = "steps:\n"
    for step in 1...1_000 {
      let needs = step == 1 ? "" : "needs: [s\(step - 1)], "
      body +=
        "  s\(step): {\(needs)uses: text.extract, with: {rules: br_regulatory, text: 'R$ \(step),00'}}\n"
    }
    body += "outputs:\n  lengths:\n"
    for step in 1...1_000 { body += "    - '${{ steps.s\(step).output.characters }}'\n" }
    let lengths = (1...1_000).map { JSON.int(Int64("R$ \($0),00".count)) }
    try expect(20, "A chain of 1,000 attempts") {
      let outputs = try server.perform(body).outputs
      #expect(outputs == ["lengths": .array(lengths)])
    }
  }

  @Test("a fan-out of 10,000 items, all kept, takes at most 100 MB")
  func fanOut() throws {
    let body = """
      steps:
        all:
          for_each: "${{ lists.range(10000) }}"
          keep: all
          value: {number: "${{ item }}", square: "${{ item * item }}"}
      outputs: {all: "${{ steps.all.outputs }}", counts: "${{ steps.all.counts }}"}
      """
    let items = (0..<10_000).map { (item: Int64) -> JSON in
      ["number": .int(item), "square": .int(item * item)]
    }
    try expect(100, "A fan-out of 10,000 items") {
      let outputs = try server.perform(body).outputs
      #expect(outputs["all"] == .array(items))
      #expect(outputs["counts"] == ["total": 10_000, "success": 10_000, "failed": 0, "skipped": 0])
    }
  }

  @Test("a fan-out of 10,000 attempts, all kept, takes at most 100 MB")
  func attempts() throws {
    let body = """
      steps:
        all:
          for_each: "${{ lists.range(10000) }}"
          keep: all
          max_parallel: 64
          uses: text.extract
          with: {rules: br_regulatory, text: "R$ ${{ item }},00"}
      outputs: {lengths: "${{ steps.all.outputs.map(o, o.characters) }}"}
      """
    let lengths = (0..<10_000).map { JSON.int(Int64("R$ \($0),00".count)) }
    try expect(100, "A fan-out of 10,000 attempts") {
      let outputs = try server.perform(body).outputs
      #expect(outputs == ["lengths": .array(lengths)])
    }
  }

  @Test("a fan-out of 50,000 attempts takes at most 150 MB, and one row")
  func window() throws {
    let body = """
      steps:
        all:
          for_each: "${{ lists.range(50000) }}"
          max_parallel: 64
          uses: text.extract
          with: {rules: br_regulatory, text: "R$ ${{ item }},00"}
      outputs: {counts: "${{ steps.all.counts }}"}
      """
    try expect(150, "A fan-out of 50,000 attempts") {
      let outputs = try server.perform(body).outputs
      #expect(outputs["counts"] == ["total": 50_000, "success": 50_000, "failed": 0, "skipped": 0])
      #expect(try server.rows("step_executions") == 1)
    }
  }

  @Test("a loop of 5,000 rounds takes at most 30 MB", arguments: [true, false])
  func longLoop(ofAttempts: Bool) throws {
    let inside =
      ofAttempts
      ? "uses: text.extract\n    with: {rules: br_regulatory, text: 'R$ ${{ carry.number }},00'}"
      : "value: {characters: '${{ carry.number }}'}"
    let body = """
      steps:
        count:
          repeat:
            max: 5000
            carry: {number: 1}
            until: "${{ carry.number == 5000 }}"
            next: {number: "${{ carry.number + 1 }}"}
          \(inside)
      outputs: {last: "${{ steps.count.output.characters }}"}
      """
    try expect(30, "A loop of 5,000 rounds of \(ofAttempts ? "attempts" : "values")") {
      let outputs = try server.perform(body).outputs
      #expect(outputs["last"] == .int(ofAttempts ? 10 : 5_000))
      #expect(try server.rows("step_executions") == 5_001)
    }
  }

  @Test("500,000 lines of an artifact, 1,000 to an item, take at most 60 MB")
  func lines() throws {
    let body = """
      steps:
        make:
          uses: python
          idempotent: true
          with:
            run: |
              import os
              with open(os.environ["ESTEIRA_ARTIFACTS"] + "/rows.txt", "w") as file:
                  for number in range(500000): file.write("%099d\\n" % number)
            outputs: {rows.txt: artifact}
        each:
          for_each: {lines: "${{ steps.make.output.artifacts['rows.txt'] }}"}
          batch: 1000
          max_parallel: 4
          keep: all
          value: "${{ int(item[999]) - int(item[0]) }}"
      outputs: {counts: "${{ steps.each.counts }}", sum: "${{ lists.sum(steps.each.outputs) }}"}
      """
    try expect(60, "500,000 lines") {
      let outputs = try server.perform(body).outputs
      #expect(outputs["counts"] == ["total": 500, "success": 500, "failed": 0, "skipped": 0])
      #expect(outputs["sum"] == .int(500 * 999))
    }
  }

  @Test("a loop of 100 rounds takes at most 10 MB")
  func loop() throws {
    let body = """
      steps:
        count:
          repeat:
            max: 100
            carry: {number: 0, seen: []}
            until: "${{ carry.number == 99 }}"
            next: {number: "${{ carry.number + 1 }}", seen: "${{ carry.seen + [carry.number] }}"}
          value: "${{ carry.seen + [carry.number] }}"
      outputs: {seen: "${{ steps.count.output }}"}
      """
    try expect(10, "A loop of 100 rounds") {
      let outputs = try server.perform(body).outputs
      #expect(outputs == ["seen": .array((0..<100).map { .int($0) })])
    }
  }

  @Test("groups nested 16 deep take at most 10 MB")
  func nesting() throws {
    var (body, indent) = ("steps:\n", "  ")
    var expected: JSON = 42
    for level in 0..<15 {
      body += "\(indent)g\(level):\n\(indent)  steps:\n"
      indent += "    "
    }
    body += "\(indent)leaf: {value: 42}\noutputs: {all: '${{ steps.g0.output }}'}\n"
    expected = ["leaf": expected]
    for level in (1..<15).reversed() { expected = .object(JSONObject([("g\(level)", expected)])) }
    try expect(10, "Groups nested 16 deep") {
      let outputs = try server.perform(body).outputs
      #expect(outputs == ["all": expected])
    }
  }

  @Test("an artifact of 50 MB takes at most 16 MB")
  func artifact() throws {
    let script = """
      import os
      block = bytes((7 * i + i // 251) % 256 for i in range(65536))
      with open(os.environ["ESTEIRA_ARTIFACTS"] + "/large.bin", "wb") as file:
          for number in range(800): file.write(number.to_bytes(4, "big") + block[4:])
      """
    let lines = script.split(separator: "\n").map { "        \($0)" }.joined(separator: "\n")
    let body = """
      steps:
        make:
          uses: python
          idempotent: true
          with:
            run: |
      \(lines)
            outputs: {large.bin: artifact}
      outputs: {size: "${{ steps.make.output.artifacts['large.bin'].size }}"}
      """
    try expect(16, "An artifact of 50 MB") {
      let job = try server.perform(body)
      #expect(job.outputs == ["size": 52_428_800])
      let file = server.folder + "/large.bin"
      try server.run("artifact", "get", job.id, "large.bin", "--out", file)
      let bytes = try Data(contentsOf: URL(filePath: file))
      #expect(bytes == Self.large)
      try server.run("artifact", "verify", job.id)
    }
  }

  private static let hasODBC =
    (try? String(contentsOfFile: "/etc/odbcinst.ini", encoding: .utf8))?.contains("[SQLite3]") == true

  @Test("an export of 200,000 rows takes at most 16 MB")
  func export() throws {
    try server.connectRows("sqlite", "path: rows.db")
    try expect(16, "An export of 200,000 rows") { try export(rows: 200_000) }
  }

  /// SQLite's driver of ODBC has all rows of a result in memory.
  @Test(
    "an export over SQLite's driver of ODBC takes no more than its rows",
    .enabled(if: hasODBC, "libsqliteodbc is absent: scripts/setup.sh tests installs it."),
    arguments: [(20_000, 16.0), (200_000, 60.0)])
  func exportByDriver(rows: Int, bound: Double) throws {
    try server.connectRows("odbc", "dsn: rows")
    try expect(bound, "An export of \(rows) rows over ODBC") { try export(rows: rows) }
  }

  private func export(rows: Int) throws {
    let body = """
      steps:
        export:
          uses: sql.query
          connection: rows
          with:
            query: >-
              WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < \(rows))
              SELECT n, n * 1.5 AS real, 'row ' || n || ' ' || hex(zeroblob(50)) AS text FROM s
            result: artifact
            format: csv
      outputs: {rows: "${{ steps.export.output.row_count }}"}
      """
    let outputs = try server.perform(body).outputs
    #expect(outputs == ["rows": .int(Int64(rows))])
  }

  /// What the script writes: 800 blocks of 64 KiB, each with its number in front.
  private static var large: Data {
    let block = Data((0..<65_536).map { (place: Int) -> UInt8 in UInt8((7 * place + place / 251) % 256) })
    var data = Data(capacity: 800 * block.count)
    for number in 0..<800 {
      data.append(contentsOf: [0, 0, UInt8(number >> 8), UInt8(number & 255)])
      data.append(block[4...])
    }
    return data
  }
}
