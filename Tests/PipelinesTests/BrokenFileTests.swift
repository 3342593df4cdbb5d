import Foundation
import Model
import Pipelines
import Testing

/// A broken pipeline file, the texts that a person sees, and the same file mended.
struct BrokenFile: Sendable, CustomTestStringConvertible {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Broken")

  let name: String
  var testDescription: String { name }

  static let all: [BrokenFile] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".yaml") && !$0.hasSuffix(".fixed.yaml") }.sorted()
      .map { BrokenFile(name: String($0.dropLast(5))) }
  }()

  func text(_ ending: String) throws -> String {
    try String(contentsOf: Self.folder.appending(path: name + ending), encoding: .utf8)
  }
}

@Suite("A broken pipeline file", .timeLimit(.minutes(1)))
struct BrokenFileTests {
  @Test("there are more than twenty")
  func count() {
    #expect(BrokenFile.all.count > 20)
  }

  @Test("is explained whole, with a caret, in both languages", arguments: BrokenFile.all, Language.allCases)
  func golden(file: BrokenFile, language: Language) throws {
    let found = Fixture.rendered(try file.text(".yaml"), file: "\(file.name).yaml", language) + "\n"
    #expect(found == (try file.text(".\(language.rawValue).txt")), "\(found)")
  }

  @Test("gives no plan", arguments: BrokenFile.all)
  func noPlan(file: BrokenFile) throws {
    let compilation = Fixture.compile(try file.text(".yaml"))
    #expect(compilation.hasErrors)
    #expect(compilation.plan == nil)
  }

  @Test("is valid once it is mended", arguments: BrokenFile.all)
  func mended(file: BrokenFile) throws {
    let text = try file.text(".fixed.yaml")
    let compilation = Fixture.compile(text)
    let wrong = compilation.findings.filter { $0.missing?.consequence != .idle }
    #expect(wrong.map { $0.rendered(file: "\(file.name).fixed.yaml", language: .english) } == [])
    #expect(compilation.plan != nil)
  }
}
