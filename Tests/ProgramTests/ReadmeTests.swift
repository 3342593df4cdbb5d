import Foundation
import Testing

/// The first page is true: its console blocks are typed as they stand, and what they show is what comes.
@Suite("The first page", .serialized, .timeLimit(.minutes(3)))
struct ReadmeTests {
  @Test("each command of the page shows what the page shows", arguments: ["README.md", "README.pt-BR.md"])
  func page(_ page: String) throws {
    let place = try Place()
    defer { place.clean() }
    let entries = try Self.entries(page)
    #expect(entries.count >= 12, "The page lost its commands.")
    try FileManager.default.copyItem(
      at: Self.root.appending(path: "examples"), to: place.folder.appending(path: "examples"))
    // It is there once the program was built.
    try FileManager.default.createDirectory(
      at: place.folder.appending(path: ".build"), withIntermediateDirectories: true)
    let shown = try Self.type(entries.map(\.command), in: place)
    #expect(shown.count == entries.count)
    for (entry, text) in zip(entries, shown) {
      #expect(
        Self.masked(text, place.folder.path) == Self.masked(entry.shown, "/srv/esteira"),
        "\(page): $ \(entry.command)")
    }
  }

  @Test("the page's pipeline file is the example", arguments: ["README.md", "README.pt-BR.md"])
  func example(_ page: String) throws {
    let text = try String(contentsOf: Self.root.appending(path: page), encoding: .utf8)
    let example = try String(contentsOf: Self.root.appending(path: "examples/hello.yaml"), encoding: .utf8)
    #expect(text.contains("```yaml\n\(example)```\n"))
  }

  struct Entry {
    var command: String
    var shown: String
  }

  /// Each line behind a `$` of the page's `console` blocks, with the lines up to the next one.
  static func entries(_ page: String) throws -> [Entry] {
    let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
    var (entries, isConsole): ([Entry], Bool) = ([], false)
    for line in text.components(separatedBy: "\n") {
      if line.hasPrefix("```") {
        isConsole = line == "```console"
      } else if isConsole, line.hasPrefix("$ ") {
        entries.append(Entry(command: String(line.dropFirst(2)), shown: ""))
      } else if isConsole, !entries.isEmpty {
        entries[entries.count - 1].shown += line + "\n"
      }
    }
    return entries
  }

  /// One shell types all of it, as a person would; what each command shows ends with a mark.
  static func type(_ commands: [String], in place: Place) throws -> [String] {
    let mark = "--next--"
    // The shell keeps the exit code of the command for an `echo $?` that follows.
    let typed = commands.map { "\($0)\ncode=$?; echo '\(mark)'; (exit $code)\n" }.joined()
    try place.write("typed.sh", "exec 2>&1\n" + typed)
    let shown = try place.shell("typed.sh")
    return Array(shown.components(separatedBy: mark + "\n").dropLast())
  }

  /// What differs from one run to the next, as words; spaces that only align are one.
  static func masked(_ text: String, _ folder: String) -> String {
    let rules: [(pattern: String, word: String)] = [
      ("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}(-[0-9a-f]{4}-[0-9a-f]{12})?", "ID"),
      (#"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"#, "TIME"), (#"[0-9]+([.,][0-9])? s\b"#, "DURATION"),
      (#"(node|nó) [A-Za-z0-9._-]+,"#, "NODE,"), (#"local:[a-z0-9_-]+"#, "PERSON"),
      (#"SQLite [0-9.]+"#, "SQLITE"), (#"(password|senha): [a-z0-9-]+"#, "PASSWORD"),
      (#"[a-z][0-9](-[a-z]+){5,}-[0-9]+"#, "PASSWORD"),
      (#"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} [-+][0-9]+ +\p{L}+"#, "DAY"),
      (#"127\.0\.0\.1:[0-9]+"#, "ADDRESS"), (" +", " "),
    ]
    var text = text.replacing(folder, with: "FOLDER")
    for rule in rules {
      text = text.replacingOccurrences(of: rule.pattern, with: rule.word, options: .regularExpression)
    }
    return text
  }

  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
}
