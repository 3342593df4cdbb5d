import API
import Foundation
import Model
import Testing

@testable import CLI

@Suite("Signing in to a server on the network", .timeLimit(.minutes(1)))
final class SignInCommandTests {
  private static let now = Timestamp(microseconds: 1_795_165_200_000_000)
  private let folder = NSTemporaryDirectory() + "esteira-sign-in-" + UUID().uuidString
  private var path: String { folder + "/esteira/sessions.json" }

  /// A folder left behind harms no other test.
  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static func tokens(_ access: String, mustChange: Bool = false) -> SignInResult {
    SignInResult(
      state: "signed_in", accessToken: access, expiresAt: now + .seconds(900), refreshToken: "r-\(access)",
      refreshExpiresAt: now + .seconds(604_800), name: "ana", mustChangePassword: mustChange)
  }

  private func bench(
    input: String = "s3cret\n", typed: [String] = [], answer: @escaping TestBench.Answer
  ) -> TestBench {
    TestBench(environment: ["XDG_CONFIG_HOME": folder], input: input, typed: typed, answer: answer)
  }

  private func book() throws(Problem) -> SessionBook {
    try SessionBook(
      environment: { [folder] in $0 == "XDG_CONFIG_HOME" ? folder : nil }, now: { Self.now }, pause: { _ in })
  }

  private static func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test("login asks without an echo and keeps the tokens in a private file, by server")
  func login() async throws {
    let bench = bench(typed: ["hunter two"]) { (_) throws(Problem) in APIResponse(json: Self.tokens("a").json)
    }
    #expect(await bench.run("login ana --server HTTPS://Host.example:443/") == 0)
    #expect(bench.prompts == ["Password: "] && bench.out == "Signed in to https://host.example as ana.\n")
    #expect(!bench.out.contains("hunter") && !bench.errors.contains("hunter"))
    #expect(
      String(decoding: bench.requests[0].body, as: UTF8.self) == #"{"name":"ana","password":"hunter two"}"#)
    #expect(try Self.mode(path) == 0o600 && Self.mode(folder + "/esteira") == 0o700)
    let entry = try book().entry(of: ServerAddress("https://host.example"))
    #expect(entry?.accessToken == "a" && entry?.refreshToken == "r-a")
    #expect(try book().entry(of: ServerAddress("https://other.example")) == nil)
  }

  @Test("a second factor and a password that has to change are asked for, also line by line")
  func whole() async throws {
    let bench = bench(input: "old\n123456\nnew words\n") { (request) throws(Problem) in
      switch request.path {
      case "/api/v1/auth/login": APIResponse(json: SignInResult(state: "mfa_required", mfaToken: "t").json)
      case "/api/v1/auth/mfa": APIResponse(json: Self.tokens("a", mustChange: true).json)
      case _: APIResponse(json: Nothing().json)
      }
    }
    #expect(await bench.run("login ana --password-stdin --server http://127.0.0.1:7420") == 0)
    #expect(
      bench.requests.map { String(decoding: $0.body, as: UTF8.self) } == [
        #"{"name":"ana","password":"old"}"#, #"{"mfa_token":"t","code":"123456"}"#,
        #"{"old":"old","new":"new words"}"#,
      ])
    #expect(bench.requests.last?.path == "/api/v1/me/password")
  }

  @Test("two new passwords that differ change nothing")
  func typo() async {
    let bench = bench(typed: ["old", "new", "mew"]) { (_) throws(Problem) in
      APIResponse(json: Self.tokens("a").json)
    }
    #expect(await bench.run("login ana --change-password --server https://h") == 2)
    #expect(bench.requests.count == 1)
  }

  @Test("login needs a server and an answer", arguments: ["login ana", "login ana --server https://h"])
  func missing(_ line: String) async {
    let bench = bench { (_) throws(Problem) in APIResponse(json: Self.tokens("a").json) }
    #expect(await bench.run(line) == 2)
    #expect(bench.requests.isEmpty)
  }

  @Test("logout takes the tokens away, also where the session has ended already", arguments: [200, 401])
  func logout(_ status: Int) async throws {
    let bench = bench(typed: ["p"]) { (request) throws(Problem) in
      if request.path.hasSuffix("login") { return APIResponse(json: Self.tokens("a").json) }
      let problem = ProblemDocument(status: status, code: "not-signed-in", detail: "No.")
      return APIResponse(status: status, json: status == 200 ? Nothing().json : problem.json)
    }
    #expect(await bench.run("login ana --server https://h") == 0)
    #expect(await bench.run("logout --server https://h") == 0)
    #expect(try book().entry(of: ServerAddress("https://h")) == nil)
    #expect(await bench.run("logout --server https://h") == 2)
  }

  private func sign(_ access: String, _ expiresIn: Duration = .seconds(900)) async throws {
    let (book, server) = (try book(), try ServerAddress("https://h"))
    var entry = try #require(SessionBook.Entry(Self.tokens(access), name: "ana"))
    entry.expiresAt = Self.now + expiresIn
    let kept = entry
    try await book.locked { () throws(Problem) in try book.put(kept, for: server) }
  }

  private func tokens() throws(Problem) -> RemoteTokens {
    RemoteTokens(try ServerAddress("https://h"), .book(try book()), now: { Self.now })
  }

  @Test("a token that is good is sent as it is")
  func good() async throws {
    try await sign("a")
    let token = try await tokens().token { (_) throws(Problem) -> SignInResult? in
      Issue.record("Nothing has to be renewed.")
      return nil
    }
    #expect(token == "a")
  }

  @Test("an expired or rejected token is renewed once, and what comes is kept", arguments: [true, false])
  func renewed(_ isExpired: Bool) async throws {
    try await sign("a", .seconds(isExpired ? 5 : 900))
    let rejected = isExpired ? nil : "a"
    let renewed = try await tokens().token(rejected: rejected) { (refresh) throws(Problem) -> SignInResult? in
      #expect(refresh == "r-a")
      return Self.tokens("b")
    }
    #expect(renewed == "b")
    let again = try await tokens().token(rejected: rejected) { (_) throws(Problem) -> SignInResult? in nil }
    #expect(again == "b")
  }

  @Test("a refresh token that is refused takes the session away; a server that is away does not")
  func refused() async throws {
    try await sign("a", .zero)
    let away = Problem("server-unreachable", Bilingual("Away.", pt: "Fora."))
    let tokens = try tokens()
    await #expect(throws: Problem.self) {
      try await tokens.token { (_) throws(Problem) -> SignInResult? in throw away }
    }
    #expect(try book().entry(of: ServerAddress("https://h")) != nil)
    #expect(try await tokens.token { (_) throws(Problem) -> SignInResult? in nil } == nil)
    #expect(try book().entry(of: ServerAddress("https://h")) == nil)
  }

  @Test("two commands do not use one refresh token twice")
  func lock() async throws {
    try await sign("a", .zero)
    let other = try tokens()
    let first = try await tokens().token { (_) throws(Problem) -> SignInResult? in
      // The lock is held here: the second gives up, since its waits take no time.
      do throws(Problem) {
        _ = try await other.token { (_) throws(Problem) -> SignInResult? in Self.tokens("c") }
        Issue.record("The second command had the lock too.")
      } catch { #expect(error.code == "session-file") }
      return Self.tokens("b")
    }
    #expect(first == "b")
  }

  @Test("a file that others can read, or that is damaged, is refused without showing it")
  func exposed() async throws {
    try await sign("a")
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    #expect(throws: Problem.self) { try self.book().entry(of: ServerAddress("https://h")) }
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    try Data("{\"servers\": secret".utf8).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    do throws(Problem) {
      _ = try book().entry(of: ServerAddress("https://h"))
      Issue.record("It was read.")
    } catch { #expect(error.code == "session-file" && !error.message.english.contains("secret")) }
  }

  static let files: [(text: String, token: String?)] = [
    ("est_abc\nrest", "est_abc"), ("est_abc", "est_abc"), ("", nil), ("two words\n", nil),
  ]

  @Test("a token file gives its first line, and is not asked twice for another", arguments: files)
  func tokenFile(_ text: String, _ expected: String?) async throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let file = folder + "/token"
    try Data(text.utf8).write(to: URL(filePath: file))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    let tokens = RemoteTokens(try ServerAddress("https://h"), .file(file), now: { Self.now })
    do throws(Problem) {
      let token = try await tokens.token { (_) throws(Problem) -> SignInResult? in nil }
      #expect(token == expected)
      let other = try await tokens.token(rejected: "est_abc") { (_) throws(Problem) -> SignInResult? in nil }
      #expect(other == nil)
    } catch { #expect(expected == nil && error.code == "token-file") }
  }
}

@Suite("Which server a command speaks to", .timeLimit(.minutes(1)))
struct ServerChoiceTests {
  static let environment = ["ESTEIRA_URL": "https://env", "ESTEIRA_TOKEN_FILE": "/env"]
  static let cases: [(line: String, environment: [String: String], choice: ServerChoice)] = [
    ("job ls", [:], ServerChoice()),
    ("job ls --data d", [:], ServerChoice(data: "d")),
    ("job ls", environment, ServerChoice(url: "https://env", tokenFile: "/env")),
    ("job ls --data d", environment, ServerChoice(data: "d")),
    ("job ls --server https://h", environment, ServerChoice(url: "https://h", tokenFile: "/env")),
    (
      "job ls --server https://h --token-file f", environment,
      ServerChoice(url: "https://h", tokenFile: "f")
    ),
  ]

  @Test("a flag counts more than a variable", arguments: cases)
  func choice(_ line: String, _ environment: [String: String], _ choice: ServerChoice) async {
    let bench = TestBench(environment: environment)
    _ = await bench.run(line)
    #expect(bench.choices == [choice])
  }

  @Test(
    "two servers at once, or a token for none, are refused",
    arguments: [
      "job ls --server https://h --data d", "job ls --token-file f", "job ls --server= --token-file f",
    ])
  func unclear(_ line: String) async {
    #expect(await TestBench().run(line) == 2)
  }

  static let good = [
    ("https://h", "https://h"), ("https://H:443/", "https://h"), ("https://h:8443", "https://h:8443"),
    ("http://127.0.0.1:7420", "http://127.0.0.1:7420"), ("http://localhost", "http://localhost"),
    ("http://[::1]:80", "http://[::1]"), ("https://10.0.0.1", "https://10.0.0.1"),
  ]

  @Test("one spelling stands for one server", arguments: good)
  func address(_ text: String, _ expected: String) throws {
    #expect(try ServerAddress(text).text == expected)
  }

  static let bad = [
    "", "h", "ftp://h", "https://", "https://h/path", "https://user:pw@h", "https://h?x", "https://h:0",
    "https://h:99999", "https://h:", "https://[::1", "https://h\n", "http://h",
    "http://127.0.0.1.evil.example",
    "http://10.0.0.1", "http://127.1", "http://localhost.example",
  ]

  @Test("what is no server, or would be read on the way, is refused", arguments: bad)
  func refused(_ text: String) {
    #expect { try ServerAddress(text) } throws: { error in
      guard let problem = error as? Problem else { return false }
      return problem.code == "server-address" && !problem.message.english.contains("pw")
    }
  }
}
