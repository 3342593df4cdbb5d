import Access
import Model
import Net

/// `server.oidc` of `esteira.yaml`: where people sign in besides here.
///
///     oidc:
///       issuer: https://id.example.org
///       client_id: esteira
///       client_secret: {file: /etc/esteira/oidc-secret}     # or {credential: ops/sso}
///       scopes: [openid, profile, email, groups]
///       accounts: mapped                                    # known, mapped or all
///       rules:
///         - {claim: groups, value: sre, role: admin}
///         - {claim: groups, value: data, group: data-team}
///       egress: {allow: [10.0.0.0/8]}
///       certificates: /etc/esteira/company-ca.pem
struct OIDCSetting: Sendable, Hashable {
  enum ClientSecret: Sendable, Hashable {
    case none
    /// Its first line.
    case file(String)
    case credential(namespace: String, name: String)
  }

  static let keys = [
    "issuer", "client_id", "client_secret", "scopes", "accounts", "rules", "egress", "certificates",
  ]
  static let mostScopes = 20
  static let mostNetworks = 64
  static let callback = "/api/v1/auth/oidc/callback"

  var issuer: String
  var clientID: String
  var clientSecret: ClientSecret
  var redirectURL: String
  var scopes: [String]
  var accounts: OIDCSettings.Accounts
  var rules: [OIDCRule]
  /// Networks that are not public and may be asked.
  var egress: [CIDR]
  /// Nil: the system's.
  var certificates: String?
}

struct OIDCReader {
  private let config: ConfigFile
  private let publicURL: String?

  init(_ config: ConfigFile, publicURL: String?) { (self.config, self.publicURL) = (config, publicURL) }

  func setting(_ json: JSON) throws(Problem) -> OIDCSetting {
    guard let map = json.object else { throw wrong("oidc is a map", "oidc é um mapa") }
    if let key = map.keys.first(where: { !OIDCSetting.keys.contains($0) }) {
      throw wrong("oidc has no key \"\(key)\"", "oidc não tem a chave \"\(key)\"")
    }
    return OIDCSetting(
      issuer: try issuer(map["issuer"]), clientID: try clientID(map["client_id"]),
      clientSecret: try clientSecret(map["client_secret"]), redirectURL: try redirectURL(),
      scopes: try scopes(map["scopes"]), accounts: try accounts(map["accounts"]),
      rules: try rules(map["rules"]), egress: try egress(map["egress"]),
      certificates: try map["certificates"].map { (json) throws(Problem) in try path(json, "certificates") })
  }

  /// What is sent there are secrets, and what comes from there is believed.
  private func issuer(_ json: JSON?) throws(Problem) -> String {
    guard let text = json?.string, OIDCSettings.isSafe(text), text.utf8.count <= 500,
      !text.utf8.contains(where: { [UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) })
    else {
      throw wrong(
        "oidc.issuer is an https:// address (http:// of this machine alone), as the other system spells it",
        "oidc.issuer é um endereço https:// (http:// só desta máquina), como o outro sistema o escreve")
    }
    return text
  }

  private func clientID(_ json: JSON?) throws(Problem) -> String {
    guard let text = json?.string, (1...500).contains(text.utf8.count) else {
      throw wrong(
        "oidc.client_id is what the other system knows this server as",
        "oidc.client_id é o nome deste servidor no outro sistema")
    }
    return text
  }

  private func clientSecret(_ json: JSON?) throws(Problem) -> OIDCSetting.ClientSecret {
    guard let json else { return .none }
    if let map = json.object, map.keys.count == 1 {
      if let file = map["file"] { return .file(try path(file, "client_secret.file")) }
      let parts = (map["credential"]?.string ?? "").split(separator: "/", omittingEmptySubsequences: false)
      if parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) {
        return .credential(namespace: String(parts[0]), name: String(parts[1]))
      }
    }
    throw wrong(
      "oidc.client_secret is {file: /path} or {credential: namespace/name}; it never stands in this file",
      "oidc.client_secret é {file: /caminho} ou {credential: namespace/nome}; nunca fica neste arquivo")
  }

  /// It cannot be guessed from a request: whoever sends one could have the code sent elsewhere.
  private func redirectURL() throws(Problem) -> String {
    guard let publicURL, OIDCSettings.isSafe(publicURL) || OIDCSettings.isSafe(publicURL + "/") else {
      throw wrong(
        "oidc needs server.public_url, which is https:// (http:// of this machine alone)",
        "oidc precisa de server.public_url, com https:// (http:// só desta máquina)")
    }
    return publicURL + OIDCSetting.callback
  }

  private func scopes(_ json: JSON?) throws(Problem) -> [String] {
    guard let json else { return OIDCSettings.usualScopes }
    let scopes = (json.array ?? []).compactMap(\.string)
    guard let list = json.array, list.count == scopes.count, scopes.count <= OIDCSetting.mostScopes,
      scopes.contains("openid"),
      scopes.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (33...126).contains($0) } })
    else {
      throw wrong(
        "oidc.scopes is a list of words, openid among them",
        "oidc.scopes é uma lista de palavras, com openid entre elas")
    }
    return scopes
  }

  private func accounts(_ json: JSON?) throws(Problem) -> OIDCSettings.Accounts {
    guard let json else { return .known }
    guard let accounts = json.string.flatMap(OIDCSettings.Accounts.init(rawValue:)) else {
      throw wrong("oidc.accounts is known, mapped or all", "oidc.accounts é known, mapped ou all")
    }
    return accounts
  }

  private func rules(_ json: JSON?) throws(Problem) -> [OIDCRule] {
    guard let json else { return [] }
    guard let list = json.array, list.count <= OIDCRule.most else { throw wrongRule }
    var rules: [OIDCRule] = []
    for element in list {
      guard let map = element.object, let claim = map["claim"]?.string, let value = map["value"]?.string,
        !claim.isEmpty, !value.isEmpty, let gift = Self.gift(map)
      else { throw wrongRule }
      rules.append(OIDCRule(claim: claim, value: value, gift: gift))
    }
    return rules
  }

  private static func gift(_ map: JSONObject) -> OIDCRule.Gift? {
    let keys = Set(map.keys)
    if keys == ["claim", "value", "group"], let group = map["group"]?.string, Account.isName(group) {
      return .group(group)
    }
    guard keys.isSubset(of: ["claim", "value", "role", "namespace"]), let role = map["role"]?.string,
      Account.isName(role), let namespace = map["namespace"].map({ $0.string }) ?? "*",
      namespace == "*" || Account.isName(namespace)
    else { return nil }
    return .role(role, namespace: namespace)
  }

  private var wrongRule: Problem {
    wrong(
      "oidc.rules is a list of {claim, value, group} or {claim, value, role, namespace}",
      "oidc.rules é uma lista de {claim, value, group} ou {claim, value, role, namespace}",
      example: "rules: [{claim: groups, value: sre, role: admin}]")
  }

  private func egress(_ json: JSON?) throws(Problem) -> [CIDR] {
    guard let json else { return [] }
    let networks = (json["allow"]?.array ?? []).compactMap { $0.string.flatMap { CIDR($0) } }
    guard let map = json.object, map.keys == ["allow"], let list = map["allow"]?.array,
      list.count == networks.count, list.count <= OIDCSetting.mostNetworks
    else {
      throw wrong(
        "oidc.egress is {allow: [10.0.0.0/8]}", "oidc.egress é {allow: [10.0.0.0/8]}",
        example: "egress: {allow: [10.0.0.0/8]}")
    }
    return networks
  }

  private func path(_ json: JSON, _ key: String) throws(Problem) -> String {
    guard let path = json.string, path.utf8.first == UInt8(ascii: "/") else {
      throw wrong("oidc.\(key) is an absolute path", "oidc.\(key) é um caminho absoluto")
    }
    return path
  }

  private func wrong(
    _ english: String, _ portuguese: String,
    example: String = "oidc: {issuer: https://id.example.org, client_id: esteira}"
  ) -> Problem {
    config.wrong(
      Bilingual(english, pt: portuguese),
      remedy: Bilingual("Write it as: \(example)", pt: "Escreva assim: \(example)"))
  }
}
