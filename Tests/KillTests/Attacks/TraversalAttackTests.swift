import Foundation
import Model
import Testing

/// Windmill CVE-2026-29059: `..` in the name of a log led to any file. Here in every name that a path takes,
/// as the owner of the folder, who may do everything.
@Suite("Attacks by names that lead out of a folder", .timeLimit(.minutes(3)))
struct TraversalAttackTests {
  static let targets = ["etc/passwd", "proc/self/environ", "master.key", "esteira.yaml"]
  static let steps = [
    "../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%252f", "..%5c", "..\\".escaped, "%c0%ae%c0%ae%c0%af", "..;/",
    "....//", "%2f", "file:%2f%2f%2f", "%00../", ".%2f..%2f", "..%ef%bc%8f",
  ]

  @Test("reach no file: not by a job, a step, an artifact, an export or any other name")
  func names() async throws {
    let installation = try Installation()
    let server = try installation.startServer(["ESTEIRA_LISTEN": "none"])
    defer { server.stop() }
    try installation.write("keep.yaml", Self.pipeline)
    #expect(try installation.run("pipeline", "apply", installation.place("keep.yaml")).status == 0)
    let job = try installation.run("job", "start", "demo/keep", "--watch", "-o", "id").output
      .trimmingCharacters(in: .whitespacesAndNewlines)
    // A canary beside the folder, and one in it.
    for folder in [installation.folder.path, installation.data] {
      try Self.canary.write(toFile: folder + "/esteira.yaml.txt", atomically: true, encoding: .utf8)
    }
    let key = try #require(FileManager.default.contents(atPath: installation.data + "/master.key"))
    let probe = try await Probe(installation)
    var asked = 0
    for operation in probe.operations where operation.method == "GET" {
      for name in operation.pathNames {
        for step in Self.steps {
          for target in Self.targets + ["esteira.yaml.txt"] {
            let path = Self.path(operation, name, String(repeating: step, count: 6) + target, job: job)
            let (status, text) = try await probe.get(path)
            #expect(status < 500, "\(path): \(status)")
            let leaks = ["root:", "PATH=", Self.canary].filter { text.contains($0) }
            #expect(leaks.isEmpty && Data(text.utf8).range(of: key) == nil, "\(path): \(status) \(leaks)")
            asked += 1
          }
        }
      }
    }
    for page in ["/docs/", "/"] {
      for step in Self.steps {
        #expect(try await probe.get(page + step + "etc/passwd").status >= 400)
      }
    }
    #expect(asked > 2_000)
  }

  private static let canary = "KanaryVogel-outside"
  private static let pipeline = """
    apiVersion: esteira/v1
    id: keep
    namespace: demo
    steps: {keep: {uses: shell, with: {run: "echo hello > $ESTEIRA_ARTIFACTS/kept.txt"}}}

    """

  private static func path(_ operation: Probe.Operation, _ name: String, _ value: String, job: String)
    -> String
  {
    var path = operation.path
    for other in operation.pathNames {
      // The other names are right, so that the way to this one is open.
      let right = other == "id" && path.contains("/jobs/") ? job : other == "id" ? "demo~keep" : "keep"
      path = path.replacing("{\(other)}", with: other == name ? value : right)
    }
    return path
  }
}
