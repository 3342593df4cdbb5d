import Foundation
import Testing

@Suite("The documents are tidy", .timeLimit(.minutes(1)))
struct DocumentationTests {
  @Test("every link between documents leads somewhere")
  func links() throws {
    let link = try Regex(#"\]\(([^)\s]+)\)"#, as: (Substring, Substring).self)
    var faults: [String] = []
    for page in Repository.pages {
      let folder = page.split(separator: "/").dropLast().joined(separator: "/")
      for match in Repository.text(page).matches(of: link) where !match.output.1.contains("://") {
        let parts = match.output.1.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let target = parts[0].isEmpty ? page : (folder.isEmpty ? "" : folder + "/") + parts[0]
        if !Repository.exists(target) { faults.append("\(page) links to \(match.output.1)") }
        if parts.count > 1, target.hasSuffix(".md") {
          let anchors = Self.headings(of: target).map(Self.anchor)
          if !anchors.contains(String(parts[1])) { faults.append("\(page) links to \(match.output.1)") }
        }
      }
    }
    expectNone(faults, "There is no such page or heading.")
  }

  @Test("a page in two languages has the same parts in both")
  func bilingual() {
    let portuguese = Repository.pages.filter { $0.hasSuffix(".pt-BR.md") }
    #expect(portuguese.contains("README.pt-BR.md"))
    for page in portuguese {
      let english = page.replacing(".pt-BR.md", with: ".md")
      let levels = { (path: String) in Self.headings(of: path).map { $0.prefix { $0 == "#" }.count } }
      #expect(levels(page) == levels(english), "\(page) and \(english) have other headings.")
      #expect(
        Self.blocks(of: page) == Self.blocks(of: english), "\(page) and \(english) show other commands.")
    }
  }

  @Test("nothing names a folder or a registry of somebody's machine")
  func machine() {
    let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let texts = [
      checkout + "/", "/root" + "/", "/home" + "/", "localhost:" + "5000", ".inter" + "nal/",
    ]
    let ends = [".swift", ".md", ".sh", ".py", ".yaml", ".json", ".c", ".h", ".cpp", "Makefile", ".ci/run"]
    var faults: [String] = []
    for path in Repository.paths where ends.contains(where: path.hasSuffix) {
      let text = Repository.text(path)
      faults += texts.filter { text.contains($0) }.map { "\(path) has \($0)" }
    }
    expectNone(faults, "Say it from the root of the repository.")
  }

  @Test("README names only commands that make has")
  func targets() throws {
    let help = Repository.text("Makefile").split(separator: "\n").compactMap { line in
      line.contains(":.*## ") ? nil : line.firstRange(of: ": ").map { String(line[..<$0.lowerBound]) }
    }
    let command = try Regex(#"\bmake ([a-z]+(?:-[a-z]+)*)"#, as: (Substring, Substring).self)
    for page in ["README.md", "README.pt-BR.md", "CONTRIBUTING.md"] {
      for match in Repository.text(page).matches(of: command) where Self.isCode(match.range, of: page) {
        #expect(help.contains(String(match.output.1)), "\(page): make \(match.output.1)")
      }
    }
  }

  /// The lines that begin with number signs, outside of blocks of code.
  static func headings(of path: String) -> [String] {
    var isCode = false
    return Repository.text(path).split(separator: "\n").compactMap { line in
      if line.hasPrefix("```") { isCode.toggle() }
      return line.hasPrefix("#") && !isCode ? String(line) : nil
    }
  }

  /// What stands in blocks of code, without their comments; of a console only what is typed, but for the
  /// choice of the language.
  static func blocks(of path: String) -> [String] {
    var (isCode, isConsole) = (false, false)
    return Repository.text(path).split(separator: "\n").compactMap { line in
      if line.hasPrefix("```") {
        isCode.toggle()
        isConsole = line == "```console"
        return nil
      }
      if isConsole, !line.hasPrefix("$ ") || line.hasPrefix("$ export ESTEIRA_LANG=") { return nil }
      let text = line.prefix { $0 != "#" }.trimmingPrefix(" ")
      return isCode && !text.isEmpty ? String(text) : nil
    }
  }

  /// As GitHub makes it: lower case, spaces to hyphens, marks left out.
  private static func anchor(_ heading: String) -> String {
    let text = heading.drop { $0 == "#" || $0 == " " }.lowercased().replacing(" ", with: "-")
    return text.filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
  }

  private static func isCode(_ range: Range<String.Index>, of page: String) -> Bool {
    let text = Repository.text(page)
    guard let before = text[..<range.lowerBound].last else { return true }
    return before == "`" || before == "\n" || before == "$" || text[..<range.lowerBound].hasSuffix("$ ")
  }
}
