import API
import Access
import Engine
import Model
import Watchdog

/// Channels of rows: what a list shows, and each row again when it has changed, at most once a second.
enum HubRows: Sendable, Hashable {
  case queues, workers, alerts
  /// The id of long work, of which only who began it hears.
  case operation(String)

  var name: String {
    switch self {
    case .queues: "queues"
    case .workers: "workers"
    case .alerts: "alerts"
    case .operation(let id): "operation:\(id)"
    }
  }

  /// Of its messages.
  var type: String {
    switch self {
    case .queues: "queue"
    case .workers: "worker"
    case .alerts: "alert"
    case .operation: "operation"
    }
  }

  /// Whose reading it takes, as for the list; nil: it is somebody's own.
  var resource: String? {
    switch self {
    case .queues: "queues"
    case .workers: "workers"
    case .alerts: "alerts"
    case .operation: nil
    }
  }
}

struct HubRow: Sendable {
  var id: String
  /// Nil: of the whole installation.
  var namespace: String?
  var json: JSON
}

/// Where rows come from.
public struct HubRowReading: Sendable {
  /// As many rows of alerts as are looked at.
  static let alerts = 200

  var read: @Sendable (HubRows) throws(Problem) -> [HubRow]
  /// Who began an operation; nil: there is none of that id.
  var owner: @Sendable (_ operation: String) -> String?

  init(_ backend: Backend) {
    let routes = QueueRoutes(backend: backend)
    owner = { backend.operations.owner(of: $0) }
    read = { (rows) throws(Problem) in
      switch rows {
      case .queues:
        try routes.all().map { HubRow(id: $0.name, namespace: $0.namespace, json: $0.json) }
      case .workers:
        // What it runs belongs to namespaces that not everybody sees.
        WorkerRoutes(backend: backend).workers(seeing: .only([])).map {
          HubRow(id: $0.id, namespace: nil, json: $0.json)
        }
      case .alerts:
        try WatchRoutes(backend: backend).newest(Self.alerts).map { alert in
          let item = AlertItem(alert, .english, mutes: [], at: backend.now())
          return HubRow(id: item.id, namespace: WatchRoutes.namespace(of: alert), json: item.json)
        }
      case .operation(let id):
        backend.operations.standing(id).map { [HubRow(id: id, namespace: nil, json: $0.json)] } ?? []
      }
    }
  }
}

extension HubView {
  /// Whether rows of that channel may be heard at all. `owner`: of the operation that it names.
  func refusal(of rows: HubRows, owner: String?) -> HubFault? {
    guard let resource = rows.resource else {
      return owner.map { $0.utf8.elementsEqual(principal.actor.utf8) } == true ? nil : .notFound
    }
    return principal.reach("read", resource) == .only([]) ? .notAllowed : nil
  }

  func hears(_ namespace: String?, of rows: HubRows) -> Bool {
    guard let resource = rows.resource else { return true }
    let reach = principal.reach("read", resource)
    // There is one node, and whoever may see workers anywhere sees that it works.
    if rows == .workers { return reach != .only([]) }
    return reach == .everywhere || namespace.map(reach.contains) == true
  }
}

extension Hub {
  /// The rows that the client may hear, for its snapshot.
  func snapshot(of rows: HubRows, _ view: HubView) throws(Problem) -> JSON {
    var (items, room): ([JSON], Int) = ([], HubLimits.messageOut / 2)
    for row in try sources.rows?.read(rows) ?? [] where view.hears(row.namespace, of: rows) {
      room -= row.json.serialized().count
      if room < 0 { break }
      items.append(row.json)
    }
    return ["rows": .array(items)]
  }

  /// Looks while somebody follows. The first look tells all rows: what changed between the snapshot of the
  /// first client and this look is in it.
  func carry(_ rows: HubRows, until end: AsyncStream<Never>) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { for await _ in end {} }
      group.addTask { [self] in
        var known: [String: JSON] = [:]
        while !Task.isCancelled {
          // What cannot be read now is read by the next look.
          if let found = try? sources.rows?.read(rows) { tell(found, of: rows, &known) }
          await pause(HubLimits.rows)
        }
      }
      await group.next()
      group.cancelAll()
    }
  }

  private func tell(_ found: [HubRow], of rows: HubRows, _ known: inout [String: JSON]) {
    var entries: [HubEntry] = []
    func add(_ payload: JSON, _ namespace: String?) {
      let text = HubText.message(rows.type, rows.name, nil, at: now(), payload.object ?? JSONObject())
      entries.append(HubEntry(sequence: nil, text: text, kind: .told, namespace: namespace ?? ""))
    }
    for row in found where known[row.id] != row.json { add(row.json, row.namespace) }
    let there = Set(found.map(\.id))
    for id in known.keys.sorted() where !there.contains(id) {
      // A queue that is empty is in no list any more.
      guard rows == .queues, var gone = known[id]?.object else { continue }
      gone["waiting"] = 0
      gone["oldest_at"] = nil
      add(.object(gone), gone["namespace"]?.string)
    }
    known = Dictionary(found.map { ($0.id, $0.json) }) { first, _ in first }
    channel(.rows(rows))?.append(entries)
  }
}
