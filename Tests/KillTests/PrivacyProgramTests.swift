import Foundation
import Model
import Testing

/// What `docs/privacy.md` shows, with the program.
@Suite("A person, with the program", .serialized, .timeLimit(.minutes(3)))
struct PrivacyProgramTests {
  private static let digits = "12345678909"
  private static let dotted = "123.456.789-09"

  /// The first example of a page.
  private static func example(_ page: String) throws -> String {
    let text = try String(contentsOf: Installation.root.appending(path: "docs/" + page), encoding: .utf8)
    let parts = text.components(separatedBy: "```yaml\n")
    return try #require(parts.dropFirst().first?.components(separatedBy: "```").first)
  }

  private func privacy(
    _ installation: Installation, _ line: String, _ subject: String = digits, data: String? = nil
  ) throws -> Installation.Answer {
    let place = data.map { " --data '\($0)'" } ?? ""
    let program = "'\(Installation.binary.path)' privacy \(line) --namespace demo --subject-stdin"
    return try installation.run(["/bin/sh", "-c", "printf %s '\(subject)' | \(program)\(place)"])
  }

  @Test("the example of the page is the same in both languages")
  func examples() throws {
    #expect(try Self.example("privacy.md") == Self.example("privacy.pt-BR.md"))
  }

  @Test("is found and erased, nothing of them lies in the folder, and an older backup does not bring it back")
  func erased() throws {
    let installation = try Installation()
    try installation.write("client.yaml", try Self.example("privacy.md"))
    let server = try installation.startServer([:])
    defer { server.stop() }
    try #require(try installation.run("pipeline", "apply", installation.place("client.yaml")).status == 0)
    func start(_ cpf: String) throws -> String {
      let job = try installation.run("job", "start", "demo/client", "--input", "cpf=\"\(cpf)\"", "-o", "id")
      let id = job.output.trimmingCharacters(in: .whitespacesAndNewlines)
      #expect(try installation.run("job", "watch", id, "-q").status == 0)
      return id
    }
    let (first, other, second) = (try start(Self.dotted), try start("98765432100"), try start(Self.digits))
    let found = try privacy(installation, "find -o id")
    #expect(found.output.split(separator: "\n").map(String.init) == [first, second])
    let backups = installation.place("backups")
    let made = try installation.run("backup", "create", "--to", backups, "-o", "id")
    let backup = made.output.trimmingCharacters(in: .whitespacesAndNewlines)

    let why = "--basis 'LGPD art. 18, VI' --reason 'request 17'"
    #expect(try privacy(installation, "erase \(why) -o json").json?["counts"]?["jobs"] == 2)
    #expect(try installation.run("job", "get", first).status == 0)
    #expect(try privacy(installation, "erase \(why) --yes -o json").json?["erasure"]?["counts"]?["jobs"] == 2)
    for job in [first, second] { #expect(try installation.run("job", "get", job).status == 3) }
    #expect(try installation.run("audit", "verify", "-o", "json").json?["intact"] == true)
    for text in [Self.digits, Self.dotted] {
      #expect(try installation.run(["/bin/grep", "-raF", text, installation.data]).output == "")
    }

    let restored = installation.place("restored")
    #expect(
      try installation.run(
        "backup", "restore", "--from", backup, "--to", restored, "--key", installation.data + "/master.key"
      ).status == 0)
    #expect(try installation.run("job", "get", first, "--data", restored).status == 0)
    let again = try installation.startServer(["ESTEIRA_DATA": restored])
    defer { again.stop() }
    for job in [first, second] {
      #expect(try installation.run("job", "get", job, "--data", restored).status == 3)
    }
    #expect(try installation.run("job", "get", other, "--data", restored).status == 0)
    #expect(try privacy(installation, "find -o id", data: restored).output == "")
  }
}
