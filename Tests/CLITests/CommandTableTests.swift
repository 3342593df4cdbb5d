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

  @Test(
    "the help of a word that only begins commands lists them",
    arguments: ["job --help", "help job", "--lang en job -h", "alert rules --help", "--help credential"])
  func groups(_ line: String) async {
    let bench = TestBench()
    #expect(await bench.run(line) == 0)
    let word = line.split(separator: " ").first { !$0.hasPrefix("-") && !["help", "en"].contains($0) } ?? ""
    let own = Self.names.filter { $0.hasPrefix("\(line.contains("rules") ? "alert rules" : word) ") }
    for name in Self.names { #expect(bench.out.contains("  \(name)  ") == own.contains(name), "\(name)") }
    #expect(bench.out.contains("Each explains itself: `esteira \(own[0]) --help`."))
  }

  @Test("commands of one word stand together, and their summaries begin in one column")
  func overview() {
    let groups = Self.names.map { $0.split(separator: " ")[0] }
    let changes = zip(groups, groups.dropFirst()).filter { $0 != $1 }.map { $0.1 }
    #expect(changes.count == Set(changes).count, "A group is torn apart.")
    let lines = Help(language: .english).overview(CommandTable.all).split(separator: "\n")
    let columns = CommandTable.all.compactMap { spec in
      lines.first { $0.hasPrefix("  \(spec.name)  ") && $0.hasSuffix("  \(spec.summary.english)") }
        .map { $0.count - spec.summary.english.count }
    }
    #expect(columns.count == CommandTable.all.count && Set(columns).count == 1)
  }

  @Test("a command that also begins longer ones names them")
  func longer() async {
    let bench = TestBench()
    #expect(await bench.run("job step --help") == 0)
    #expect(bench.out.contains("See also\n  job step resolve"))
  }

  @Test("--help is shown for each command, in the language asked for", arguments: names)
  func help(_ name: String) async {
    let bench = TestBench()
    #expect(await bench.run("\(name) --help --lang pt-BR") == 0)
    #expect(bench.out.contains("Exemplos"))
  }
}
