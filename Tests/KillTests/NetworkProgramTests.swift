import Foundation
import Model
import Testing

/// What a team does with a server on its network: the binary on both sides, over TCP, with accounts.
@Suite("A server on the network", .serialized, .timeLimit(.minutes(3)))
struct NetworkProgramTests {
  private static let file = """
    apiVersion: esteira/v1
    id: hello
    namespace: demo
    inputs: {name: {type: string, default: world}}
    steps:
      greet:
        uses: shell
        idempotent: true
        with: {run: "echo Hello, $NAME", env: {NAME: "${{ inputs.name }}"}}
      count: {value: "${{ size(steps.greet.output.stdout) }}"}
    outputs: {length: "${{ steps.count.output }}"}
    """

  /// Somebody at another machine: with sessions of their own, and without the data folder.
  private struct Person {
    let installation: Installation
    let url: String
    let home: String

    init(_ name: String, _ installation: Installation, _ url: String) {
      (self.installation, self.url, home) = (installation, url, installation.place("home-\(name)"))
    }

    func run(_ arguments: String..., input: String? = nil) throws -> Installation.Answer {
      let quoted = arguments.map { "'\($0)'" }.joined(separator: " ")
      let pipe = input.map {
        "printf '%s\\n' \($0.split(separator: " ").map { "'\($0)'" }.joined(separator: " ")) | "
      }
      return try installation.run([
        "/usr/bin/env", "-u", "ESTEIRA_DATA", "ESTEIRA_URL=\(url)", "XDG_CONFIG_HOME=\(home)", "/bin/sh",
        "-c",
        "\(pipe ?? "")\(Installation.binary.path) \(quoted) 2>&1",
      ])
    }
  }

  private func word(behind mark: String, in text: String) throws -> String {
    let start = try #require(text.range(of: mark)).upperBound
    return String(text[start...].drop { $0 == " " }.prefix { !$0.isWhitespace })
  }

  @Test("is entered with the password that the first start shows, and each may what their roles say")
  func team() throws {
    let installation = try Installation()
    try installation.write("hello.yaml", Self.file)
    let server = try installation.startServer(["ESTEIRA_LISTEN": "127.0.0.1:0"])
    defer { server.stop() }
    let url = try word(behind: "Ready:", in: server.said)
    let first = try word(behind: "password:", in: server.said)
    let admin = Person("admin", installation, url)
    #expect(try admin.run("whoami").status == 4, "Nobody is signed in.")
    let wrong = try admin.run("login", "admin", "--password-stdin", input: "not-the-password")
    #expect(wrong.status == 4, "\(wrong.output)")
    let login = try admin.run(
      "login", "admin", "--change-password", "--password-stdin", input: "\(first) seven-otters-at-noon")
    #expect(login.status == 0, "\(login.output)")
    #expect(try admin.run("whoami").output.hasPrefix("admin"))

    let password = try makeOperator("ana", admin)
    #expect(try admin.run("pipeline", "apply", installation.place("hello.yaml")).status == 0)
    let ana = Person("ana", installation, url)
    let job = try works(ana, password)
    // A script with a token for one thing.
    let token = installation.place("token")
    #expect(
      try ana.run("token", "create", "script", "--scope", "jobs:read", "-n", "demo", "--out", token).status
        == 0)
    let script = Person("script", installation, url)
    #expect(try script.run("job", "ls", "--token-file", token, "-o", "id").output.contains(job))
    #expect(try script.run("job", "start", "demo/hello", "--token-file", token).status == 4)

    // The session lives on over a server that is killed, and ends with a logout.
    kill(server.process.processIdentifier, SIGKILL)
    server.waitForDeath()
    let port = try #require(url.split(separator: ":").last)
    let next = try installation.startServer(["ESTEIRA_LISTEN": "127.0.0.1:\(port)"])
    defer { next.stop() }
    #expect(try ana.run("whoami").output.hasPrefix("ana"))
    #expect(try ana.run("logout").status == 0)
    #expect(try ana.run("whoami").status == 4)
    // Her tokens are hers until they are revoked.
    #expect(try script.run("job", "ls", "--token-file", token, "-o", "id").output.contains(job))
    let audit = try admin.run("audit", "ls", "-o", "json")
    #expect(audit.output.contains("\"ana\"") && !audit.output.contains(password))
    #expect(try admin.run("audit", "verify").status == 0)
  }

  /// Of one namespace; returns the first password.
  private func makeOperator(_ name: String, _ admin: Person) throws -> String {
    let made = try admin.run("user", "create", name, "-o", "json")
    #expect(made.status == 0, "\(made.output)")
    #expect(try admin.run("role", "bind", "operator", name, "-n", "demo").status == 0)
    return try #require(made.json?["password"]?.string)
  }

  /// Signs in, does what an operator may and is refused what only an admin may; returns the job.
  private func works(_ person: Person, _ password: String) throws -> String {
    let entered = try person.run(
      "login", "ana", "--password-stdin", input: "\(password) nine-herons-by-the-lake")
    #expect(entered.status == 0, "\(entered.output)")
    #expect(try person.run("pipeline", "apply", person.installation.place("hello.yaml")).status == 4)
    let watched = try person.run("job", "start", "demo/hello", "--input", "name=Ana", "--watch")
    #expect(watched.status == 0 && watched.output.contains("length=10"), "\(watched.output)")
    let job = try person.run("job", "ls", "-o", "id").output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(try person.run("job", "logs", job, "greet").output.contains("Hello, Ana"))
    return job
  }
}
