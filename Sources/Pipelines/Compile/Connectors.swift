import Model

/// The connectors that a file may use, by name.
struct ConnectorCatalogue: Sendable {
  private let byName: [String: ConnectorDescription]
  private let schemas: [String: Schemas]
  let names: [String]
  private let families: Set<String>
  /// What only a server can know is taken as given.
  let isOffline: Bool
  /// The paths of steps that are not performed: whatever connector they name is taken as given.
  private let standIns: Set<ScalarString>

  struct Schemas: Sendable {
    var with: JSONSchema
    var output: JSONSchema
  }

  init(_ connectors: [ConnectorDescription], isOffline: Bool, standIns: [String] = []) {
    self.isOffline = isOffline
    self.standIns = Set(standIns.map { ScalarString($0) })
    byName = Dictionary(connectors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    names = connectors.map(\.name).sorted { ScalarString($0) < ScalarString($1) }
    families = Set(names.compactMap(Self.family))
    schemas = byName.mapValues { connector in
      Schemas(with: Self.schema(connector.with), output: Self.schema(connector.output))
    }
  }

  subscript(name: String) -> ConnectorDescription? { byName[name] }

  /// Of the step at a path.
  func description(_ name: String, at path: String) -> ConnectorDescription? {
    byName[name] ?? (standIns.contains(ScalarString(path)) ? .standIn(name) : nil)
  }

  /// Whether a file may set defaults for a connector that nobody here has.
  var hasStandIns: Bool { !standIns.isEmpty }

  func schemas(of name: String) -> Schemas? { schemas[name] }

  /// `http` of `http.request`: a name in a family of ours that we do not have is a mistake, not a plug-in.
  func isOurs(_ name: String) -> Bool {
    Self.family(name).map(families.contains) == true || Suggestion.nearest(to: name, among: names) != nil
  }

  private static func family(_ name: String) -> String? {
    name.firstIndex(of: ".").map { String(name[..<$0]) }
  }

  /// A connector whose own schema is broken is judged by nothing: its tests, not every user, must find that.
  private static func schema(_ json: JSON) -> JSONSchema {
    do { return try JSONSchema(json) } catch { return .anything }
  }
}

extension ConnectorDescription {
  /// For a connector of which only the name is known.
  static func standIn(_ name: String, major: Int = 1) -> ConnectorDescription {
    let words = Bilingual("stand-in", pt: "dublê")
    return ConnectorDescription(
      name: name, major: major, title: words, summary: words, with: [:], output: [:], effect: .always(.pure),
      connection: .optional(kind: "any"), examples: [])
  }
}

/// `defaults:` of the file.
struct DefaultsDraft {
  private var retry: Node?
  private var isolation: Node?
  private var connectors: [(name: String, node: Node)] = []

  init() {}

  init(_ node: Node, draft: Draft, catalogue: ConnectorCatalogue) {
    let report = draft.report
    guard let map = MapReading(node, path: "defaults", report: report) else { return }
    map.check(.defaults)
    if let entry = map["retry"] {
      retry = entry.value
      _ = draft.retry(entry.value, path: map.place("retry"), view: View(part: .body), step: nil)
    }
    if let entry = map["isolation"] {
      isolation = entry.value
      _ = IsolationReader(report: report).read(entry.value, path: map.place("isolation"))
    }
    guard let entry = map["connectors"],
      let all = MapReading(entry.value, path: map.place("connectors"), report: report)
    else { return }
    for connector in all.entries {
      let place = all.place(connector.key)
      guard let keys = MapReading(connector.value, path: place, report: report) else { continue }
      keys.check(.connectorDefaults)
      StepReader.checkKnown(
        connector.key, at: connector.keySpan, path: place, draft: draft, catalogue: catalogue)
      connectors.append((connector.key, connector.value))
    }
  }

  /// The step with what the defaults add under its own keys. Unknown ones are left out: they were refused
  /// once.
  func merged(into step: Node, connectors catalogue: ConnectorCatalogue) -> Node {
    guard let uses = step["uses"]?.string else { return step }
    var result = step
    let name = StepReader.name(ofUse: uses).name
    if name == StepReader.approval { return step }
    if let defaults = connectors.first(where: { $0.name == name })?.node {
      let usable = defaults.entries?.filter { KeyTable.connectorDefaults.known.contains($0.key) } ?? []
      result = Self.merge(usable, under: result, deep: ["with", "retry", "backoff"])
    }
    if let isolation, step["isolation"] == nil {
      let entry = Node.Entry(key: "isolation", keySpan: isolation.span, value: isolation)
      result = Self.merge([entry], under: result, deep: [])
    }
    if let retry {
      let entry = Node.Entry(key: "retry", keySpan: retry.span, value: retry)
      result = Self.merge([entry], under: result, deep: ["retry", "backoff"])
    }
    return result
  }

  private static func merge(_ defaults: [Node.Entry], under node: Node, deep: Set<String>) -> Node {
    guard var entries = node.entries else { return node }
    for entry in defaults {
      if let place = entries.firstIndex(where: { $0.key == entry.key }) {
        guard deep.contains(entry.key), let inner = entry.value.entries else { continue }
        entries[place].value = merge(inner, under: entries[place].value, deep: deep)
      } else {
        entries.append(entry)
      }
    }
    var result = node
    result.content = .map(entries)
    return result
  }
}
