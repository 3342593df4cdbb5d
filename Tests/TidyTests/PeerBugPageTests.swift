import Foundation
import Testing

@Suite("The page of others' bugs", .timeLimit(.minutes(1)))
struct PeerBugPageTests {
  private struct Row {
    var bug: String
    /// Each the number of a thread.
    var threads: [String]
    /// The file in which each named test stands, or the name alone where it stands nowhere.
    var files: [SourceFile] = []
    var missing: [String] = []
    var named: [String] = []
  }

  private static let folder = "Tests/EngineTests/PeerBugs"

  /// The rows of the first table.
  private static func rows() throws -> [Row] {
    let test = try Regex(
      #"`(\w+)\.(\w+)`(?: in `([\w/]+)`)?"#, as: (Substring, Substring, Substring, Substring?).self)
    let number = try Regex(#"[0-9]{2,}"#)
    let page = Repository.text("docs/peer-bugs.md").components(separatedBy: "\n## ")[1]
    return page.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst().map { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      var row = Row(bug: cells[0], threads: cells[1].matches(of: number).map { String(cells[1][$0.range]) })
      for match in cells[2].matches(of: test) {
        let (type, name) = (match.output.1, match.output.2)
        let place = match.output.3.map(String.init) ?? folder
        row.named.append("\(type).\(name)")
        let file = Repository.swift.first { file in
          file.path.hasPrefix(place + "/") && file.text.contains("struct \(type) {")
            && file.text.contains("func \(name)(")
        }
        if let file { row.files.append(file) } else { row.missing.append("\(type).\(name) in \(place)") }
      }
      return row
    }
  }

  @Test("names tests that are there, and that name the threads in turn")
  func tests() throws {
    let rows = try Self.rows()
    #expect(rows.count > 10)
    expectNone(rows.flatMap(\.missing), "docs/peer-bugs.md names a test that is not there.")
    let silent = rows.flatMap { row in
      row.threads.filter { number in !row.files.contains { $0.text.contains(number) } }.map {
        "\(row.bug): no test names \($0)"
      }
    }
    expectNone(silent, "Name the thread in the test's name or in the words above it.")
    expectNone(rows.filter(\.files.isEmpty).map(\.bug), "A bug without a test.")
  }

  @Test("leaves out none of the tests that are written for it")
  func complete() throws {
    let named = Set(try Self.rows().flatMap(\.named))
    let type = try Regex(#"(?m)^struct (\w+Tests) \{"#, as: (Substring, Substring).self)
    let function = try Regex(#"(?m)^  func (\w+)\("#, as: (Substring, Substring).self)
    var left: [String] = []
    for file in Repository.swift where file.path.hasPrefix(Self.folder + "/") {
      for part in file.text.components(separatedBy: "@Suite(").dropFirst() {
        guard let owner = part.firstMatch(of: type)?.output.1 else { continue }
        for match in part.matches(of: function) where !named.contains("\(owner).\(match.output.1)") {
          left.append("\(owner).\(match.output.1)")
        }
      }
    }
    expectNone(left, "Add it to docs/peer-bugs.md.")
  }
}
