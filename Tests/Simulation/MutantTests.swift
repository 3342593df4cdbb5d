import Foundation
import Testing

/// A planted bug, as the list says it.
struct Mutant {
  var number: Int
  var name: String
  var file: String
  var seed: Int
  var original: String
  var mutated: String

  /// All that `mutants.txt` lists; a block that cannot be read is left out, and then a number is missing.
  static func all(_ text: String) -> [Mutant] {
    text.components(separatedBy: "\n=== ").dropFirst().compactMap { block in
      let parts = block.components(separatedBy: "\n--- original\n")
      let texts = parts.last?.components(separatedBy: "\n--- mutated\n") ?? []
      let lines = parts[0].components(separatedBy: "\n")
      let head = lines[0].split(separator: " ", maxSplits: 1)
      func field(_ name: String) -> String? {
        lines.first { $0.hasPrefix(name + " ") }.map { String($0.dropFirst(name.count + 1)) }
      }
      guard parts.count == 2, texts.count == 2, head.count == 2, let number = Int(head[0]),
        let file = field("file"), let seed = field("seed").flatMap({ Int($0) }), field("breaks") != nil
      else { return nil }
      return Mutant(
        number: number, name: String(head[1]), file: file, seed: seed, original: texts[0],
        mutated: texts[1].trimmingCharacters(in: .newlines))
    }
  }
}

@Suite("The list of planted bugs")
struct MutantTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static func mutants() throws -> [Mutant] {
    let file = root.appending(path: "Tests/Simulation/Mutants/mutants.txt")
    return Mutant.all(try String(contentsOf: file, encoding: .utf8))
  }

  @Test("has at least 20, numbered from 1, each with the seed that finds it")
  func numbers() throws {
    let mutants = try Self.mutants()
    #expect(mutants.count >= 20)
    #expect(mutants.map(\.number) == Array(1...max(1, mutants.count)))
    #expect(mutants.filter { !(1...10_000).contains($0.seed) }.map(\.name) == [])
  }

  @Test("still fits the sources: each original text stands there once, and each bug changes it")
  func sources() throws {
    for mutant in try Self.mutants() {
      let text = try String(contentsOf: Self.root.appending(path: mutant.file), encoding: .utf8)
      let count = text.components(separatedBy: mutant.original).count - 1
      #expect(count == 1, "\(mutant.number) \(mutant.name): \(count) times in \(mutant.file)")
      #expect(mutant.mutated.contains("MUTANT"), "\(mutant.number) \(mutant.name) is never on")
    }
  }
}
