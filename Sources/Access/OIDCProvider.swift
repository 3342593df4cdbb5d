internal import Crypto
public import Model

/// A request that the service cannot make itself. Whoever makes it follows no redirect, and bounds time and
/// bytes.
public struct OIDCRequest: Sendable, Hashable {
  public static let longestAnswer = 1 << 20

  public var url: String
  /// A form to post; nil: GET.
  public var form: String?
  /// `Authorization`, where there is one.
  public var authorization: String?

  public init(url: String, form: String? = nil, authorization: String? = nil) {
    (self.url, self.form, self.authorization) = (url, form, authorization)
  }
}

/// Gives what `OIDCRequest.body` makes of the answer.
public typealias OIDCFetch = @Sendable (OIDCRequest) async throws(Problem) -> [UInt8]

extension OIDCRequest {
  /// The body of a 200. A code that is not valid is whoever's who brought it; all else is for whoever set the
  /// sign-in up.
  public func body(_ status: Int, _ bytes: [UInt8]) throws(Problem) -> [UInt8] {
    if status == 200 { return bytes }
    // What is no JSON says no more than its status.
    let word = (try? JSON(parsing: bytes))?["error"]?.string
    if form != nil, status == 400, word == "invalid_grant" { throw .oidcFailed }
    let shown = word.map { " (\($0.utf8.count <= 60 ? $0 : String($0.prefix(60))))" } ?? ""
    throw .oidcAnswered("HTTP \(status)\(shown)")
  }
}

/// What is known of the other system, and what it costs to learn it: whoever asks is not signed in, and must
/// not make this server ask without end.
struct OIDCKnowledge: Sendable {
  static let mostAsking = 8
  /// How long a failure stands for the next.
  static let failureLifetime = Duration.seconds(5)

  private var provider: OIDCProvider?
  private var failure: (problem: Problem, at: Timestamp)?
  private var asking = 0

  /// What is known already; nil: the caller asks, and tells what came of it.
  mutating func begin(newerThan old: Timestamp?, at now: Timestamp) throws(Problem) -> OIDCProvider? {
    if let provider, now - provider.fetchedAt < OIDCProvider.lifetime,
      old.map({ provider.fetchedAt > $0 }) ?? true
    {
      return provider
    }
    if let failure, now - failure.at < Self.failureLifetime { throw failure.problem }
    guard asking < Self.mostAsking else { throw .accessBusy }
    asking += 1
    return nil
  }

  mutating func learn(_ provider: OIDCProvider) {
    (self.provider, failure) = (provider, nil)
    asking -= 1
  }

  mutating func fail(_ problem: Problem, at now: Timestamp) {
    asking -= 1
    // That whoever asked went away says nothing about the other system.
    if problem.code == Problem.oidcUnavailable.code { failure = (problem, now) }
  }
}

/// What the other system says about itself, and its keys.
struct OIDCProvider: Sendable {
  static let lifetime = Duration.seconds(3_600)
  /// How soon unknown keys are asked for again: a made-up key id must not make a request each time.
  static let soonest = Duration.seconds(30)

  struct Endpoints {
    var authorization: String
    var token: String
    var keys: String
    /// It takes the client's secret in the form, and not in `Authorization`, which is what all others take.
    var takesSecretInForm: Bool
  }

  var endpoints: Endpoints
  var keys: JWKS
  var fetchedAt: Timestamp

  /// Nil where it is not one of that issuer, or an address is not HTTPS (or of this machine).
  static func endpoints(_ bytes: [UInt8], issuer: String) -> Endpoints? {
    guard let json = try? JSON(parsing: bytes),
      let named = json["issuer"]?.string, named.utf8.elementsEqual(issuer.utf8),
      let authorization = json["authorization_endpoint"]?.string,
      let token = json["token_endpoint"]?.string, let keys = json["jwks_uri"]?.string,
      [authorization, token, keys].allSatisfy(isSafe)
    else { return nil }
    let methods = (json["token_endpoint_auth_methods_supported"]?.array ?? []).compactMap(\.string)
    return Endpoints(
      authorization: authorization, token: token, keys: keys,
      takesSecretInForm: methods.contains("client_secret_post") && !methods.contains("client_secret_basic"))
  }

  static func isSafe(_ url: String) -> Bool {
    let local = [
      "http://127.0.0.1:", "http://127.0.0.1/", "http://localhost:", "http://localhost/", "http://[::1]",
    ]
    return (url.hasPrefix("https://") || local.contains(where: url.hasPrefix))
      && url.utf8.allSatisfy { (33...126).contains($0) }
  }
}
