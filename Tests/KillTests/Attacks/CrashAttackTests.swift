import Crypto
import Foundation
import Model
import Testing

/// Airflow CVE-2026-31987 and CVE-2020-17526: secrets in what a program leaves behind, or gives to everybody.
@Suite("Attacks by what a server leaves behind", .serialized, .timeLimit(.minutes(3)))
struct CrashAttackTests {
  private static let canary = "KanaryVogel7im9Kern"
  private static let pipeline = """
    apiVersion: esteira/v1
    id: hold
    namespace: demo
    steps: {hold: {uses: shell, credential: canary, with: {run: "echo here; sleep 100"}}}

    """

  @Test(
    "a crash writes no image of the memory, and nothing with a secret in it",
    arguments: ["SEGV", "ABRT", "ILL"])
  func crash(signal: String) throws {
    let installation = try Installation()
    try installation.write("secret", Self.canary)
    try installation.write("hold.yaml", Self.pipeline)
    // The shell says of a crashed child whether an image was written. The first one shows that it would be.
    let script = """
      cd "$HOME"; ulimit -c unlimited
      sleep 100 & kill -\(signal) $!; wait $!; rm -f core*
      "$ESTEIRA" server > said & server=$!
      until grep -q Ready said; do sleep 0.1; done
      "$ESTEIRA" credential set demo/canary --type hmac --from-file secret && rm secret
      "$ESTEIRA" pipeline apply hold.yaml
      job=$("$ESTEIRA" job start demo/hold -o id)
      until "$ESTEIRA" job logs $job | grep -q here; do sleep 0.1; done
      kill -\(signal) $server; wait $server
      """
    try installation.write("crash.sh", script)
    // A thread of the tests has signals blocked, and a shell that inherits that may wait for ever.
    let shell = """
      import os, signal
      signal.pthread_sigmask(signal.SIG_SETMASK, [])
      os.execv("/bin/bash", ["bash", "-c", 'exec 2>&1; . "$HOME/crash.sh"'])
      """
    let said = try installation.run([
      "/usr/bin/env", "ESTEIRA=\(Installation.binary.path)", "ESTEIRA_LISTEN=none", "python3", "-c", shell,
    ]).output
    let crashes = said.split(separator: "\n").filter { $0.contains("sleep 100") || $0.contains("server") }
    // Where the system writes no images at all, only the rest is shown.
    if crashes.first?.contains("core dumped") == true {
      #expect(crashes.last?.contains("core dumped") == false, "\(said)")
    }
    #expect(said.contains("demo/") && !said.contains(Self.canary), "\(said)")
    let bytes = Data(Self.canary.utf8)
    let (hex, base64) = (Hex.encode(Array(bytes)), Base64.encode(Array(bytes)).prefix(20))
    let walk = try #require(FileManager.default.enumerator(atPath: installation.folder.path))
    for case let path as String in walk {
      #expect(!path.hasPrefix("core"), "\(path)")
      let file = installation.folder.path + "/" + path
      guard !path.hasSuffix("api.sock"), let content = FileManager.default.contents(atPath: file) else {
        continue
      }
      for text in [Self.canary, hex, String(base64)] {
        #expect(content.range(of: Data(text.utf8)) == nil, "\(path)")
      }
    }
  }

  @Test("two installations have nothing in common: no key, no password, no token that both take")
  func defaults() throws {
    var (keys, passwords): ([Data], [String]) = ([], [])
    for _ in 0..<2 {
      let installation = try Installation()
      let pipe = Pipe()
      let process = try installation.spawnServer(["ESTEIRA_LISTEN": "none"], pipe)
      var said = ""
      while !said.contains("Ready:"), process.isRunning {
        said += String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
      }
      process.terminate()
      process.waitUntilExit()
      let word = said.components(separatedBy: "password: ").last?.prefix { $0 != " " } ?? ""
      passwords.append(String(word))
      keys.append(try Data(contentsOf: URL(filePath: installation.data + "/master.key")))
    }
    #expect(Set(keys).count == 2 && keys.allSatisfy { $0.count == 32 })
    #expect(Set(passwords).count == 2 && passwords.allSatisfy { $0.split(separator: "-").count == 8 })
    let program = try Data(contentsOf: Installation.binary)
    for text in [
      "BEGIN PRIVATE KEY-----\nM", "BEGIN RSA PRIVATE KEY-----\nM", "AGE-SECRET-KEY-1Q", "est_AAAA",
    ] {
      #expect(program.range(of: Data(text.utf8)) == nil, "The program holds \(text).")
    }
  }
}
