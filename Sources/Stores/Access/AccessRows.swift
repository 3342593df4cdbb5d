internal import Access
internal import Crypto
internal import Model

// Accounts and what belongs to them, as rows.
extension Database {
  func write(_ change: AccessChange) throws(SQLiteError) {
    switch change {
    case .account(let account):
      try query(
        """
        INSERT INTO accounts(id, name, body) VALUES(?, ?, ?)
          ON CONFLICT(id) DO UPDATE SET name = excluded.name, body = excluded.body
        """,
        [.text(account.id.description), .text(account.name), .text(account.json.text)])
    case .removeAccount(let id): try removeAccount(id.description)
    case .group(let group): try write(group)
    case .removeGroup(let id):
      try query("DELETE FROM groups WHERE id = ?", [.text(id.description)])
      try query("DELETE FROM group_members WHERE \"group\" = ?", [.text(id.description)])
      try query("DELETE FROM role_bindings WHERE subject = ?", [.text(RoleBinding.Subject.group(id).text)])
    case .role(let role):
      try query(
        "INSERT OR REPLACE INTO roles(name, body) VALUES(?, ?)", [.text(role.name), .text(role.json.text)])
    case .removeRole(let name): try query("DELETE FROM roles WHERE name = ?", [.text(name)])
    case .bind(let binding):
      try query(
        "INSERT OR REPLACE INTO role_bindings(subject, role, namespace, body) VALUES(?, ?, ?, ?)",
        Self.values(of: binding.key) + [.text(binding.json.text)])
    case .unbind(let key):
      try query(
        "DELETE FROM role_bindings WHERE subject = ? AND role = ? AND namespace = ?", Self.values(of: key))
    case .session(let session):
      try query(
        "INSERT OR REPLACE INTO sessions(id, account, body) VALUES(?, ?, ?)",
        [.text(session.id.description), .text(session.account.description), .text(session.json.text)])
    case .removeSession(let id): try query("DELETE FROM sessions WHERE id = ?", [.text(id.description)])
    case .token(let token):
      try query(
        """
        INSERT INTO api_tokens(id, account, hash, body) VALUES(?, ?, ?, ?)
          ON CONFLICT(id) DO UPDATE SET hash = excluded.hash, body = excluded.body
        """,
        [
          .text(token.id.description), .text(token.account.description), .text(Hex.encode(token.hash)),
          .text(token.json.text),
        ])
    case .removeToken(let id): try query("DELETE FROM api_tokens WHERE id = ?", [.text(id.description)])
    case .secret(let name, let sealed):
      try query("INSERT OR REPLACE INTO secrets(name, sealed) VALUES(?, ?)", [.text(name), .bytes(sealed)])
    }
  }

  private static func values(of key: RoleBinding.Key) -> [SQLValue] {
    [.text(key.subject.text), .text(key.role), .text(key.namespace)]
  }

  private func removeAccount(_ id: String) throws(SQLiteError) {
    try query("DELETE FROM accounts WHERE id = ?", [.text(id)])
    for table in ["sessions", "api_tokens", "group_members"] {
      try query("DELETE FROM \(table) WHERE account = ?", [.text(id)])
    }
    try query("DELETE FROM role_bindings WHERE subject = ?", [.text("account:\(id)")])
  }

  /// Only the members that come or go are written.
  private func write(_ group: Group) throws(SQLiteError) {
    let id = group.id.description
    try query(
      """
      INSERT INTO groups(id, name, body) VALUES(?, ?, ?)
        ON CONFLICT(id) DO UPDATE SET name = excluded.name, body = excluded.body
      """,
      [.text(id), .text(group.name), .text(group.json.text)])
    let wanted = Set(group.members.map(\.description))
    var old: Set<String> = []
    try query("SELECT account FROM group_members WHERE \"group\" = ?", [.text(id)]) { row in
      old.insert(row.text(0))
    }
    for member in old.subtracting(wanted) {
      try query(
        "DELETE FROM group_members WHERE \"group\" = ? AND account = ?", [.text(id), .text(member)])
    }
    for member in wanted.subtracting(old) {
      try query("INSERT INTO group_members(\"group\", account) VALUES(?, ?)", [.text(id), .text(member)])
    }
  }
}

// Reading.
extension Database {
  /// All of it, as changes to nothing. A row that cannot be read ends it: rather no sign-in than one without
  /// somebody's lock or second factor.
  func accessChanges() throws(SQLiteError) -> [AccessChange] {
    var changes: [AccessChange] = try rows(of: "accounts") { Account($0) }.map { .account($0) }
    changes += try groups().map { .group($0) }
    changes += try rows(of: "roles") { CustomRole($0) }.map { .role($0) }
    changes += try rows(of: "role_bindings") { RoleBinding($0) }.map { .bind($0) }
    changes += try rows(of: "sessions") { Session($0) }.map { .session($0) }
    changes += try rows(of: "api_tokens") { APIToken($0) }.map { .token($0) }
    try query("SELECT name, sealed FROM secrets") { row in
      changes.append(.secret(name: row.text(0), sealed: row.bytes(1)))
    }
    return changes
  }

  private func rows<Row>(of table: String, _ read: (JSON) -> Row?) throws(SQLiteError) -> [Row] {
    var found: [Row] = []
    try query("SELECT body FROM \(table)") { row throws(SQLiteError) in
      guard let json = try? JSON(parsing: row.bytes(0)), let value = read(json) else {
        throw SQLiteError(code: 0, message: "A row of \(table) in access.db cannot be read.")
      }
      found.append(value)
    }
    return found
  }

  private func groups() throws(SQLiteError) -> [Group] {
    var members: [String: Set<ID<Account>>] = [:]
    try query("SELECT \"group\", account FROM group_members") { row throws(SQLiteError) in
      guard let account = ID<Account>(row.text(1)) else {
        throw SQLiteError(code: 0, message: "A row of group_members in access.db cannot be read.")
      }
      members[row.text(0), default: []].insert(account)
    }
    return try rows(of: "groups") { json in
      Group(json, members: json["id"]?.string.flatMap { members[$0] } ?? [])
    }
  }
}
