import API
import Engine
import Model

/// Routes about connections and settings.
struct AccessRoutes: Sendable {
  var backend: Backend
  private let underWay = UnderWay()

  init(backend: Backend) { self.backend = backend }

  var routes: [Route] {
    [
      .answer(AccessCalls.connections, in: .list { $0.namespace }) { query, caller in
        try connections(query, caller)
      },
      .answer(AccessCalls.connection, in: .name { $0.id }) { path, _ in
        let name = try NamespacedName(path.id)
        guard let known = try known(name) else { throw Self.unknown("connection", "a conexão", name) }
        return ConnectionItem(known)
      },
      .answer(AccessCalls.setConnection, in: .name { $0.id }) { item, caller in
        try await underWay.change(item.id) { () throws(Problem) in try await set(item, caller) }
      },
      .answer(AccessCalls.deleteConnection, in: .name { $0.id }) { path, caller in
        try await underWay.change(path.id) { () throws(Problem) in try await deleteConnection(path, caller) }
      },
      .answer(AccessCalls.settings, in: .namespace { $0.namespace ?? "" }) { query, _ in try settings(query)
      },
      .answer(AccessCalls.setSetting, in: .name { $0.id }) { request, caller in try await set(request, caller)
      },
    ]
  }

  private func connections(
    _ query: ConnectionsQuery, _ caller: Caller
  ) throws(Problem) -> Page<ConnectionItem> {
    let all = try caller.rows(query.namespace) { (namespace) throws(StoreError) in
      try backend.readModel.connections(in: namespace)
    }
    let page = try ListOrder<Connection>(name: { "\($0.namespace)~\($0.name)" }).page(
      all, .init(sort: query.sort, cursor: query.cursor, limit: query.limit))
    return Page(page.rows.map(ConnectionItem.init), nextCursor: page.next)
  }

  private func set(_ item: ConnectionItem, _ caller: Caller) async throws(Problem) -> ConnectionItem {
    let (node, name) = (try backend.writer(), try NamespacedName(item.id))
    try Self.checkName(name)
    let connection = Connection(
      namespace: name.namespace, name: name.name, kind: item.kind, address: item.address,
      allowedEgress: item.allowedEgress, credential: item.credential)
    let before = try known(name).map { ConnectionItem($0) }
    try Precondition.check(caller.request.ifMatch, before?.state, of: item.id)
    caller.note.before(before?.json)
    caller.note.after(ConnectionItem(connection).json)
    if caller.isDryRun { return ConnectionItem(connection) }
    try await node.write([.connection(connection, at: backend.now(), by: caller.actor)])
    return ConnectionItem(connection)
  }

  private func known(_ name: NamespacedName) throws(Problem) -> Connection? {
    try reading { () throws(StoreError) in try backend.readModel.connections(in: name.namespace) }
      .first { ScalarString($0.name) == ScalarString(name.name) }
  }

  private func deleteConnection(_ path: NamePath, _ caller: Caller) async throws(Problem) -> Nothing {
    let (node, name) = (try backend.writer(), try NamespacedName(path.id))
    guard let known = try known(name).map({ ConnectionItem($0) }) else {
      throw Self.unknown("connection", "a conexão", name)
    }
    try Precondition.check(caller.request.ifMatch, known.state, of: path.id)
    caller.note.before(known.json)
    if caller.isDryRun { return Nothing() }
    try await node.write([.removeConnection(name: name.name, namespace: name.namespace)])
    return Nothing()
  }

  private func settings(_ query: ListQuery) throws(Problem) -> JSON {
    .object(
      try reading { () throws(StoreError) in try backend.readModel.settings(of: query.namespace ?? "") })
  }

  private func set(_ request: SettingRequest, _ caller: Caller) async throws(Problem) -> Nothing {
    let (node, name) = (try backend.writer(), try NamespacedName(request.id))
    let value = request.value.isNull ? nil : request.value
    let known = try reading { () throws(StoreError) in
      try backend.readModel.settings(of: name.namespace)[name.name]
    }
    caller.note.before(known.map { ["value": $0] })
    caller.note.after(value.map { ["value": $0] })
    if caller.isDryRun { return Nothing() }
    try await node.write([
      .setting(namespace: name.namespace, name: name.name, value: value, by: caller.actor, at: backend.now())
    ])
    return Nothing()
  }

  /// `[a-z][a-z0-9_]*`, since pipeline files name them.
  static func checkName(_ name: NamespacedName) throws(Problem) {
    let isLetter = { (byte: UInt8) in (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    let isRest = { (byte: UInt8) in
      isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
    }
    guard name.name.utf8.first.map(isLetter) == true, name.name.utf8.allSatisfy(isRest),
      name.name.utf8.count <= 63
    else {
      throw Problem(
        "invalid-name",
        Bilingual("\"\(name.name)\" is not a name.", pt: "\"\(name.name)\" não é um nome."),
        remedy: Bilingual(
          "Use small letters, digits and _, a letter first, at most 63.",
          pt: "Use letras minúsculas, dígitos e _, começando por letra, no máximo 63."))
    }
  }

  static func unknown(_ kind: String, _ kindPT: String, _ name: NamespacedName) -> Problem {
    let shown = "\(name.namespace)/\(name.name)"
    return Problem(
      "unknown-\(kind)",
      Bilingual("There is no \(kind) \(shown).", pt: "Não existe \(kindPT) \(shown)."),
      remedy: Bilingual("`esteira \(kind) ls` names them.", pt: "`esteira \(kind) ls` mostra os nomes."))
  }
}

extension ConnectionItem {
  init(_ connection: Connection) {
    self.init(
      id: "\(connection.namespace)~\(connection.name)", kind: connection.kind, address: connection.address,
      allowedEgress: connection.allowedEgress, credential: connection.credential)
  }
}
