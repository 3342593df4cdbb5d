import API
import Foundation
import Model
import Testing

@testable import CLI

@Suite("Commands of accounts", .timeLimit(.minutes(1)))
struct AccountCommandTests {
  static let lines: [(line: String, request: String, body: String)] = [
    ("user get ana", "GET /api/v1/users/ana", ""),
    (
      "user create ana --email a@b --lang pt-BR", "POST /api/v1/users",
      #"{"name":"ana","kind":"person","email":"a@b","locale":"pt-BR"}"#
    ),
    (
      "user create load --service", "POST /api/v1/users", #"{"name":"load","kind":"service","locale":"en"}"#
    ),
    ("user update ana --email ''", "PATCH /api/v1/users/ana", #"{"email":""}"#),
    ("user disable ana", "PATCH /api/v1/users/ana", #"{"state":"disabled"}"#),
    ("user enable ana", "PATCH /api/v1/users/ana", #"{"state":"active"}"#),
    ("user delete ana", "DELETE /api/v1/users/ana", ""),
    ("user unlock ana", "POST /api/v1/users/ana/unlock", "{}"),
    ("user reset-password ana", "POST /api/v1/users/ana/reset-password", "{}"),
    ("user reset-mfa ana", "POST /api/v1/users/ana/reset-mfa", "{}"),
    ("group create editors", "POST /api/v1/groups", #"{"name":"editors"}"#),
    ("group add editors ana rui", "PATCH /api/v1/groups/editors", #"{"add":["ana","rui"],"remove":[]}"#),
    ("group remove editors ana", "PATCH /api/v1/groups/editors", #"{"add":[],"remove":["ana"]}"#),
    ("group delete editors", "DELETE /api/v1/groups/editors", ""),
    (
      "role set watcher --permission jobs:read --permission alerts:read", "PUT /api/v1/roles/watcher",
      #"{"permissions":["jobs:read","alerts:read"]}"#
    ),
    ("role delete watcher", "DELETE /api/v1/roles/watcher", ""),
    (
      "role bind operator ana -n demo", "POST /api/v1/role-bindings",
      #"{"subject_kind":"user","subject":"ana","role":"operator","namespace":"demo"}"#
    ),
    (
      "role unbind viewer editors --group --everywhere", "POST /api/v1/role-bindings:remove",
      #"{"subject_kind":"group","subject":"editors","role":"viewer","namespace":"*"}"#
    ),
    (
      "token create ci --scope jobs:read --scope jobs:execute -n a,b --expires 90d", "POST /api/v1/tokens",
      #"{"name":"ci","scopes":["jobs:read","jobs:execute"],"namespaces":["a","b"],"#
        + #""expires_at":"2027-02-18T09:00:00Z"}"#
    ),
    ("token ls --user load", "GET /api/v1/tokens?user=load", ""),
    ("token revoke 019a", "DELETE /api/v1/tokens/019a", ""),
    (
      "audit ls --since -2h --actor ana --action jobs:create --limit 3",
      "GET /api/v1/audit?actor=ana&action=jobs:create&since=2026-11-20T07:00:00Z&limit=3", ""
    ),
    ("audit heads --since 2026-11-20", "GET /api/v1/audit/heads?since=2026-11-20", ""),
    ("audit verify --heads -", "POST /api/v1/audit:verify", #"{"heads":"s3cret\n"}"#),
    ("session ls --user ana", "GET /api/v1/users/ana/sessions", ""),
    ("session end 019a", "DELETE /api/v1/me/sessions/019a", ""),
    ("mfa disable --password-stdin", "POST /api/v1/me/mfa/remove", #"{"password":"s3cret"}"#),
    ("whoami", "GET /api/v1/me", ""),
  ]

  @Test("each command asks for what its words say", arguments: lines)
  func request(_ line: String, _ request: String, _ body: String) async {
    let bench = TestBench()
    _ = await bench.run(line)
    let sent = bench.requests.last
    let query = sent?.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&") ?? ""
    let shown = "\(sent?.method.rawValue ?? "") \(sent?.path ?? "")" + (query.isEmpty ? "" : "?" + query)
    #expect(shown == request)
    #expect(String(decoding: sent?.body ?? [], as: UTF8.self) == body)
  }

  @Test("a lockout is shown with its end and the way out")
  func lockout() async throws {
    var item = UserItem(
      id: "019a", kind: "person", name: "ana", email: nil, locale: "en", state: "active",
      hasSecondFactor: false, createdAt: Timestamp(microseconds: 0), createdBy: "local:root",
      lastSignInAt: nil)
    let calm = TestBench { [item] _ in APIResponse(json: item.json) }
    #expect(await calm.run("user get ana") == 0)
    #expect(!calm.out.contains("locked"))
    (item.lockedUntil, item.lockedFrom) = (Timestamp(rfc3339: "2026-11-20T09:10:00Z"), "addresses")
    let bench = TestBench { [item] _ in APIResponse(json: item.json) }
    #expect(await bench.run("user get ana") == 0)
    #expect(
      bench.out.contains(
        "locked out: until 2026-11-20T09:10:00Z, from where it was guessed; "
          + "end it with: esteira user unlock ana"
      ))
  }

  @Test("roles are a table of what they may do on what")
  func roles() async throws {
    let items = Page([
      RoleItem(name: "viewer", permissions: ["jobs:read", "asks:read"], isBuiltIn: true),
      RoleItem(name: "keeper", permissions: ["jobs:update", "jobs:read", "*:read"], isBuiltIn: false),
    ])
    let bench = TestBench { _ in APIResponse(json: items.json) }
    #expect(await bench.run("role ls") == 0)
    #expect(
      bench.out == """
        ROLE    KIND      ON    MAY
        viewer  built-in  asks  read
                          jobs  read
        keeper  own       *     read
                          jobs  read, update

        """)
  }

  static let confirmed: [(line: String, said: String)] = [
    ("user unlock ana", "ana can try to sign in again."), ("user delete ana", "ana is removed."),
    ("user reset-mfa ana", "ana signs in without a code."), ("role delete watcher", "watcher is removed."),
    ("role unbind viewer ana -n demo", "ana no longer has viewer in demo."),
    ("group delete editors", "editors is removed."), ("token revoke 019a", "It is refused from now on."),
    ("mfa disable --password-stdin", "The password alone is enough again."),
  ]

  @Test(
    "a change after which nothing comes back is confirmed to people, and to nobody else", arguments: confirmed
  )
  func confirmation(_ line: String, _ said: String) async {
    let bench = TestBench { (_) throws(Problem) in APIResponse(json: Nothing().json) }
    #expect(await bench.run(line) == 0)
    #expect(bench.out == said + "\n")
    for quiet in ["-q", "-o json", "-o id"] {
      let other = TestBench { (_) throws(Problem) in APIResponse(json: Nothing().json) }
      #expect(await other.run("\(line) \(quiet)") == 0)
      #expect(other.out.isEmpty)
    }
  }

  @Test("a lockout is nothing that was typed wrongly: 7, as what may be asked again later")
  func locked() async {
    let problem = ProblemDocument(status: 429, code: "sign-in-locked", detail: "Locked.")
    let bench = TestBench { (_) throws(Problem) in APIResponse(status: 429, json: problem.json) }
    #expect(await bench.run("whoami") == 7)
  }

  @Test("many permissions are shown on lines that a terminal holds")
  func wrapped() async {
    let words = (10...40).map { "resource\($0):read" }
    let me = MeItem(
      kind: "person", id: "019a", name: "ana", email: nil, locale: "en", hasSecondFactor: false,
      mustChangePassword: false, grants: [GrantItem(namespace: "demo", permissions: words)])
    let bench = TestBench { (_) throws(Problem) in APIResponse(json: me.json) }
    #expect(await bench.run("whoami") == 0)
    let lines = bench.out.split(separator: "\n").dropFirst()
    #expect(lines.allSatisfy { $0.count <= 100 } && lines.first?.hasPrefix("demo: resource10:read") == true)
    #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("  resource") })
    #expect(lines.joined(separator: " ").split(separator: " ").dropFirst().map(String.init) == words)
  }

  @Test(
    "what is not said is not guessed",
    arguments: ["role bind operator ana", "role bind operator ana -n a --everywhere", "token create ci"])
  func refused(_ line: String) async {
    let bench = TestBench()
    #expect(await bench.run(line) == 2)
    #expect(bench.requests.isEmpty)
  }

  private static let user = UserItem(
    id: "019a", kind: "person", name: "ana", email: nil, locale: "en", state: "active",
    hasSecondFactor: false, createdAt: Timestamp(microseconds: 0), createdBy: "root", lastSignInAt: nil)

  @Test("the first password is shown once, and beside an id it goes to the errors")
  func firstPassword() async {
    let bench = TestBench { (_) throws(Problem) in
      APIResponse(status: 201, json: CreatedUser(user: Self.user, password: "one two").json)
    }
    #expect(await bench.run("user create ana") == 0)
    #expect(bench.out == "ana\nfirst password, shown once: one two\n")
    #expect(await bench.run("user reset-password ana -o id") == 0)
    #expect(bench.out.hasSuffix("one two\n019a\n") && bench.errors.contains("one two"))
  }

  @Test("a token's value goes to a file that only its owner can read")
  func tokenFile() async throws {
    let path = NSTemporaryDirectory() + "esteira-token-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }  // A file left behind harms no other test.
    let token = TokenItem(
      id: "019b", name: "ci", user: "ana", shown: "est_ab", scopes: ["jobs:read"], namespaces: [],
      createdAt: Timestamp(microseconds: 0), createdBy: "ana", expiresAt: Timestamp(microseconds: 1),
      lastUsedAt: nil)
    let bench = TestBench { (_) throws(Problem) in
      APIResponse(status: 201, json: CreatedToken(token: token, value: "est_abcdef").json)
    }
    #expect(await bench.run("token create ci --scope jobs:read --out \(path)") == 0)
    #expect(!bench.out.contains("est_abcdef"))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "est_abcdef\n")
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(await bench.run("token create ci --scope jobs:read") == 0)
    #expect(bench.out.hasSuffix("est_abcdef\n"))
  }

  @Test("a chain that is not intact ends with 1, and says what is wrong")
  func verdict() async {
    let bench = TestBench { (_) throws(Problem) in
      APIResponse(json: AuditVerdict(isIntact: false, rows: 7, heads: 2, faults: ["Row 3 was changed."]).json)
    }
    #expect(await bench.run("audit verify --lang pt-BR") == 1)
    #expect(bench.out == "NÃO ÍNTEGRA: 7 entradas, 2 cabeças\n  Row 3 was changed.\n")
  }

  @Test("the seed is shown, a code is asked for, and the recovery codes are printed")
  func secondFactor() async {
    let bench = TestBench(typed: ["123456"]) { (request) throws(Problem) in
      request.path.hasSuffix("confirm")
        ? APIResponse(json: RecoveryCodes(codes: ["aaaa-bbbb"]).json)
        : APIResponse(json: SecondFactorItem(secret: "JBSW", uri: "otpauth://totp/x").json)
    }
    #expect(await bench.run("mfa enable") == 0)
    #expect(bench.errors.contains("JBSW") && bench.errors.contains("otpauth://totp/x"))
    #expect(bench.out.contains("aaaa-bbbb") && bench.prompts == ["Code of the app: "])
    #expect(bench.requests.last.map { String(decoding: $0.body, as: UTF8.self) } == #"{"code":"123456"}"#)
  }
}
