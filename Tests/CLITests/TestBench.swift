import API
import Model
import Synchronization

@testable import CLI

/// A world of its own for one command: what it sends is answered by a closure, what it says is kept.
final class TestBench: Sendable {
  typealias Answer = @Sendable (APIRequest) throws(Problem) -> APIResponse

  private struct State {
    var out = ""
    var errors = ""
    var requests: [APIRequest] = []
    var choices: [ServerChoice] = []
    var prompts: [String] = []
    var typed: [String] = []
  }

  private let state = Mutex(State())
  private let answer: Answer
  private let connection: Problem?
  private let environment: [String: String]
  private let isInterrupted: Bool
  private let input: String

  init(
    environment: [String: String] = [:], connection: Problem? = nil, isInterrupted: Bool = false,
    input: String = "s3cret\n", typed: [String] = [],
    answer: @escaping Answer = { _ in APIResponse(json: .object(JSONObject())) }
  ) {
    (self.environment, self.connection) = (environment, connection)
    (self.isInterrupted, self.answer, self.input) = (isInterrupted, answer, input)
    state.withLock { $0.typed = typed }
  }

  var out: String { state.withLock { $0.out } }
  var errors: String { state.withLock { $0.errors } }
  var requests: [APIRequest] { state.withLock { $0.requests } }
  /// The servers that were asked for.
  var choices: [ServerChoice] { state.withLock { $0.choices } }
  /// What the terminal asked without an echo.
  var prompts: [String] { state.withLock { $0.prompts } }

  func run(_ line: String) async -> Int32 { await Tool(bench).run(Shell.words(line)) }

  /// Of what these say, the commands make their text.
  private var backups: Backups {
    let none = Problem("test", Bilingual("No folders here.", pt: "Sem pastas aqui."))
    return Backups(
      create: { (_) throws(Problem) in throw none }, list: { (_) throws(Problem) in throw none },
      verify: { (_, _) throws(Problem) in throw none },
      restore: { (_, _, _) throws(Problem) in throw none })
  }

  private var bench: Workbench {
    let (environment, isInterrupted) = (environment, isInterrupted)
    return Workbench(
      connectors: [], zones: .system, version: VersionInfo(version: "0", swift: "6", sqlite: "3"),
      environment: { environment[$0] }, console: console,
      connect: { [self] (_, choice) throws(Problem) in
        state.withLock { $0.choices.append(choice) }
        if let connection { throw connection }
        return FakeTransport(bench: self)
      },
      serve: { _, _ in 0 },
      rehearse: { (_) throws(Problem) in
        throw Problem("test", Bilingual("No engine here.", pt: "Sem motor aqui."))
      }, backups: backups, now: { Timestamp(microseconds: 1_795_165_200_000_000) }, sleep: { _ in },
      interruption: {
        if isInterrupted { return }
        // Never: the stream has no element and ends with the task.
        for await _ in AsyncStream<Void>(unfolding: { try? await Task.sleep(for: .seconds(3_600)) }) {
          return
        }
      })
  }

  private var console: Console {
    Console(
      out: { text in self.state.withLock { $0.out += text + "\n" } },
      bytes: { bytes in self.state.withLock { $0.out += String(decoding: bytes, as: UTF8.self) } },
      error: { text in self.state.withLock { $0.errors += text + "\n" } }, input: { Array(self.input.utf8) },
      secret: { prompt in
        self.state.withLock {
          $0.prompts.append(prompt)
          return $0.typed.isEmpty ? nil : Array($0.typed.removeFirst().utf8)
        }
      })
  }

  private struct FakeTransport: Transport {
    var bench: TestBench
    func send(_ request: APIRequest) async throws(Problem) -> APIResponse {
      bench.state.withLock { $0.requests.append(request) }
      return try bench.answer(request)
    }
    func close() async {}
  }
}

/// As much of a shell as examples need.
enum Shell {
  static func words(_ line: String) -> [String] {
    var (words, word, quote): ([String], String?, Character?) = ([], nil, nil)
    for character in line {
      switch (quote, character) {
      case (nil, " "):
        if let word { words.append(word) }
        word = nil
      case (nil, "'"), (nil, "\""):
        quote = character
        word = word ?? ""
      case (let open?, _) where open == character: quote = nil
      case (_, _): word = (word ?? "") + String(character)
      }
    }
    return words + (word.map { [$0] } ?? [])
  }

  /// The words behind `esteira` in an example, without what goes into files and pipes.
  static func arguments(ofExample line: String) -> [String] {
    let words = words(line)
    guard let start = words.firstIndex(of: "esteira") else { return [] }
    return Array(words[(start + 1)...].prefix { !["|", ">"].contains($0) })
  }
}
