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
}
