import Model
import Pipelines
import Testing

@Suite("The difference of two pipeline files", .timeLimit(.minutes(1)))
struct DiffTests {
  private static let old = """
    apiVersion: esteira/v1
    id: daily
    namespace: demo
    inputs: {date: {type: string}, old: {type: string}}
    concurrency: {key: daily, limit: 1}
    triggers: {morning: {schedule: {cron: "0 6 * * *"}}}
    steps:
      fetch: {uses: http.request, with: {url: "https://a.example"}, timeout: 60s, if: inputs.date != ''}
      gone: {value: "1"}
      pick: {choose: {x: {if: "true", value: "1"}, y: {else: true, value: "2"}}}
    """

  private func changes(_ edit: (String) -> String) throws -> [String] {
    try PipelineDiff.changes(from: Array(Self.old.utf8), to: Array(edit(Self.old).utf8)).map {
      "\($0.kind.rawValue) \($0.path) \($0.old?.text ?? "-") \($0.new?.text ?? "-")"
    }
  }

  @Test("tells of steps, triggers, inputs and limits, with the old and the new value")
  func meaning() throws {
    let found = try changes {
      $0.replacing("timeout: 60s", with: "timeout: 2m").replacing("limit: 1", with: "limit: 3")
        .replacing("0 6", with: "0 7").replacing("old: {type: string}", with: "new: {type: integer}")
        .replacing("  gone: {value: \"1\"}", with: "  come: {value: \"9\"}")
    }
    #expect(
      found == [
        #"removed inputs.old {"type":"string"} -"#, #"added inputs.new - {"type":"integer"}"#,
        "changed concurrency.limit 1 3",
        #"changed triggers.morning.schedule.cron "0 6 * * *" "0 7 * * *""#,
        #"changed steps.fetch.timeout "60s" "2m""#, #"removed steps.gone {"value":"1"} -"#,
        #"added steps.come - {"value":"9"}"#,
      ])
  }

  @Test("is silent about the way it is written")
  func form() throws {
    let found = try changes {
      "# a comment\n"
        + $0.replacing("60s", with: "1m").replacing(
          "if: inputs.date != ''", with: "if: \"${{inputs.date!=''}}\""
        )
        .replacing("key: daily, limit: 1", with: "limit: 1, key: 'daily'")
    }
    #expect(found == [])
  }

  @Test("counts what stands in data exactly as it is written, and the order of branches")
  func data() throws {
    let url = try changes { $0.replacing("https://a.example", with: "https://b.example") }
    #expect(url == [#"changed steps.fetch.with.url "https://a.example" "https://b.example""#])
    let order = try changes {
      $0.replacing("x: {if: \"true\", value: \"1\"}, y:", with: "z: {if: \"true\", value: \"1\"}, y:")
        .replacing("y: {else: true, value: \"2\"}", with: "y: {else: true, value: \"2\"}, x: {value: \"1\"}")
    }
    #expect(order.last == #"changed steps.pick.choose ["x","y"] ["y","x"]"#)
  }

  @Test("refuses what is no YAML")
  func broken() {
    #expect(throws: Problem.self) { try changes { _ in "a: [" } }
  }

  @Test("by line, leads from one text to the other by the shortest way", arguments: 0..<200)
  func lines(seed: Int) {
    var state = UInt64(seed) &* 6_364_136_223_846_793_005 &+ 1
    func draw(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(count))
    }
    let old = (0..<draw(12)).map { _ in String(draw(4)) }
    let new = (0..<draw(12)).map { _ in String(draw(4)) }
    let lines = LineDiff.lines(from: old.joined(separator: "\n"), to: new.joined(separator: "\n"))
    #expect(lines.filter { $0.side != .new }.map(\.text) == old)
    #expect(lines.filter { $0.side != .old }.map(\.text) == new)
    #expect(lines.count { $0.side == .both } == Self.commonLength(old, new))
  }

  /// The longest common subsequence, by the table of the textbook.
  private static func commonLength(_ a: [String], _ b: [String]) -> Int {
    var table = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in a.indices {
      for j in b.indices {
        table[i + 1][j + 1] = a[i] == b[j] ? table[i][j] + 1 : max(table[i][j + 1], table[i + 1][j])
      }
    }
    return table[a.count][b.count]
  }

  @Test("by line, shows what is around a change and leaves out the rest")
  func hunks() {
    let old = (1...20).map(String.init)
    var new = old
    new[1] = "two"
    new.append("21")
    let shown = LineDiff.hunks(
      LineDiff.lines(from: old.joined(separator: "\n") + "\n", to: new.joined(separator: "\n")), around: 1)
    #expect(shown == [" 1", "-2", "+two", " 3", "@@", " 20", "+21"])
    #expect(LineDiff.hunks(LineDiff.lines(from: "a\n", to: "a")) == [])
  }
}
