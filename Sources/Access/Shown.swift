public import Model

// What people may see of it, as the audit keeps it: nothing that was made of a secret.

extension Account {
  public var shown: JSON {
    var object = JSONObject()
    object["name"] = .string(name)
    object["kind"] = .string(kind.rawValue)
    object["email"] = email.map { .string($0) }
    object["locale"] = .string(locale.rawValue)
    object["state"] = .string(state.rawValue)
    object["has_password"] = .bool(password != nil)
    object["must_change_password"] = .bool(mustChangePassword)
    object["oidc_subject"] = oidcSubject.map { .string($0) }
    object["second_factor"] = .bool(secondFactor?.confirmedAt != nil)
    object["recovery_codes"] = secondFactor.map { .int(Int64($0.recoveryHashes.count)) }
    return .object(object)
  }
}

extension Group {
  public var shown: JSON {
    [
      "name": .string(name),
      "members": .array(members.map(\.description).sorted().map { .string($0) }),
    ]
  }
}

extension CustomRole {
  public var shown: JSON { json }
}

extension RoleBinding {
  public var shown: JSON { json }
}

extension Session {
  public var shown: JSON {
    [
      "account": .string(account.description), "generation": .int(generation), "method": .string(method),
      "created_at": .string(createdAt.rfc3339), "address": .string(address),
      "user_agent": .string(userAgent),
    ]
  }
}

extension APIToken {
  public var shownJSON: JSON {
    [
      "account": .string(account.description), "name": .string(name), "shown": .string(shown),
      "scopes": .array(scopes.words.map { .string($0) }),
      "namespaces": .array(namespaces.map { .string($0) }), "expires_at": .string(expiresAt.rfc3339),
    ]
  }
}
