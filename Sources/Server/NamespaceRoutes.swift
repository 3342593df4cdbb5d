import API
import Access
import Crypto
import Engine
import Model

/// Routes about namespaces and their operator values. A namespace is there once it was made, and as long as
/// something is stored in it.
final class NamespaceRoutes: Sendable {
  private let backend: Backend
  /// Settings and namespaces.
  private let underWay = UnderWay()

  init(_ backend: Backend) { self.backend = backend }

  var routes: [Route] {
    [
      .answer(NamespaceCalls.list, in: .granted) { query, caller in try self.list(query, caller) },
      .answer(NamespaceCalls.get, in: .namespace { $0.namespace }) { path, _ in
        try self.known(path.namespace)
        return try self.item(path.namespace)
      },
      .answer(
        NamespaceCalls.create, in: .namespace { $0.name },
        with: { request, caller in
          try await self.underWay.change(request.name) { () throws(Problem) in
            try await self.create(request, caller)
          }
        }),
      .answer(NamespaceCalls.update, in: .namespace { $0.namespace }) { request, caller in
        try await self.underWay.change(request.namespace) { () throws(Problem) in
          try await self.update(request, caller)
        }
      },
      .answer(NamespaceCalls.setting, in: .namespace { $0.namespace }) { path, _ in
        guard let item = try self.setting(path) else { throw Self.noSetting(path) }
        return item
      },
      .answer(NamespaceCalls.setSetting, in: .namespace { $0.namespace }) { change, caller in
        try await self.set(change, caller)
      },
      .answer(NamespaceCalls.deleteSetting, in: .namespace { $0.namespace }) { path, caller in
        guard try self.setting(path) != nil else { throw Self.noSetting(path) }
        try await self.write(nil, to: path, caller)
        return Nothing()
      },
    ]
  }

  private func list(_ query: NamespacesQuery, _ caller: Caller) throws(Problem) -> Page<NamespaceItem> {
    let names = try reading { () throws(StoreError) in try backend.readModel.namespaces() }
    let seen = names.filter(caller.reach.contains)
    guard let sort = query.sort, !["name", "-name"].contains(sort) else {
      let page = try ListOrder<String>(name: \.self).page(
        seen, .init(sort: query.sort, cursor: query.cursor, limit: query.limit))
      return Page(try items(page.rows), nextCursor: page.next)
    }
    let order = ListOrder<NamespaceItem>(
      name: \.name, ["pipelines": { Int64($0.pipelines) }, "live_jobs": { Int64($0.liveJobs) }])
    let page = try order.page(
      try items(seen), .init(sort: sort, cursor: query.cursor, limit: query.limit))
    return Page(page.rows, nextCursor: page.next)
  }

  private func items(_ names: [String]) throws(Problem) -> [NamespaceItem] {
    var items: [NamespaceItem] = []
    for name in names { items.append(try item(name)) }
    return items
  }

  private func known(_ name: String) throws(Problem) {
    let names = try reading { () throws(StoreError) in try backend.readModel.namespaces() }
    guard names.contains(where: { ScalarString($0) == ScalarString(name) }) else {
      throw Scope<NamespacePath>.noNamespace(name)
    }
  }

  private func item(_ name: String) throws(Problem) -> NamespaceItem {
    let words = try words(of: name)
    return try reading { () throws(StoreError) in
      NamespaceItem(
        name: name, pipelines: try backend.readModel.pipelines(in: name).count,
        connections: try backend.readModel.connections(in: name).count,
        credentials: try backend.readModel.credentials(in: name).count,
        settings: try backend.readModel.settings(of: name).members.count,
        liveJobs: try backend.readModel.liveCounts(in: name).reduce(0) { $0 + $1.count }, words: words)
    }
  }

  private func words(of name: String) throws(Problem) -> NamespaceWords {
    try reading { () throws(StoreError) in
      let record = try backend.readModel.namespaceRecord(name)
      let settings = try backend.readModel.settings(of: name)
      func shown(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }
      // A setting may hold anything: what is no weight and no number of places says nothing.
      let weight = settings[Self.weight]?.int.flatMap { Int(exactly: $0) }
      let slots = (settings[Self.slots]?.object ?? JSONObject()).members.filter { $0.value.int != nil }
      return NamespaceWords(
        title: shown(record?.title), summary: shown(record?.summary),
        weight: weight.flatMap { NamespaceWords.weights.contains($0) ? $0 : nil },
        queueSlots: JSONObject(slots.map { ($0.key, $0.value) }))
    }
  }

  private func create(_ request: NamespaceRequest, _ caller: Caller) async throws(Problem) -> MadeNamespace {
    let names = try reading { () throws(StoreError) in try backend.readModel.namespaces() }
    if names.contains(where: { ScalarString($0) == ScalarString(request.name) }) {
      throw Self.exists(request.name)
    }
    caller.note.about(request.name, in: request.name)
    if caller.isDryRun {
      return MadeNamespace(
        item: NamespaceItem(
          name: request.name, pipelines: 0, connections: 0, credentials: 0, settings: 0, liveJobs: 0,
          words: request.words))
    }
    try await write(request.words, of: request.name, changing: request.json.object ?? JSONObject(), caller)
    return MadeNamespace(item: try item(request.name))
  }

  private func update(_ request: NamespaceChange, _ caller: Caller) async throws(Problem) -> NamespaceItem {
    try known(request.namespace)
    let before = try item(request.namespace)
    try Precondition.check(caller.request.ifMatch, before.state, of: request.namespace)
    var words = before.words
    caller.note.before(words.json)
    let change = request.change
    if let title = change["title"] { words.title = title.string }
    if let summary = change["description"] { words.summary = summary.string }
    if let weight = change["weight"] { words.weight = weight.int.flatMap { Int(exactly: $0) } }
    if let slots = change["queue_slots"] { words.queueSlots = slots.object ?? JSONObject() }
    if caller.isDryRun {
      caller.note.after(words.json)
      var shown = before
      shown.words = words
      return shown
    }
    try await write(words, of: request.namespace, changing: change, caller)
    return try item(request.namespace)
  }

  /// All in one commit. Only settings that the change names are written.
  private func write(
    _ words: NamespaceWords, of name: String, changing change: JSONObject, _ caller: Caller
  ) async throws(Problem) {
    let node = try backend.writer()
    caller.note.after(words.json)
    let now = backend.now()
    var writes: [CatalogWrite] = [
      .namespace(
        NamespaceRecord(
          name: name, title: words.title ?? "", summary: words.summary ?? "", by: caller.actor, at: now))
    ]
    func set(_ setting: String, _ value: JSON?) {
      writes.append(.setting(namespace: name, name: setting, value: value, by: caller.actor, at: now))
    }
    if change["weight"] != nil { set(Self.weight, words.weight.map { .int(Int64($0)) }) }
    if change["queue_slots"] != nil {
      set(Self.slots, words.queueSlots.members.isEmpty ? nil : .object(words.queueSlots))
    }
    try await node.write(writes)
  }

  /// The settings that the engine reads.
  private static let (weight, slots) = ("fair_weight", "queue_slots")

  private func setting(_ path: SettingPath) throws(Problem) -> SettingItem? {
    let settings = try reading { () throws(StoreError) in try backend.readModel.settings(of: path.namespace) }
    return settings[path.name].map {
      SettingItem(namespace: path.namespace, name: path.name, value: $0, sha256: Self.digest($0))
    }
  }

  private static func digest(_ value: JSON) -> String { SHA256.hex(value.serialized()) }

  private func set(_ change: SettingChange, _ caller: Caller) async throws(Problem) -> SettingItem {
    let path = SettingPath(namespace: change.namespace, name: change.name)
    try await write(change.value, to: path, caller)
    return SettingItem(
      namespace: path.namespace, name: path.name, value: change.value, sha256: Self.digest(change.value))
  }

  private func write(_ value: JSON?, to path: SettingPath, _ caller: Caller) async throws(Problem) {
    let (node, name) = (try backend.writer(), "\(path.namespace)~\(path.name)")
    try await underWay.change(name) { () throws(Problem) in
      let known = try setting(path)
      try Precondition.check(caller.request.ifMatch, known?.state, of: name)
      caller.note.before(known?.value)
      caller.note.after(value)
      if caller.isDryRun { return }
      try await node.write([
        .setting(
          namespace: path.namespace, name: path.name, value: value, by: caller.actor, at: backend.now())
      ])
    }
  }
}

extension NamespaceRoutes {
  private static func noSetting(_ path: SettingPath) -> Problem {
    Problem(
      "no-setting",
      Bilingual(
        "\(path.namespace) has no setting \(path.name).",
        pt: "\(path.namespace) não tem o ajuste \(path.name)."),
      remedy: Bilingual("`esteira setting ls` names them.", pt: "`esteira setting ls` mostra os nomes."))
  }

  private static func exists(_ name: String) -> Problem {
    Problem(
      "namespace-exists",
      Bilingual("There is a namespace \(name) already.", pt: "O espaço de nomes \(name) já existe."),
      remedy: Bilingual(
        "Change it with: esteira namespace update \(name)", pt: "Mude-o com: esteira namespace update \(name)"
      ))
  }
}
