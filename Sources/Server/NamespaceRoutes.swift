import API
import Access
import Crypto
import Engine
import Model
import Synchronization

/// Routes about namespaces and their operator values. A namespace is there as long as something is stored in
/// it.
final class NamespaceRoutes: Sendable {
  private let backend: Backend
  /// Settings that a call is about to write: of two that know the same state only one may.
  private let busy = Mutex<Set<ScalarString>>([])

  init(_ backend: Backend) { self.backend = backend }

  var routes: [Route] {
    [
      .answer(NamespaceCalls.list, in: .granted) { query, caller in try self.list(query, caller) },
      .answer(NamespaceCalls.get, in: .namespace { $0.namespace }) { path, _ in
        try self.known(path.namespace)
        return try self.item(path.namespace)
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
    let bounds = try PageBounds(cursor: query.cursor, limit: query.limit)
    let names = try reading { () throws(StoreError) in try backend.readModel.namespaces() }
    let seen = names.filter(caller.reach.contains)
    var items: [NamespaceItem] = []
    for name in seen.dropFirst(bounds.from).prefix(bounds.limit) { items.append(try item(name)) }
    let next = bounds.from + items.count
    return Page(items, nextCursor: next < seen.count ? String(next) : nil)
  }

  private func known(_ name: String) throws(Problem) {
    let names = try reading { () throws(StoreError) in try backend.readModel.namespaces() }
    guard names.contains(where: { ScalarString($0) == ScalarString(name) }) else {
      throw Scope<NamespacePath>.noNamespace(name)
    }
  }

  private func item(_ name: String) throws(Problem) -> NamespaceItem {
    try reading { () throws(StoreError) in
      NamespaceItem(
        name: name, pipelines: try backend.readModel.pipelines(in: name).count,
        connections: try backend.readModel.connections(in: name).count,
        credentials: try backend.readModel.credentials(in: name).count,
        settings: try backend.readModel.settings(of: name).members.count,
        liveJobs: try backend.readModel.liveCounts(in: name).reduce(0) { $0 + $1.count })
    }
  }

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
    let node = try backend.writer()
    let name = ScalarString("\(path.namespace)~\(path.name)")
    guard busy.withLock({ $0.insert(name).inserted }) else { throw Self.underWay(path) }
    defer { _ = busy.withLock { $0.remove(name) } }
    let known = try setting(path)
    try Precondition.check(caller.request.ifMatch, known, path)
    caller.note.before(known?.value)
    caller.note.after(value)
    try await node.write([
      .setting(
        namespace: path.namespace, name: path.name, value: value, by: caller.actor, at: backend.now())
    ])
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

  private static func underWay(_ path: SettingPath) -> Problem {
    Problem(
      "conflict",
      Bilingual(
        "\(path.namespace)/\(path.name) is being changed by somebody else.",
        pt: "\(path.namespace)/\(path.name) está sendo mudado por outra pessoa."),
      remedy: Bilingual("Try again.", pt: "Tente de novo."))
  }
}
