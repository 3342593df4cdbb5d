import Foundation
import Model
import Testing

@Suite("Backups with the program", .serialized, .timeLimit(.minutes(3)))
struct BackupProgramTests {
  /// The backup may catch `write` in hand: its end is not in the copy, and a step that could not be run twice
  /// would wait for a person there.
  private static let file = """
    apiVersion: esteira/v1
    id: waits
    namespace: demo
    steps:
      write: {uses: shell, idempotent: true, with: {run: "echo kept"}}
      arrive: {needs: [write], wait: {signal: {name: go}}}
      after: {needs: [arrive], uses: json.transform, with: {value: {n: 1}, expression: value}}
    """

  @Test("one made while a server works is whole, can be restored, and its jobs go on in a new folder")
  func online() throws {
    let installation = try Installation()
    try installation.write("waits.yaml", Self.file)
    let server = try installation.startServer([:])
    defer { server.stop() }
    try #require(try installation.run("pipeline", "apply", installation.place("waits.yaml")).status == 0)
    let job = try installation.run("job", "start", "demo/waits", "-o", "id").id
    let backups = installation.place("backups")
    let made = try installation.run("backup", "create", "--to", backups, "-o", "id")
    #expect(made.status == 0)
    // The server works on: what comes now is not in the backup.
    let later = try installation.run("job", "start", "demo/waits", "-o", "id").id
    #expect(try installation.run("backup", "ls", "--to", backups, "-o", "id").id == made.id)
    let verified = try installation.run("backup", "verify", made.id, "-o", "json")
    #expect(verified.status == 0)
    #expect(verified.json?["opened"]?["jobs"] == 1)
    #expect(verified.json?["backup"]?["holds_key"] == false)

    let drill = try installation.run("backup", "restore", "--from", made.id, "--drill", "-o", "json")
    #expect(drill.status == 0)
    #expect(drill.json?["opened"]?["jobs"] == 1)

    let (restored, key) = (installation.place("restored"), installation.data + "/master.key")
    let wrong = try installation.run(
      "backup", "restore", "--from", made.id, "--to", restored, "--key", made.id + "/no")
    #expect(wrong.status == 7)
    #expect(!FileManager.default.fileExists(atPath: restored))
    let answer = try installation.run("backup", "restore", "--from", made.id, "--to", restored, "--key", key)
    #expect(answer.status == 0)
    #expect(try installation.run("job", "ls", "--data", restored, "-o", "id").id == job)
    // The accounts and the audit came along, and can be checked before any server runs.
    let audit = try installation.run("audit", "verify", "--data", restored, "-o", "json")
    #expect(audit.status == 0 && audit.json?["intact"] == true && (audit.json?["rows"]?.int ?? 0) > 0)
    let second = try installation.startServer(["ESTEIRA_DATA": restored])
    defer { second.stop() }
    #expect(try installation.run("signal", "send", "demo/go", "--data", restored).status == 0)
    #expect(try installation.run("job", "watch", job, "-q", "--data", restored).status == 0)
    #expect(try installation.run("job", "get", later, "--data", restored).status == 3)
    #expect(try installation.run("user", "ls", "--data", restored).output.contains("admin"))
  }

  @Test("one that was changed is named fault by fault, and not restored")
  func changed() throws {
    let installation = try Installation()
    try installation.write("waits.yaml", Self.file)
    let server = try installation.startServer([:])
    try #require(try installation.run("pipeline", "apply", installation.place("waits.yaml")).status == 0)
    #expect(try installation.run("job", "start", "demo/waits", "-o", "id").status == 0)
    server.stop()
    let made = try installation.run("backup", "create", "--to", installation.place("backups"), "-o", "id")
    #expect(made.status == 0, "Without a server, too.")
    let file = URL(filePath: made.id + "/esteira.db")
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 100] ^= 1
    try bytes.write(to: file)
    let verified = try installation.run("backup", "verify", made.id)
    #expect(verified.status == 1)
    #expect(verified.output.contains("esteira.db is not as it was written."))
    #expect(try installation.run("backup", "restore", "--from", made.id, "--drill").status != 0)
  }
}

extension Installation.Answer {
  fileprivate var id: String { output.trimmingCharacters(in: .whitespacesAndNewlines) }
}
