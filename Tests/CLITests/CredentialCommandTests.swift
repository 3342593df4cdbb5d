import API
import Foundation
import Model
import Testing

@testable import CLI

@Suite("Commands of credentials and keys", .timeLimit(.minutes(1)))
struct CredentialCommandTests {
  private static func item(_ version: Int) -> CredentialItem {
    CredentialItem(
      id: "demo~api", type: "hmac", version: version, createdAt: Timestamp(microseconds: 0), createdBy: "ana",
      lastUsedAt: Timestamp(microseconds: 60_000_000), lastUsedBy: "demo/daily",
      former: [.init(version: 1, usableUntil: Timestamp(microseconds: 120_000_000))])
  }

  private static let bench = { @Sendable in
    TestBench { (request) throws(Problem) in
      switch (request.method, request.path) {
      case (.get, "/api/v1/credentials"): return APIResponse(json: Page([item(2)]).json)
      case (.get, "/api/v1/credentials/demo~api"): return APIResponse(json: item(2).json)
      case (.get, "/api/v1/credentials/demo~other"):
        throw Problem("unknown-credential", Bilingual("There is none.", pt: "Não existe."))
      case (.put, _), (.post, "/api/v1/credentials"): return APIResponse(json: item(3).json)
      case (.post, "/api/v1/credentials/demo~api/test"), (.post, "/api/v1/connections/demo~web/test"):
        return APIResponse(
          json: AccessTest(
            checks: [.init("shape", true, "Fits."), .init("request", false, "401")], milliseconds: 3
          )
          .json)
      case (_, _): return APIResponse(json: .object(JSONObject()))
      }
    }
  }

  private static func body(_ request: APIRequest?) -> JSON? {
    request.flatMap { try? JSON(parsing: $0.body) }
  }

  @Test("rotate keeps the type, names the version that it follows, and takes the value from standard input")
  func rotate() async {
    let bench = Self.bench()
    #expect(
      await bench.run("credential rotate demo/api --from-stdin --overlap 24h --expires 2027-01-31") == 0)
    #expect(bench.out == "demo/api: version 3\n")
    #expect(
      Self.body(bench.requests.last) == [
        "type": "hmac", "data": ["secret": "s3cret"], "expires_at": "2027-01-31T00:00:00Z", "overlap": "24h",
        "if_version": 2,
      ])
    #expect(await bench.run("credential rotate demo/other --from-stdin") == 3)
  }

  @Test("one text is no credential of a type with several members")
  func members() async {
    let bench = Self.bench()
    #expect(await bench.run("credential set demo/api --type s3 --from-stdin") == 2)
    #expect(bench.errors.contains("secret_access_key") && !bench.errors.contains("s3cret"))
    #expect(bench.requests.isEmpty)
  }

  @Test("a type of one's own that looks like a slip is stored, and the known one is named")
  func ownType() async {
    let (slip, own) = (Self.bench(), Self.bench())
    #expect(await slip.run("credential set demo/api --type bearr --from-stdin") == 0)
    #expect(slip.errors.contains("Did you mean \"bearer\"?"))
    #expect(await own.run("credential set demo/api --type warehouse --from-stdin") == 0)
    #expect(own.errors.isEmpty)
  }

  @Test("get and ls show who used it and what is still usable")
  func get() async {
    let bench = Self.bench()
    #expect(await bench.run("credential get demo/api --lang pt-BR") == 0)
    #expect(bench.out.contains("último uso: ") && bench.out.contains("demo/daily"))
    #expect(bench.out.contains("versão 1 usável até "))
  }

  @Test("a test that fails ends with 1, and says what was tried")
  func test() async {
    let bench = Self.bench()
    #expect(await bench.run("credential test demo/api --connection web --path /me") == 1)
    #expect(bench.out == "shape: ok. Fits.\nrequest: failed. 401\n")
    #expect(Self.body(bench.requests.last) == ["connection": "web", "path": "/me"])
  }

  @Test("delete asks for force where it is given")
  func delete() async {
    let bench = Self.bench()
    #expect(await bench.run("credential delete demo/api --force") == 0)
    #expect(bench.requests.last?.query.contains { $0.0 == "force" && $0.1 == "true" } == true)
  }

  private static func file(_ text: String) throws -> URL {
    let file = FileManager.default.temporaryDirectory.appending(path: "esteira-import-\(UUID().uuidString)")
    try Data(text.utf8).write(to: file)
    return file
  }

  @Test("a .env file becomes one credential a line, quotes and comments apart")
  func environment() async throws {
    let file = try Self.file(
      """
      # comment
      export API_KEY=abc#def # tail
      DB.Password="two words\\n\\"quoted\\""

      EMPTY=
      SINGLE='it $HOME'\r
      """)
    defer { try? FileManager.default.removeItem(at: file) }  // A file left behind harms no other test.
    let secrets = try ImportedSecrets(Array(try Data(contentsOf: file)))
    #expect(secrets.entries.map(\.name) == ["api_key", "db_password", "empty", "single"])
    #expect(
      secrets.entries.map { $0.members[0].value } == ["abc#def", "two words\n\"quoted\"", "", "it $HOME"])
    let bench = Self.bench()
    #expect(await bench.run("credential import \(file.path) -n demo --dry-run") == 0)
    #expect(bench.requests.isEmpty && bench.out.contains("demo/api_key") && !bench.out.contains("abc"))
    #expect(await bench.run("credential import \(file.path) --into demo/all --type database") == 0)
    #expect(Self.body(bench.requests.last)?["data"]?["db_password"] == "two words\n\"quoted\"")
  }

  @Test("a tree of sops becomes credentials by path, and objects with a type have members")
  func tree() throws {
    let secrets = try ImportedSecrets(
      Array(
        """
        {"token": "t", "db": {"main": {"type": "basic", "username": "ana", "password": 7}, "note": "n"},
         "sops": {"mac": "m"}, "nothing": null}
        """.utf8))
    #expect(secrets.entries.map(\.name) == ["token", "db_main", "db_note"])
    #expect(secrets.entries.map(\.type) == ["secret", "basic", "secret"])
    #expect(
      secrets.entries[1].members == [
        .init(name: "username", value: "ana"), .init(name: "password", value: "7"),
      ])
  }

  static let broken = ["no equals", "=x", "A=\"open", "{\"a\":", "A=1\na=2"]

  @Test("what cannot be read is refused without showing it", arguments: broken)
  func refused(_ text: String) {
    #expect(throws: UsageError.self) { try ImportedSecrets(Array(text.utf8)) }
  }

  @Test("key status says what is kept, and export wants to know how the copy is protected")
  func keys() async {
    let status = KeyStatus(
      active: 2, protection: "file",
      keys: [
        KeyItem(
          id: 1, state: "retiring", fingerprint: "aa", createdAt: Timestamp(microseconds: 0), createdBy: "",
          retiredAt: nil)
      ],
      rotation: KeyRotationItem(
        target: 2, stage: "jobs", rewrapped: 7, unreadable: 1, startedAt: Timestamp(microseconds: 0),
        startedBy: "ana",
        endedAt: nil))
    let bench = TestBench { (_) throws(Problem) in APIResponse(json: status.json) }
    #expect(await bench.run("key status") == 0)
    #expect(
      bench.out.contains("rotating to key 2: jobs, 7 sealed anew") && bench.out.contains("retiring  aa"))
    #expect(bench.out.hasPrefix("KEY  STATE     FINGERPRINT  MADE"))
    #expect(await bench.run("key rotate") == 1, "Something could not be opened.")
    for line in [
      "key export f", "key export f --plain --passphrase-file p", "key export f --recipient age1x",
    ] {
      #expect(await bench.run(line) == 2)
    }
  }
}
