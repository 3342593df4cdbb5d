import Foundation
import Testing

@testable import CLI

@Suite("Completion scripts", .timeLimit(.minutes(1)))
struct CompletionTests {
  private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, out: String) {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  /// What a real bash offers for the last of these words.
  private func offered(_ words: [String]) throws -> [String] {
    let script = CompletionScript(commands: CommandTable.all).text(for: .bash)
    let quoted = words.map { "'\($0)'" }.joined(separator: " ")
    let asking = """
      \(script)
      COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1); COMPREPLY=()
      _esteira
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let (status, out) = try run("/bin/bash", ["--norc", "-c", asking])
    #expect(status == 0)
    return out.split(separator: "\n").map(String.init)
  }

  @Test("bash reads it without a complaint")
  func syntax() throws {
    let path = NSTemporaryDirectory() + "esteira-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    try CompletionScript(commands: CommandTable.all).text(for: .bash)
      .write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try run("/bin/bash", ["-n", path]).status == 0)
  }

  static let cases: [(words: [String], expected: [String])] = [
    (["esteira", "pipeline", "pau"], ["pause"]),
    (["esteira", "art"], ["artifact"]),
    (["esteira", "job", "step", "ad"], ["adopt"]),
    (["esteira", "completion", ""], ["bash", "zsh", "fish"]),
    (["esteira", "job", "ls", "--cor"], ["--correlation"]),
    (["esteira", "job", "ls", "--qui"], ["--quiet"]),
    (["esteira", "-n", "demo", "pipeline", "roll"], ["rollback"]),
    (["esteira", "job", "ls", "-o", ""], ["table", "json", "jsonl", "id"]),
    (["esteira", "job", "ls", "--status", ""], []),
    (["esteira", "job", "get", ""], []),
  ]

  @Test("a real bash completes nouns, verbs, flags and values", arguments: cases)
  func completes(_ words: [String], _ expected: [String]) throws {
    #expect(try offered(words) == expected)
  }

  @Test("every command and every flag is in every script", arguments: CompletionScript.Shell.allCases)
  func complete(_ shell: CompletionScript.Shell) {
    let text = CompletionScript(commands: CommandTable.all).text(for: shell)
    for spec in CommandTable.all {
      for word in spec.words { #expect(text.contains(word)) }
      for flag in spec.flags {
        let shown = shell == .fish ? "-l \(flag.name.dropFirst(2))" : flag.name
        #expect(text.contains(shown), "\(spec.name) \(flag.name)")
      }
    }
  }

  @Test("an unknown shell is refused with those that are known")
  func unknown() async {
    let bench = TestBench()
    #expect(await bench.run("completion tcsh") == 2)
    #expect(bench.errors.contains("bash, zsh, fish"))
  }
}
