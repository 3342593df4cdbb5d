import API
import Glibc
public import Model

/// Where this user is signed in: `sessions.json` in the folder of the user's settings, one entry a server.
public struct SessionBook: Sendable {
  struct Entry: Sendable, Hashable {
    var name: String
    var accessToken: String
    var expiresAt: Timestamp
    var refreshToken: String
    var refreshExpiresAt: Timestamp
  }

  private let folder: String
  private let now: @Sendable () -> Timestamp
  private let pause: @Sendable (Duration) async -> Void

  /// Waits for another command's renewal of a token: one minute altogether.
  private static let turns = 1_200
  private static let turn = Duration.milliseconds(50)
  /// Servers that are remembered.
  private static let mostServers = 100
  private static let code = "session-file"

  /// `pause` waits so long.
  public init(
    environment: (String) -> String?, now: @escaping @Sendable () -> Timestamp,
    pause: @escaping @Sendable (Duration) async -> Void
  ) throws(Problem) {
    let settings = environment("XDG_CONFIG_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
    guard let base = settings ?? environment("HOME").map({ $0 + "/.config" }) else {
      throw Problem(
        "session-file",
        Bilingual(
          "There is no place for sessions: neither XDG_CONFIG_HOME nor HOME is set.",
          pt: "Não há lugar para sessões: nem XDG_CONFIG_HOME nem HOME está definido."),
        remedy: Bilingual(
          "Set HOME, or use a token from a file: --token-file.",
          pt: "Defina HOME, ou use um token de um arquivo: --token-file."))
    }
    folder = base + "/esteira"
    (self.now, self.pause) = (now, pause)
  }

  func entry(of server: ServerAddress) throws(Problem) -> Entry? {
    try object()[server.text].flatMap(Self.entry)
  }

  /// Nil takes the entry away. The lock has to be held.
  func put(_ entry: Entry?, for server: ServerAddress) throws(Problem) {
    var entries = try object().filter { $0.key != server.text }
      .filter { (Self.entry($0.value)?.refreshExpiresAt).map { $0 > now() } ?? false }
      .suffix(Self.mostServers - 1).map { ($0.key, $0.value) }
    if let entry { entries.append((server.text, Self.json(entry))) }
    let json = JSON.object(JSONObject([("servers", .object(JSONObject(entries)))]))
    try PrivateFile.write(Array((json.prettyText + "\n").utf8), to: path, code: Self.code)
  }

  /// One command at a time: a refresh token that is sent twice ends the session.
  func locked<Value>(_ work: () async throws(Problem) -> Value) async throws(Problem) -> Value {
    try PrivateFile.makeFolder(folder, code: Self.code)
    let lock = folder + "/sessions.lock"
    let file = open(lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw PrivateFile.fault(Self.code, lock, .systemReason(errno)) }
    defer { close(file) }
    var turns = 0
    while flock(file, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR, turns < Self.turns else {
        throw PrivateFile.fault(
          Self.code, lock, Bilingual("another command holds it", pt: "outro comando está com ele"))
      }
      turns += 1
      await pause(Self.turn)
    }
    return try await work()
  }

  private var path: String { folder + "/sessions.json" }

  private func object() throws(Problem) -> JSONObject {
    guard let bytes = try PrivateFile.read(path, code: Self.code) else { return JSONObject() }
    // What is wrong with it could show a part of a token.
    guard let json = try? JSON(parsing: bytes), let servers = json["servers"]?.object else {
      throw PrivateFile.fault(
        Self.code, path, Bilingual("it is not as `login` wrote it", pt: "não é como `login` o escreveu"))
    }
    return servers
  }

  private static func entry(_ json: JSON) -> Entry? {
    guard let name = json["name"]?.string, let access = json["access_token"]?.string,
      let expiresAt = json["expires_at"]?.string.flatMap({ Timestamp(rfc3339: $0) }),
      let refresh = json["refresh_token"]?.string,
      let refreshExpiresAt = json["refresh_expires_at"]?.string.flatMap({ Timestamp(rfc3339: $0) })
    else { return nil }
    return Entry(
      name: name, accessToken: access, expiresAt: expiresAt, refreshToken: refresh,
      refreshExpiresAt: refreshExpiresAt)
  }

  private static func json(_ entry: Entry) -> JSON {
    [
      "name": .string(entry.name), "access_token": .string(entry.accessToken),
      "expires_at": .string(entry.expiresAt.rfc3339), "refresh_token": .string(entry.refreshToken),
      "refresh_expires_at": .string(entry.refreshExpiresAt.rfc3339),
    ]
  }
}

extension SessionBook.Entry {
  /// Nil where the answer has no tokens.
  init?(_ result: SignInResult, name: String) {
    guard let access = result.accessToken, let expiresAt = result.expiresAt,
      let refresh = result.refreshToken, let refreshExpiresAt = result.refreshExpiresAt
    else { return nil }
    self.init(
      name: result.name ?? name, accessToken: access, expiresAt: expiresAt, refreshToken: refresh,
      refreshExpiresAt: refreshExpiresAt)
  }
}
