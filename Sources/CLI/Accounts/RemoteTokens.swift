public import API
public import Model

/// The token for the requests to one server: of a file, or of the session, renewed when it has expired.
public struct RemoteTokens: Sendable {
  /// Asks the server for new tokens; nil where it no longer takes the refresh token.
  public typealias Renewal = (_ refreshToken: String) async throws(Problem) -> SignInResult?

  public enum Source: Sendable {
    case file(String)
    case book(SessionBook)
  }

  private let server: ServerAddress
  private let source: Source
  private let now: @Sendable () -> Timestamp

  /// An access token that ends sooner is renewed before it is sent.
  private static let margin = Duration.seconds(10)

  public init(_ server: ServerAddress, _ source: Source, now: @escaping @Sendable () -> Timestamp) {
    (self.server, self.source, self.now) = (server, source, now)
  }

  /// Nil where nobody is signed in, or where nothing is known but what the server has `rejected`.
  public func token(rejected: String? = nil, renew: Renewal) async throws(Problem) -> String? {
    switch source {
    case .file(let path): return rejected == nil ? try Self.token(inFile: path) : nil
    case .book(let book):
      guard let entry = try book.entry(of: server) else { return nil }
      if isUsable(entry, rejected) { return entry.accessToken }
      return try await book.locked { () throws(Problem) -> String? in
        // Another command may have renewed it meanwhile.
        guard let entry = try book.entry(of: server) else { return nil }
        if isUsable(entry, rejected) { return entry.accessToken }
        let renewed = try await renew(entry.refreshToken)
        let next = renewed.flatMap { SessionBook.Entry($0, name: entry.name) }
        try book.put(next, for: server)
        return next?.accessToken
      }
    }
  }

  private func isUsable(_ entry: SessionBook.Entry, _ rejected: String?) -> Bool {
    entry.expiresAt > now() + Self.margin && entry.accessToken != rejected
  }

  /// Its first line.
  private static func token(inFile path: String) throws(Problem) -> String {
    guard let bytes = try PrivateFile.read(path, code: "token-file") else {
      throw PrivateFile.fault("token-file", path, Bilingual("it is not there", pt: "ele não existe"))
    }
    let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
    guard !line.isEmpty, line.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw PrivateFile.fault(
        "token-file", path,
        Bilingual("its first line is not a token", pt: "a primeira linha não é um token"))
    }
    return String(decoding: line, as: UTF8.self)
  }
}
