import Crypto
import Foundation
import Model
import Testing

/// The vault as an operator meets it: the binary, its files, and what other users of the machine can see.
@Suite("The vault of a running server", .serialized, .timeLimit(.minutes(5)))
struct VaultProgramTests {
  /// Of letters that no compression or encoding of other data makes by chance.
  private static let canary = "KanaryVogel/9+7 geheim?"
  private static let user = "Kanarienhalter42"

  /// Says its secrets in many ways, in pieces, in an artifact's name, and fails in the end.
  private static let leak = """
    apiVersion: esteira/v1
    id: leak
    namespace: demo
    steps:
      tell:
        uses: python
        credential: canary
        with:
          outputs: {text: string}
          run: |
            import base64, json, os, sys, time, urllib.parse
            fd = int(os.environ["ESTEIRA_CONNECTION_FD"])
            secret = json.loads(os.read(fd, 65536))["credential"]["values"]["secret"]
            raw = secret.encode()
            ways = [secret, raw.hex(), json.dumps(secret)]
            ways += [urllib.parse.quote(secret), urllib.parse.quote_plus(secret)]
            ways += [base64.b64encode(b"x" * n + raw).decode() for n in range(3)]
            ways += [base64.urlsafe_b64encode(b"x" * n + raw).decode() for n in range(3)]
            for way in ways:
                print("whole " + way)
                for letter in "piece " + way + "\\n":
                    os.write(2, letter.encode())
            with open(os.environ["ESTEIRA_OUTPUT"], "w") as file:
                json.dump({"text": " ".join(ways), raw.hex(): 1}, file)
            with open(os.environ["ESTEIRA_ARTIFACTS"] + "/" + raw.hex() + ".txt", "w") as file:
                file.write("nothing")
      fails:
        needs: [tell]
        uses: shell
        credential: canary
        with:
          run: "cat /dev/fd/$ESTEIRA_CONNECTION_FD >&2; exit 3"

    """

  /// The canary in every spelling, without the characters at its borders that neighbours decide.
  private static let spellings: [[UInt8]] = {
    let raw = Array(canary.utf8)
    let base64 = (0..<3).map { before in
      Array(Array(Base64.encode([UInt8](repeating: 120, count: before) + raw).utf8)[4..<24])
    }
    let urlSafe = base64.map { $0.map { $0 == 0x2B ? 0x2D : $0 == 0x2F ? 0x5F : $0 } }
    let texts = [
      canary, user, Hex.encode(raw), Hex.encode(raw).uppercased(), "KanaryVogel%2F9", "KanaryVogel/9",
    ]
    return texts.map { Array($0.utf8) } + base64 + urlSafe
  }()

  private func store(_ installation: Installation) throws {
    try installation.write("secret", Self.canary)
    try installation.write("login.json", #"{"username": "\#(Self.user)", "password": "\#(Self.canary)"}"#)
    try installation.write("leak.yaml", Self.leak)
    for (name, type, file) in [("canary", "hmac", "secret"), ("login", "basic", "login.json")] {
      let path = installation.place(file)
      let set = try installation.run("credential", "set", "demo/\(name)", "--type", type, "--from-file", path)
      #expect(set.status == 0)
      try FileManager.default.removeItem(atPath: path)
    }
    #expect(try installation.run("pipeline", "apply", installation.place("leak.yaml")).status == 0)
  }

  private func found(in bytes: Data) -> [UInt8]? {
    Self.spellings.first { bytes.range(of: Data($0)) != nil }
  }

  private func files(below path: String) throws -> [String] {
    let walk = try #require(FileManager.default.enumerator(atPath: path))
    return walk.compactMap { $0 as? String }.map { path + "/" + $0 }
  }

  @Test(
    "no secret is in a file of the data folder, nor in the arguments and environment of the server, nor shown"
  )
  func noPlainText() throws {
    let installation = try Installation()
    let server = try installation.startServer([:])
    defer { server.stop() }
    try store(installation)
    let job = try installation.run("job", "start", "demo/leak", "-o", "id").output
      .trimmingCharacters(in: .newlines)
    #expect(try installation.run("job", "watch", job, "-q").status == 1)

    let process = server.process.processIdentifier
    for file in ["cmdline", "environ"] {
      // Only root can read the environment of a process whose memory is closed.
      guard let bytes = try? Data(contentsOf: URL(filePath: "/proc/\(process)/\(file)")) else {
        #expect(file == "environ" && getuid() != 0)
        continue
      }
      #expect(!bytes.isEmpty && found(in: bytes) == nil, "/proc/PID/\(file)")
    }
    for words in [
      ["job", "logs", job], ["job", "get", job, "-o", "json"], ["job", "events", job, "-o", "json"],
      ["job", "step", job, "tell", "-o", "json"], ["job", "step", job, "fails", "-o", "json"],
      ["artifact", "ls", job, "-o", "json"], ["credential", "ls", "-o", "json"],
      ["credential", "get", "demo/canary", "-o", "json"], ["job", "export", job, "--out", "-"],
    ] {
      let answer = try installation.run([Installation.binary.path] + words)
      #expect(answer.status == 0 && !answer.output.isEmpty, "\(words)")
      let shown = found(in: Data(answer.output.utf8))
      #expect(shown == nil, "\(words): \(shown.map { String(decoding: $0, as: UTF8.self) } ?? "")")
    }
    let logs = try installation.run("job", "logs", job).output
    #expect(logs.components(separatedBy: "•••").count > 20, "It was said, and hidden.")
    for path in try files(below: installation.data) where !path.hasSuffix(".sock") {
      guard let bytes = FileManager.default.contents(atPath: path) else { continue }
      let shown = found(in: bytes)
      #expect(shown == nil, "\(path): \(shown.map { String(decoding: $0, as: UTF8.self) } ?? "")")
    }
    // The same after the log was written back, and once more when the server is gone.
    server.stop()
    for path in try files(below: installation.data) {
      guard let bytes = FileManager.default.contents(atPath: path) else { continue }
      #expect(found(in: bytes) == nil, "\(path)")
    }
    #expect(!FileManager.default.fileExists(atPath: installation.data + "/work/\(job)"))
  }

  @Test("a file of age is imported with its identity alone, and its secrets are not shown")
  func importedAge() throws {
    let installation = try Installation()
    let server = try installation.startServer([:])
    defer { server.stop() }
    let (mine, other) = (AgeIdentity.generate(), AgeIdentity.generate())
    let sealed = Age.encrypt(Array("API_KEY=\(Self.canary)\n".utf8), to: [mine.recipient])
    let file = installation.place("secrets.age")
    try Data(sealed).write(to: URL(filePath: file))
    try installation.write("mine", mine.reveal())
    try installation.write("other", other.reveal())
    let words = ["credential", "import", file, "-n", "demo"]
    func run(_ more: String...) throws -> Installation.Answer {
      try installation.run([Installation.binary.path] + words + more)
    }
    #expect(try run().status == 2)
    #expect(try run("--identity", installation.place("other")).status == 2)
    let answer = try run("--identity", installation.place("mine"))
    #expect(
      answer.status == 0 && answer.output.contains("demo/api_key")
        && found(in: Data(answer.output.utf8)) == nil)
    #expect(try run("--identity", installation.place("mine")).status == 6, "It is there already.")
    #expect(try run("--identity", installation.place("mine"), "--replace").status == 0)
    let item = try installation.run("credential", "get", "demo/api_key", "-o", "json").json
    #expect(item?["version"] == 2)
  }

  private static let greet = """
    apiVersion: esteira/v1
    id: greet
    namespace: demo
    steps:
      hello: {uses: shell, idempotent: true, with: {run: "echo hello > $ESTEIRA_ARTIFACTS/a.txt"}}

    """

  private func jobs(_ installation: Installation, _ count: Int) throws -> [String] {
    try installation.write("greet.yaml", Self.greet)
    #expect(try installation.run("pipeline", "apply", installation.place("greet.yaml")).status == 0)
    return try (0..<count).map { _ in
      let job = try installation.run("job", "start", "demo/greet", "-o", "id").output
        .trimmingCharacters(in: .newlines)
      #expect(try installation.run("job", "watch", job, "-q").status == 0)
      return job
    }
  }

  @Test(
    "a rotation that is killed at any of its commits goes on at the next start, and all opens all the while")
  func killedRotation() throws {
    let installation = try Installation()
    let jobs: [String]
    do {
      let server = try installation.startServer([:])
      defer { server.stop() }
      jobs = try self.jobs(installation, 3)
      try store(installation)
    }
    try installation.save()
    for commit in 1...4 {
      try installation.restore()
      var server = try installation.startServer(["ESTEIRA_TEST_CRASH": "after-commit:\(commit)"])
      _ = try installation.run("key", "rotate")
      server.waitForDeath()
      #expect(server.wasKilled, "commit \(commit)")
      // Both keys are there, so nothing is lost even before the rotation goes on.
      #expect(try installation.run("key", "verify").status == 0)
      for job in jobs { #expect(try installation.run("job", "replay", job).status == 0) }
      server = try installation.startServer([:])
      defer { server.stop() }
      #expect(server.wasReady, "\(installation.complaint)")
      try finish(installation)
      for job in jobs { #expect(try installation.run("job", "replay", job).status == 0) }
      #expect(try installation.run("credential", "test", "demo/canary").status == 0)
      #expect(try installation.sql("SELECT count(*) FROM keys WHERE purpose = 'namespace'") == ["1"])
      for (column, table) in [("wrapped_key", "job_executions"), ("sealed", "credential_versions")] {
        let old = "SELECT count(*) FROM \(table) WHERE hex(substr(\(column), 1, 8)) <> 'E54B455900000002'"
        #expect(try installation.sql(old) == ["0"])
      }
    }
  }

  /// Waits until the rotation that the start went on with has ended.
  private func finish(_ installation: Installation) throws {
    var status = try installation.run("key", "status", "-o", "json").json
    if status?["active"] == 1 {
      #expect(try installation.run("key", "rotate").status == 0)
      status = try installation.run("key", "status", "-o", "json").json
    }
    for _ in 0..<600 where status?["rotation"]?["ended_at"] == nil {
      status = try installation.run("key", "status", "-o", "json").json
    }
    #expect(status?["active"] == 2 && status?["rotation"]?["unreadable"] == 0)
    #expect(status?["keys"]?[0]?["state"] == "retired")
  }

  @Test("a key that is rotated and forgotten is gone from the file, and an exported copy opens the store")
  func forgotten() throws {
    let installation = try Installation()
    let server = try installation.startServer([:])
    defer { server.stop() }
    _ = try jobs(installation, 1)
    try installation.write("pass", "a long passphrase\n")
    #expect(chmod(installation.place("pass"), 0o600) == 0)
    #expect(try installation.run("key", "rotate", "--watch").status == 0)
    #expect(try installation.run("key", "forget").status == 0)
    let file = try #require(FileManager.default.contents(atPath: installation.data + "/master.key"))
    #expect(try JSON(parsing: Array(file))["keys"]?.array?.count == 1)
    let copy = installation.aside.appending(path: "copy.key").path
    let pass = installation.place("pass")
    #expect(try installation.run("key", "export", copy, "--passphrase-file", pass).status == 0)
    #expect(try installation.run("key", "verify").status == 0)
    server.stop()
    // The protection is changed by the exported file.
    try FileManager.default.removeItem(atPath: installation.data + "/master.key")
    try FileManager.default.moveItem(atPath: copy, toPath: installation.data + "/master.key")
    try installation.write("wrong", "another passphrase\n")
    let wrong = installation.place("wrong")
    #expect(chmod(wrong, 0o600) == 0)
    #expect(!(try installation.startServer(["ESTEIRA_KEY_PASSPHRASE_FILE": wrong]).wasReady))
    #expect(installation.complaint.contains("[master-key-locked]"))
    let again = try installation.startServer(["ESTEIRA_KEY_PASSPHRASE_FILE": pass])
    defer { again.stop() }
    #expect(again.wasReady, "\(installation.complaint)")
    let status = try installation.run("key", "status", "-o", "json").json
    #expect(status?["protection"] == "passphrase" && status?["active"] == 2)
    #expect(try installation.run("key", "rotate", "--watch").status == 0)
    let protected = try #require(FileManager.default.contents(atPath: installation.data + "/master.key"))
    #expect(try JSON(parsing: Array(protected))["kdf"]?["iterations"] == 600_000)
    let environment = try Data(
      contentsOf: URL(filePath: "/proc/\(again.process.processIdentifier)/environ"))
    #expect(environment.range(of: Data("a long passphrase".utf8)) == nil)
  }
}
