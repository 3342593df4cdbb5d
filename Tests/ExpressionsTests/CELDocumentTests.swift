import Foundation
import Testing

@testable import Expressions

@Suite("The reference of CEL", .timeLimit(.minutes(1)))
struct CELDocumentTests {
  @Test("names every function that there is")
  func functions() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let page = try String(contentsOf: root.appending(path: "docs/expressions.md"), encoding: .utf8)
    for name in Library.functions.keys.sorted() where name.contains(where: \.isLetter) && name != "in" {
      #expect(page.contains(name + "("), "docs/expressions.md does not explain \(name).")
    }
  }

  @Test("the expressions of the design's blueprints are expressions")
  func blueprints() throws {
    guard
      let folder = ConformanceCase.folder?.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "design/blueprints"), FileManager.default.fileExists(atPath: folder.path)
    else { return print("skipped: ../shared/design/blueprints is not here") }
    var count = 0
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    where file.pathExtension == "yaml" {
      for match in try String(contentsOf: file, encoding: .utf8).matches(of: /\$\{\{(.*?)\}\}/) {
        count += 1
        #expect(throws: Never.self, "\(match.1)") {
          try ParsedExpression.parse(String(match.1).replacing("\\\\", with: "\\"))
        }
      }
    }
    #expect(count > 100)
  }
}
