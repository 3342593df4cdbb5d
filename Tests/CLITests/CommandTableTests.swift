import Model
import Testing

@testable import CLI

@Suite("The table of commands", .timeLimit(.minutes(1)))
struct CommandTableTests {
  static let names = CommandTable.all.map(\.name)

  @Test("no two commands have one name")
  func unique() { #expect(Set(Self.names).count == Self.names.count) }

  @Test("each command explains itself in both languages", arguments: names)
  func explained(_ name: String) throws {
    let spec = try #require(CommandTable.all.first { $0.name == name })
    let texts =
      [spec.summary] + spec.arguments.map(\.help) + spec.flags.map(\.help) + spec.examples.map(\.meaning)
    for text in texts { #expect(!text.english.isEmpty && !text.portuguese.isEmpty) }
    for language in Language.allCases {
      let help = Help(language: language).text(of: spec)
      #expect(help.contains(spec.summary[language]) && help.contains(spec.usage[language]))
    }
  }

  @Test("each command teaches by examples that it understands", arguments: names)
  func examples(_ name: String) throws {
    let spec = try #require(CommandTable.all.first { $0.name == name })
    #expect(!spec.examples.isEmpty)
    for example in spec.examples {
      let parsed = try CommandParser(commands: CommandTable.all).parse(
        Shell.arguments(ofExample: example.line))
      #expect(parsed.spec.name == name, "\(example.line) is an example of another command.")
    }
  }

  @Test("an own flag does not hide a common one", arguments: names)
  func flags(_ name: String) throws {
    let spec = try #require(CommandTable.all.first { $0.name == name })
    let all = spec.flags + FlagSpec.common
    // `expr eval --data FILE` is the one exception: it has no data folder.
    let words = all.map(\.name) + all.compactMap(\.short)
    let twice = Set(words.filter { word in words.count { $0 == word } > 1 })
    #expect(twice == (name == "expr eval" ? ["--data"] : []))
  }

  @Test("--help is shown for each command, in the language asked for", arguments: names)
  func help(_ name: String) async {
    let bench = TestBench()
    #expect(await bench.run("\(name) --help --lang pt-BR") == 0)
    #expect(bench.out.contains("Exemplos"))
  }
}
