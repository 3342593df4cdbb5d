import API
import Crypto
import Engine
import Model

/// Routes that make and change destinations of kind webhook beside those of `esteira.yaml`. Each has a secret
/// of its own, a credential that is told once and sealed in the vault.
struct WebhookRoutes: Sendable {
  var backend: Backend

  private static let secretBytes = 32

  var routes: [Route] {
    [
      .answer(WebhookCalls.list, in: .system) { _, _ in Page(try all().map { try item($0) }) },
      .answer(WebhookCalls.get, in: .system) { path, _ in try item(try one(path.id)) },
      .answer(
        WebhookCalls.create, in: .system, status: { $0.isDryRun ? 200 : 201 },
        with: { request, caller in try await create(request, caller) }),
      .answer(WebhookCalls.update, in: .system) { change, caller in try await update(change, caller) },
      .answer(WebhookCalls.delete, in: .system) { request, caller in try await delete(request, caller) },
      .answer(WebhookCalls.test, in: .system) { path, caller in
        let webhook = try one(path.id)
        return DeliveryItem(try await backend.writer().testDestination(webhook.name, actor: caller.actor))
      },
      .answer(WebhookCalls.rotate, in: .system) { wish, caller in try await rotate(wish, caller) },
      .answer(WebhookCalls.deliveries, in: .system) { query, _ in
        try DestinationRoutes(backend: backend).deliveries(
          DeliveriesQuery(
            name: try one(query.id).name, sort: query.sort, limit: query.limit, cursor: query.cursor))
      },
    ]
  }

  private func all() throws(Problem) -> [DestinationView] {
    let book = DestinationReading(try backend.destinations(), backend.readModel)
    return try book.all().filter { $0.destination?.kind == "webhook" }
  }

  private func one(_ name: String) throws(Problem) -> DestinationView {
    guard let found = try all().first(where: { ScalarString($0.name) == ScalarString(name) }) else {
      throw Self.unknown(name)
    }
    return found
  }

  private func own(_ name: String) throws(Problem) -> AddedDestination {
    guard let row = try one(name).destination?.added else { throw Self.definedInFile(name) }
    return row
  }

  private func create(_ request: WebhookRequest, _ caller: Caller) async throws(Problem) -> MadeWebhook {
    let (node, known, now) = (try backend.writer(), try backend.destinations(), backend.now())
    caller.note.about(request.name, in: nil)
    if let other = known.first(where: { ScalarString($0.name) == ScalarString(request.name) }) {
      throw Self.exists(other.name)
    }
    guard known.count < ConfiguredDestination.most else { throw Self.tooMany }
    let row = AddedDestination(
      name: request.name, spec: request.rule.spec(named: request.name), createdAt: now,
      createdBy: caller.actor, updatedAt: now, updatedBy: caller.actor)
    let made = try backend.makeDestination(row)
    caller.note.after(row.spec)
    let item = Self.item(made)
    if request.isDryRun { return MadeWebhook(item: item, secret: nil) }
    let (secret, writes) = try secret(of: row, formerUntil: now, caller)
    try await node.write([.addedDestination(row)] + writes)
    try await node.refreshDestinations(backend.destinations)
    return MadeWebhook(item: item, secret: secret)
  }

  /// Its secret stays, and moves with the connection to another namespace.
  private func update(_ change: WebhookReplacement, _ caller: Caller) async throws(Problem) -> WebhookItem {
    let node = try backend.writer()
    var row = try own(change.id)
    try Precondition.demand(caller.request.ifMatch, try item(try one(change.id)))
    caller.note.before(row.spec)
    let owner = row.owner
    (row.spec, row.version) = (change.rule.spec(named: row.name), row.version + 1)
    (row.updatedAt, row.updatedBy) = (backend.now(), caller.actor)
    let made = try backend.makeDestination(row)
    guard row.owner == owner else { throw Self.moved(row.name) }
    caller.note.after(row.spec)
    if change.isDryRun {
      return Self.item(made)
    }
    try await node.write([.addedDestination(row)])
    try await node.refreshDestinations(backend.destinations)
    return try item(try one(change.id))
  }

  private func delete(_ request: WebhookDeletion, _ caller: Caller) async throws(Problem) -> Nothing {
    let (node, row) = (try backend.writer(), try own(request.id))
    if let ifMatch = caller.request.ifMatch { try Precondition.demand(ifMatch, try item(try one(row.name))) }
    caller.note.before(row.spec)
    if request.isDryRun { return Nothing() }
    try await node.write([
      .removeAddedDestination(name: row.name),
      .removeCredential(name: row.secretName, namespace: row.owner),
    ])
    try await node.refreshDestinations(backend.destinations)
    return Nothing()
  }

  private func rotate(_ wish: WebhookRotation, _ caller: Caller) async throws(Problem) -> WebhookSecret {
    let (node, row) = (try backend.writer(), try own(wish.id))
    let overlap = try CredentialRoutes.overlap(wish.overlap)
    let until = backend.now() + overlap
    caller.note.after(["former_signs_until": .string(until.rfc3339)])
    let (secret, writes) = try secret(of: row, formerUntil: until, caller)
    try await node.write(writes)
    return WebhookSecret(
      id: row.name, secret: secret, formerSignsUntil: overlap == .zero ? nil : until)
  }

  /// A new one, and what stores it. Those before sign until then at most.
  private func secret(
    of row: AddedDestination, formerUntil until: Timestamp, _ caller: Caller
  ) throws(Problem) -> (secret: String, writes: [CatalogWrite]) {
    let known =
      try reading { () throws(StoreError) in
        try backend.readModel.versions(ofCredential: row.secretName, in: row.owner)
      }.map(\.version).max() ?? 0
    let secret = "whsec_" + Base64.encode(SecureRandom.bytes(Self.secretBytes))
    let record = try backend.sealCredential(
      CredentialDraft(
        namespace: row.owner, name: row.secretName, type: "hmac", version: known + 1,
        values: ["secret": .string(secret)], actor: caller.actor))
    let now = backend.now()
    return (
      secret,
      [
        .credential(record),
        .retireVersions(name: row.secretName, namespace: row.owner, before: record.version, until: until),
        .forgetVersions(until: now),
      ]
    )
  }

  private func item(_ view: DestinationView) throws(Problem) -> WebhookItem {
    guard let destination = view.destination else { throw Self.unknown(view.name) }
    return Self.item(destination, isDisabled: view.disabled != nil, waiting: view.waiting?.waiting ?? 0)
  }

  private static func item(
    _ destination: ConfiguredDestination, isDisabled: Bool = false, waiting: Int = 0
  ) -> WebhookItem {
    let added = destination.added
    return WebhookItem(
      id: destination.name, origin: added == nil ? "file" : "api", state: isDisabled ? "disabled" : "active",
      namespace: destination.namespace, address: destination.address, events: destination.patterns,
      pipelines: destination.pipelines.map(\.text), ordering: destination.ordering.rawValue,
      tries: destination.plan.tries, version: added?.version, by: added?.updatedBy, at: added?.updatedAt,
      waiting: waiting)
  }
}

extension WebhookRoutes {
  private static func unknown(_ name: String) -> Problem {
    Problem(
      "no-destination", Bilingual("There is no webhook \(name).", pt: "Não existe o webhook \(name)."),
      remedy: Bilingual("`esteira webhook ls` names them.", pt: "`esteira webhook ls` mostra os nomes."))
  }

  private static func definedInFile(_ name: String) -> Problem {
    Problem(
      "defined-in-file",
      Bilingual(
        "The destination \(name) is one of esteira.yaml.", pt: "O destino \(name) é do esteira.yaml."),
      remedy: Bilingual(
        "Change `destinations` there and start the server anew.",
        pt: "Mude `destinations` lá e reinicie o servidor."))
  }

  private static func exists(_ name: String) -> Problem {
    Problem(
      "webhook-exists",
      Bilingual("There is a destination \(name) already.", pt: "Já existe o destino \(name)."),
      remedy: Bilingual(
        "Change it with PUT, or take another name.", pt: "Mude-o com PUT, ou use outro nome."))
  }

  private static let tooMany = Problem(
    "too-many-webhooks",
    Bilingual(
      "There are \(ConfiguredDestination.most) destinations already.",
      pt: "Já existem \(ConfiguredDestination.most) destinos."),
    remedy: Bilingual("Delete one that is not needed.", pt: "Apague um que não faz falta."))

  private static func moved(_ name: String) -> Problem {
    Problem(
      "unusable-request",
      Bilingual(
        "The connection of \(name) stays in its namespace, where its secret is.",
        pt: "A conexão de \(name) fica no namespace dela, onde está o segredo."),
      remedy: Bilingual("Delete it and make another one.", pt: "Apague-o e crie outro."))
  }
}
