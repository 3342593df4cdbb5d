import Crypto
import Foundation
import Testing

/// Jenkins GHSA-2xpq-5952-38w3: whoever measures how long a comparison takes finds a secret byte by byte
/// (ASVS V11.2.4). What is measured is the processor's time of this thread, so that others do not count.
@Suite("Attacks by measuring time", .serialized, .timeLimit(.minutes(1)))
struct TimingAttackTests {
  /// Large, so that a comparison which ends at the first difference would be a thousand times faster.
  private static let secret = [UInt8](repeating: 7, count: 4 << 20)

  private func nanoseconds(_ work: () -> Bool) -> UInt64 {
    let begin = threadTime()
    #expect(!work())
    return threadTime() - begin
  }

  private func threadTime() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
  }

  @Test("where the difference stands does not show: first, in the middle, last")
  func place() {
    var fastest: [UInt64] = []
    for place in [0, Self.secret.count / 2, Self.secret.count - 1] {
      var guess = Self.secret
      guess[place] ^= 1
      // The fastest of many is that which nothing disturbed.
      let times = (0..<15).map { _ in nanoseconds { constantTimeEqual(Self.secret, guess) } }
      fastest.append(times.min() ?? 0)
    }
    let (least, most) = (fastest.min() ?? 0, fastest.max() ?? 0)
    #expect(least > 0 && Double(most) / Double(least) < 3, "\(fastest)")
  }

  @Test("every comparison of a secret is this one: nothing else compares hashes, codes or marks")
  func everywhere() throws {
    var root = URL(filePath: #filePath)
    while root.lastPathComponent != "Tests" { root.deleteLastPathComponent() }
    let folders = ["Access", "Crypto", "Server"].map {
      root.deletingLastPathComponent().appending(path: "Sources/\($0)")
    }
    // A secret word, on either side of == or !=.
    let words = "(hash|mac|mark|secret|password|signature|nonce|code|tag|digest)"
    let equal = try Regex("(?i)\\b[a-z.]*\(words)(\\(.*\\))? (==|!=) [a-z]|[a-z)] (==|!=) [a-z.]*\(words)\\b")
    var (found, files): ([String], Int) = ([], 0)
    for folder in folders {
      let walk = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
      for case let file as URL in walk where file.pathExtension == "swift" {
        files += 1
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        where line.contains(equal) && !Self.harmless.contains(where: { line.contains($0) }) {
          found.append("\(file.lastPathComponent): \(line.trimmingCharacters(in: .whitespaces))")
        }
      }
    }
    #expect(files > 80 && found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  /// What is no secret, though its name has such a word in it: hashes of the audit's chain and of files,
  /// which everybody may know, and two values of the store's own.
  private static let harmless = [
    "problem.code ==", "= nil", "== true", "account.password == known.password", "entry.", "chain.hash",
    "digest == otherDigest",
    "sending.part.sha256",
  ]
}
