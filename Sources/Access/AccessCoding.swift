internal import Crypto
public import Model

// How what belongs to accounts is stored. What a secret was made into is in it, so this is for the store
// only; see `shown` for what people may see.

extension Timestamp {
  fileprivate init?(_ json: JSON?) {
    guard let text = json?.string, let moment = Timestamp(rfc3339: text) else { return nil }
    self = moment
  }

  fileprivate var json: JSON { .string(rfc3339) }
}

private func bytes(_ json: JSON?) -> [UInt8]? { json?.string.flatMap { Base64URL.decode($0) } }
private func text(_ bytes: [UInt8]) -> JSON { .string(Base64URL.encode(bytes)) }

extension Account {
  public var json: JSON {
    var object = JSONObject()
    object["id"] = .string(id.description)
    object["kind"] = .string(kind.rawValue)
    object["name"] = .string(name)
    object["email"] = email.map { .string($0) }
    object["locale"] = .string(locale.rawValue)
    object["state"] = .string(state.rawValue)
    object["password"] = password.map { .string($0.text) }
    object["must_change_password"] = .bool(mustChangePassword)
    object["oidc_subject"] = oidcSubject.map { .string($0) }
    object["second_factor"] = secondFactor?.json
    object["created_at"] = createdAt.json
    object["created_by"] = .string(createdBy)
    object["last_sign_in_at"] = lastSignInAt?.json
    object["password_changed_at"] = passwordChangedAt?.json
    return .object(object)
  }

  /// As `json` has written it; nil for anything else. A password that cannot be read is no account: it must
  /// not become one without a password.
  public init?(_ json: JSON) {
    guard let id = json["id"]?.string.flatMap(ID<Account>.init),
      let kind = json["kind"]?.string.flatMap(Kind.init(rawValue:)), let name = json["name"]?.string,
      let locale = json["locale"]?.string.flatMap(Language.init(rawValue:)),
      let state = json["state"]?.string.flatMap(State.init(rawValue:)),
      let created = Timestamp(json["created_at"]), let by = json["created_by"]?.string
    else { return nil }
    self.init(
      id: id, kind: kind, name: name, email: json["email"]?.string, locale: locale, createdAt: created,
      createdBy: by)
    self.state = state
    if let text = json["password"] {
      guard let hash = text.string.flatMap(PasswordHash.init) else { return nil }
      password = hash
    }
    if let part = json["second_factor"] {
      guard let factor = SecondFactor(part) else { return nil }
      secondFactor = factor
    }
    mustChangePassword = json["must_change_password"]?.bool ?? false
    oidcSubject = json["oidc_subject"]?.string
    lastSignInAt = Timestamp(json["last_sign_in_at"])
    passwordChangedAt = Timestamp(json["password_changed_at"])
  }
}

extension SecondFactor {
  fileprivate var json: JSON {
    var object = JSONObject()
    object["seed"] = text(sealedSeed)
    object["last_step"] = lastStep.map { .int($0) }
    object["recovery"] = .array(recoveryHashes.map(text))
    object["confirmed_at"] = confirmedAt?.json
    return .object(object)
  }

  fileprivate init?(_ json: JSON) {
    guard let seed = bytes(json["seed"]), let codes = json["recovery"]?.array else { return nil }
    self.init(
      sealedSeed: seed, lastStep: json["last_step"]?.int, recoveryHashes: codes.compactMap { bytes($0) },
      confirmedAt: Timestamp(json["confirmed_at"]))
  }
}

extension Group {
  /// Without its members, which have rows of their own.
  public var json: JSON {
    ["id": .string(id.description), "name": .string(name), "created_at": createdAt.json]
  }

  public init?(_ json: JSON, members: Set<ID<Account>>) {
    guard let id = json["id"]?.string.flatMap(ID<Group>.init), let name = json["name"]?.string,
      let created = Timestamp(json["created_at"])
    else { return nil }
    self.init(id: id, name: name, members: members, createdAt: created)
  }
}

extension CustomRole {
  public var json: JSON {
    ["name": .string(name), "permissions": .array(permissions.words.map { .string($0) })]
  }

  public init?(_ json: JSON) {
    guard let name = json["name"]?.string, let words = json["permissions"]?.array?.compactMap(\.string),
      let permissions = Permissions(words)
    else { return nil }
    self.init(name: name, permissions: permissions)
  }
}

extension RoleBinding {
  public var json: JSON {
    [
      "subject": .string(key.subject.text), "role": .string(key.role), "namespace": .string(key.namespace),
      "granted_by": .string(grantedBy), "granted_at": grantedAt.json,
    ]
  }

  public init?(_ json: JSON) {
    guard let subject = json["subject"]?.string.flatMap(Subject.init), let role = json["role"]?.string,
      let namespace = json["namespace"]?.string, let by = json["granted_by"]?.string,
      let at = Timestamp(json["granted_at"])
    else { return nil }
    self.init(key: Key(subject: subject, role: role, namespace: namespace), grantedBy: by, grantedAt: at)
  }
}

extension Session {
  public var json: JSON {
    [
      "id": .string(id.description), "account": .string(account.description),
      "refresh_hash": text(refreshHash), "generation": .int(generation), "created_at": createdAt.json,
      "expires_at": expiresAt.json, "last_seen_at": lastSeenAt.json, "address": .string(address),
      "user_agent": .string(userAgent), "method": .string(method),
    ]
  }

  public init?(_ json: JSON) {
    guard let id = json["id"]?.string.flatMap(ID<Session>.init),
      let account = json["account"]?.string.flatMap(ID<Account>.init), let hash = bytes(json["refresh_hash"]),
      let generation = json["generation"]?.int, let created = Timestamp(json["created_at"]),
      let expires = Timestamp(json["expires_at"]), let seen = Timestamp(json["last_seen_at"]),
      let address = json["address"]?.string, let agent = json["user_agent"]?.string,
      let method = json["method"]?.string
    else { return nil }
    self.init(
      id: id, account: account, refreshHash: hash, generation: generation, createdAt: created,
      expiresAt: expires, origin: Origin(address: address, userAgent: agent), method: method)
    lastSeenAt = seen
  }
}

extension APIToken {
  public var json: JSON {
    var object = JSONObject()
    object["id"] = .string(id.description)
    object["account"] = .string(account.description)
    object["name"] = .string(name)
    object["shown"] = .string(shown)
    object["hash"] = text(hash)
    object["scopes"] = .array(scopes.words.map { .string($0) })
    object["namespaces"] = .array(namespaces.map { .string($0) })
    object["created_at"] = createdAt.json
    object["created_by"] = .string(createdBy)
    object["expires_at"] = expiresAt.json
    object["last_used_at"] = lastUsedAt?.json
    return .object(object)
  }

  public init?(_ json: JSON) {
    guard let id = json["id"]?.string.flatMap(ID<APIToken>.init),
      let account = json["account"]?.string.flatMap(ID<Account>.init), let name = json["name"]?.string,
      let shown = json["shown"]?.string, let hash = bytes(json["hash"]),
      let scopes = json["scopes"]?.array.flatMap({ Permissions($0.compactMap(\.string)) }),
      let namespaces = json["namespaces"]?.array?.compactMap(\.string),
      let created = Timestamp(json["created_at"]), let by = json["created_by"]?.string,
      let expires = Timestamp(json["expires_at"])
    else { return nil }
    self.init(
      id: id, account: account, name: name, shown: shown, hash: hash, scopes: scopes, namespaces: namespaces,
      createdAt: created, createdBy: by, expiresAt: expires)
    lastUsedAt = Timestamp(json["last_used_at"])
  }
}
