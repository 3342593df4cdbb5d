import API
import Access
import Foundation
import Model
import Testing

@Suite("docs/api.md", .timeLimit(.minutes(1)))
struct APIPageTests {
  private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "docs/api.md")
  private static let head = "| method | path | permission | roles | what |\n|---|---|---|---|---|\n"

  private static var table: String {
    EndpointCatalog.shapes.map { shape in
      let path = shape.path.replacing("/api/v1", with: "")
      return "| \(shape.method.rawValue) | `\(path)` | \(shape.permission) | \(roles(shape.permission)) | "
        + "\(shape.summary) |\n"
    }.joined()
  }

  /// Letters of the built-in roles that may.
  private static func roles(_ permission: Permission) -> String {
    guard case .needs(let resource, let verb) = permission else { return "" }
    return BuiltInRole.allCases.filter { $0.permissions.contains(verb, resource) }
      .map { $0.rawValue.prefix(1).uppercased() }.joined(separator: " ")
  }

  /// `ESTEIRA_WRITE_TABLES=1` writes the table in place of comparing it.
  @Test("its table has every endpoint with its permission, in the order of the list")
  func table() throws {
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    let start = try #require(text.range(of: Self.head)).upperBound
    let end = text.range(of: "\n\n", range: start..<text.endIndex)?.lowerBound ?? text.endIndex
    if ProcessInfo.processInfo.environment["ESTEIRA_WRITE_TABLES"] != nil {
      let whole = text[..<start] + Self.table + text[end...].drop { $0 == "\n" }
      try String(whole).write(to: Self.page, atomically: true, encoding: .utf8)
      return
    }
    let written = text[start..<end].split(separator: "\n").map(String.init)
    let wanted = Self.table.split(separator: "\n").map(String.init)
    #expect(written == wanted, "ESTEIRA_WRITE_TABLES=1 swift test --filter APIPageTests writes it.")
  }

  /// `| `/jobs` | `-created_at`, `created_at` |` of each list that takes an order, the usual one first.
  @Test("says by what each list can be sorted")
  func orders() throws {
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    var rows: [String] = []
    for shape in EndpointCatalog.shapes {
      guard let sort = shape.input.members.first(where: { $0.name == "sort" })?.schema.json else { continue }
      let usual = sort["default"]?.string ?? ""
      let words = (sort["enum"]?.array ?? []).compactMap(\.string)
        .filter { !$0.hasPrefix("-") && $0 != usual }
      let shown = ([usual] + words).map { "`\($0)`" }.joined(separator: ", ")
      rows.append("| `\(shape.path.replacing("/api/v1", with: ""))` | \(shown) |")
    }
    #expect(rows.count >= 8)
    for row in rows { #expect(text.contains(row + "\n"), "\(row)") }
  }

  @Test("no permission is forgotten: every path needs one but those that anybody may ask")
  func open() {
    let open = EndpointCatalog.shapes.filter { $0.permission == .open }.map(\.path)
    let known = [
      "schema/pipeline", "asks:answer", "health", "ready", "version", "openapi.json",
      "hooks/{namespace}/{path}",
    ].map { "/api/v1/\($0)" }
    #expect(open.filter { !$0.hasPrefix("/api/v1/auth/") } == known)
  }
}
