import API
import Foundation
import Model
import Testing

@testable import CLI

@Suite("pipeline diff", .timeLimit(.minutes(1)))
struct PipelineDiffTests {
  /// A server with three revisions of `demo/hello`, of which each has its number as limit.
  private static func bench(revisions: Int = 3) -> TestBench {
    TestBench { (request) throws(Problem) in
      let number = request.query.first { $0.name == "revision" }.flatMap { Int($0.value) } ?? revisions
      guard (1...revisions).contains(number) else {
        throw Problem("not-found", Bilingual("There is none.", pt: "Não há."))
      }
      let detail = PipelineDetail(
        id: "demo~hello", revision: number, title: "", source: source(limit: number), files: [],
        sha256: String(repeating: "\(number)", count: 64), createdAt: Timestamp(microseconds: 0),
        createdBy: "ana", explanation: "")
      return APIResponse(json: detail.json)
    }
  }

  private static func source(limit: Int) -> String {
    "id: hello\nconcurrency: {limit: \(limit)}\nsteps:\n  a: {value: '1'}\n"
  }

  @Test("compares the newest revision with the one before, or with the one that is named")
  func revisions() async {
    let bench = Self.bench()
    #expect(await bench.run("pipeline diff demo/hello") == 0)
    #expect(bench.out == "~ concurrency.limit: 2 -> 3\n")
    let named = Self.bench()
    #expect(await named.run("pipeline diff demo/hello@1 --exit-code") == 1)
    #expect(named.out == "~ concurrency.limit: 1 -> 3\n")
    let same = Self.bench()
    #expect(await same.run("pipeline diff demo/hello@2 demo/hello@2 --exit-code") == 0)
    #expect(same.out.contains("mean the same"))
  }

  @Test("compares a revision with a file, by meaning and by line")
  func file() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "hello.yaml").path
    try ("# mine\n" + Self.source(limit: 3)).write(toFile: path, atomically: true, encoding: .utf8)
    let meaning = Self.bench()
    #expect(await meaning.run("pipeline diff demo/hello \(path) --exit-code") == 0)
    let lines = Self.bench()
    #expect(await lines.run("pipeline diff demo/hello \(path) --text --exit-code") == 1)
    #expect(lines.out.contains("\n+# mine\n id: hello\n"), "\(lines.out)")
  }

  @Test("says what is missing", arguments: ["demo/hello", "hello.yaml", "demo/hello@x"])
  func alone(name: String) async {
    #expect(await Self.bench(revisions: 1).run("pipeline diff \(name)") == 2)
  }
}
