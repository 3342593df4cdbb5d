import API
import Engine
import Model

/// Routes about credentials.
struct CredentialRoutes: Sendable {
  var backend: Backend
  var desk: VaultDesk
  private let underWay = UnderWay()

  init(backend: Backend, desk: VaultDesk) { (self.backend, self.desk) = (backend, desk) }

  /// How long an older version may stay usable.
  static let longestOverlap = Duration.seconds(90 * 24 * 3_600)
  /// As many pipelines as a refusal names.
  static let namedPipelines = 5

  var routes: [Route] {
    [
      .answer(AccessCalls.credentials, in: .list { $0.namespace }) { query, caller in
        try credentials(query, caller)
      },
      .answer(AccessCalls.credential, in: .name { $0.id }) { path, _ in
        try item(try known(try NamespacedName(path.id)))
      },
      .answer(CredentialCalls.create, in: .name { $0.id }) { request, caller in
        try await underWay.change(request.id) { () throws(Problem) in try await create(request, caller) }
      },
      .answer(AccessCalls.setCredential, in: .name { $0.id }) { request, caller in
        try await underWay.change(request.id) { () throws(Problem) in try await set(request, caller) }
      },
      .answer(AccessCalls.deleteCredential, in: .name { $0.id }) { request, caller in
        try await underWay.change(request.id) { () throws(Problem) in try await delete(request, caller) }
      },
      .answer(CredentialCalls.usage, in: .name { $0.id }) { path, _ in
        let name = try NamespacedName(path.id)
        _ = try known(name)
        return try CredentialUseFinder(backend: backend, desk: desk).usage(of: name)
      },
      .answer(CredentialCalls.test, in: .name { $0.id }) { request, _ in try await test(request) },
      .answer(AccessCalls.testConnection, in: .name { $0.id }) { request, _ in
        try await ConnectionTesting(backend: backend, desk: desk).test(request)
      },
      .answer(CredentialCalls.types, in: .granted) { _, caller in
        Page(CredentialType.all.map { CredentialTypeItem($0, caller.language) })
      },
    ]
  }

  private func credentials(
    _ query: CredentialsQuery, _ caller: Caller
  ) throws(Problem) -> Page<CredentialItem> {
    let all = try caller.rows(query.namespace) { (namespace) throws(StoreError) in
      try backend.readModel.credentials(in: namespace)
    }
    let order = ListOrder<CredentialRecord>(
      name: { "\($0.namespace)~\($0.name)" },
      [
        "created_at": { $0.createdAt.microseconds }, "expires_at": { $0.expiresAt?.microseconds },
        "last_used_at": { $0.lastUsedAt?.microseconds },
      ])
    let page = try order.page(all, .init(sort: query.sort, cursor: query.cursor, limit: query.limit))
    var items: [CredentialItem] = []
    for record in page.rows { items.append(try item(record)) }
    return Page(items, nextCursor: page.next)
  }

  /// With the older versions that are still usable.
  private func item(_ record: CredentialRecord) throws(Problem) -> CredentialItem {
    var item = CredentialItem(record)
    if record.version == 1 { return item }
    let now = backend.now()
    item.former = try reading { () throws(StoreError) in
      try backend.readModel.versions(ofCredential: record.name, in: record.namespace)
    }.compactMap { version in
      guard let until = version.usableUntil, until > now else { return nil }
      return CredentialItem.FormerVersion(version: version.version, usableUntil: until)
    }
    return item
  }

  private func create(_ request: CredentialRequest, _ caller: Caller) async throws(Problem) -> CredentialItem
  {
    let name = try NamespacedName(request.id)
    if try find(name) != nil {
      throw Problem(
        "credential-exists",
        Bilingual(
          "There is a credential \(name.namespace)/\(name.name) already.",
          pt: "Já existe a credencial \(name.namespace)/\(name.name)."),
        remedy: Bilingual(
          "Store a new version of it with PUT, or `esteira credential rotate`.",
          pt: "Guarde uma nova versão dela com PUT, ou `esteira credential rotate`."))
    }
    return try await set(request, caller)
  }

  private func set(_ request: CredentialRequest, _ caller: Caller) async throws(Problem) -> CredentialItem {
    let (node, name) = (try backend.writer(), try NamespacedName(request.id))
    try AccessRoutes.checkName(name)
    try check(request)
    let known = try find(name)
    try Precondition.check(
      caller.request.ifMatch, known.map { CredentialItem($0).state }, of: request.id)
    if let wanted = request.ifVersion, wanted != known?.version ?? 0 {
      throw Self.changed(name, known?.version ?? 0)
    }
    let (now, overlap) = (backend.now(), try Self.overlap(request.overlap))
    var record = try backend.sealCredential(
      CredentialDraft(
        namespace: name.namespace, name: name.name, type: request.type, version: (known?.version ?? 0) + 1,
        values: request.values, actor: caller.actor))
    record.expiresAt = request.expiresAt
    caller.note.about("\(name.namespace)/\(name.name)", in: name.namespace)
    caller.note.before(known.map(Self.shown))
    caller.note.after(Self.shown(record))
    try await node.write([
      .credential(record),
      .retireVersions(
        name: name.name, namespace: name.namespace, before: record.version, until: now + overlap),
      .forgetVersions(until: now),
    ])
    return try item(record)
  }

  /// For the audit: nothing of what is sealed.
  private static func shown(_ record: CredentialRecord) -> JSON {
    [
      "type": .string(record.type), "version": .int(Int64(record.version)),
      "expires_at": record.expiresAt.map { .string($0.rfc3339) } ?? .null,
    ]
  }

  private func check(_ request: CredentialRequest) throws(Problem) {
    let values = request.values.map { (name: $0.key, value: $0.value.string ?? "") }
    guard let fault = CredentialType.fault(values, type: request.type) else { return }
    let needed = CredentialType.named(request.type)?.members.filter(\.isRequired) ?? []
    let shape = "{" + needed.map { "\"\($0.name)\": \"…\"" }.joined(separator: ", ") + "}"
    throw Problem(
      "invalid-credential", fault,
      remedy: Bilingual(
        "Give the members as one JSON object\(needed.isEmpty ? "" : ", such as " + shape). "
          + "GET /api/v1/credential-types lists those of each type.",
        pt: "Dê os membros como um objeto JSON\(needed.isEmpty ? "" : ", como " + shape). "
          + "GET /api/v1/credential-types lista os de cada tipo."))
  }

  /// How long a version stays usable beside the one that replaces it.
  static func overlap(_ text: String?) throws(Problem) -> Duration {
    guard let text else { return .zero }
    guard let overlap = Duration(text: text), overlap >= .zero, overlap <= longestOverlap else {
      throw Problem(
        "unusable-request",
        Bilingual(
          "\"\(text)\" is no overlap from 0s to 90d.", pt: "\"\(text)\" não é uma sobreposição de 0s a 90d."))
    }
    return overlap
  }

  private func delete(_ request: CredentialDeletion, _ caller: Caller) async throws(Problem) -> Nothing {
    let (node, name) = (try backend.writer(), try NamespacedName(request.id))
    let known = try known(name)
    try Precondition.check(caller.request.ifMatch, CredentialItem(known).state, of: request.id)
    caller.note.before(Self.shown(known))
    if !request.force {
      let usage = try CredentialUseFinder(backend: backend, desk: desk).usage(of: name)
      if !usage.isEmpty { throw Self.inUse(name, usage) }
    }
    try await node.write([.removeCredential(name: name.name, namespace: name.namespace)])
    return Nothing()
  }

  private func test(_ request: CredentialTestRequest) async throws(Problem) -> AccessTest {
    _ = try backend.writer()
    let name = try NamespacedName(request.id)
    let record = try known(name)
    let connection = try connection(request, name)
    return try await AccessTest.timed { () throws(Problem) in
      [.expiry(of: record, at: backend.now())] + (try await desk.test(record, connection, request.path))
    }
  }

  /// The one that is named, else the only one that names the credential.
  private func connection(
    _ request: CredentialTestRequest, _ name: NamespacedName
  ) throws(Problem) -> Connection? {
    let all = try reading { () throws(StoreError) in try backend.readModel.connections(in: name.namespace) }
    if let wanted = request.connection {
      guard let found = all.first(where: { ScalarString($0.name) == ScalarString(wanted) }) else {
        throw AccessRoutes.unknown(
          "connection", "a conexão", NamespacedName(namespace: name.namespace, name: wanted))
      }
      return found
    }
    let naming = all.filter { $0.credential.map { ScalarString($0) } == ScalarString(name.name) }
    return naming.count == 1 ? naming[0] : nil
  }

  private func find(_ name: NamespacedName) throws(Problem) -> CredentialRecord? {
    try reading { () throws(StoreError) in try backend.readModel.credentials(in: name.namespace) }
      .first { ScalarString($0.name) == ScalarString(name.name) }
  }

  private func known(_ name: NamespacedName) throws(Problem) -> CredentialRecord {
    guard let record = try find(name) else {
      throw Problem(
        "unknown-credential",
        Bilingual(
          "There is no credential \(name.namespace)/\(name.name).",
          pt: "Não existe a credencial \(name.namespace)/\(name.name)."),
        remedy: Bilingual(
          "`esteira credential ls` names them.", pt: "`esteira credential ls` mostra os nomes."))
    }
    return record
  }

  private static func changed(_ name: NamespacedName, _ version: Int) -> Problem {
    let shown = "\(name.namespace)/\(name.name)"
    return Problem(
      "revision-changed",
      Bilingual(
        "The credential \(shown) has version \(version) now.",
        pt: "A credencial \(shown) tem agora a versão \(version)."),
      remedy: Bilingual("Look at it, and try again.", pt: "Confira-a e tente de novo."))
  }

  private static func inUse(_ name: NamespacedName, _ usage: CredentialUsage) -> Problem {
    let users = usage.pipelines + usage.connections + usage.destinations
    let named = users.prefix(namedPipelines).map { $0.replacing("~", with: "/") }.joined(separator: ", ")
    let more = users.count > namedPipelines ? " …" : ""
    let shown = "\(name.namespace)/\(name.name)"
    return Problem(
      "credential-in-use",
      Bilingual(
        "The credential \(shown) is used by \(named)\(more).",
        pt: "A credencial \(shown) é usada por \(named)\(more)."),
      remedy: Bilingual(
        "Change them first, or remove it all the same with --force.",
        pt: "Mude-os antes, ou remova-a assim mesmo com --force."))
  }
}

extension CredentialItem {
  init(_ record: CredentialRecord) {
    self.init(
      id: "\(record.namespace)~\(record.name)", type: record.type, version: record.version,
      createdAt: record.createdAt, createdBy: record.createdBy, expiresAt: record.expiresAt,
      lastUsedAt: record.lastUsedAt, lastUsedBy: record.lastUsedBy)
  }
}

extension CredentialTypeItem {
  init(_ type: CredentialType, _ language: Language) {
    self.init(
      name: type.name, description: type.description[language],
      members: type.members.map { member in
        Member(
          name: member.name, isRequired: member.isRequired, isSecret: member.isSecret,
          description: member.description[language])
      })
  }
}
