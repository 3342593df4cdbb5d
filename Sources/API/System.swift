public import Model

/// Endpoints about the installation itself.
public enum SystemCalls {
  public static let connectors = Endpoint<Nothing, Page<ConnectorItem>>(
    .get, "/connectors", .needs("connectors", "read"), "What `uses:` may name here.")
  public static let connectorSchema = Endpoint<ConnectorPath, JSON>(
    .get, "/connectors/{name}/schema", .needs("connectors", "read"), "The JSON Schemas of `with` and output.")
  public static let doctor = Endpoint<Nothing, Page<CheckItem>>(
    .get, "/doctor", .needs("system", "read"), "What is well and what is not, with its remedy.")
  public static let health = Endpoint<Nothing, JSON>(
    .get, "/health", .open, "Answers while the process lives.")
  public static let ready = Endpoint<Nothing, Page<CheckItem>>(
    .get, "/ready", .open,
    "An empty list while each thing that this node needs answers; else 503 with what does not.")
  public static let openAPI = Endpoint<Nothing, JSON>(
    .get, "/openapi.json", .open, "This interface as an OpenAPI 3.1 document.")
  public static let version = Endpoint<Nothing, VersionInfo>(.get, "/version", .open, "What runs here.")
}

public struct ConnectorPath: Wire {
  public var name: String
  public init(name: String) { self.name = name }
  static let name = Schema.Member(
    "name", .text(1...Schema.Member.longestName).examples("http.request"))
  public static let schema = Schema.request([name], name: "ConnectorPath")

  public init(_ json: JSON) throws(WireError) { name = try Fields(json, Self.schema).text("name") }
  public var json: JSON { members(["name": name.wire]) }
}

public struct ConnectorItem: Wire, Hashable {
  public var name: String
  public var major: Int
  /// In the caller's language.
  public var title: String
  /// Such as `once`, or `pure or once` where the call decides.
  public var effect: String
  /// Where its attempts run: `node` or `process`.
  public var places: [String]

  public init(name: String, major: Int, title: String, effect: String, places: [String]) {
    (self.name, self.major, self.title, self.effect) = (name, major, title, effect)
    self.places = places
  }

  public static let schema = Schema.object(
    [
      .init("name", .text),
      .init("version", .count),
      .init("title", .text, "In the caller's language."),
      .init("effect_class", .text, "Such as `once`, or `pure or once` where the call decides."),
      .init("places", .list(of: .words(["node", "process", "outside"])), "Where its attempts run."),
    ], name: "ConnectorItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, title) = (try fields.text("name"), try fields.text("title"))
    (major, effect) = (try fields.int("version"), try fields.text("effect_class"))
    places = try fields.texts("places")
  }

  public var json: JSON {
    members([
      "name": name.wire, "version": major.wire, "title": title.wire, "effect_class": effect.wire,
      "places": .array(places.map { .string($0) }),
    ])
  }
}

public struct CheckItem: Wire, Hashable {
  /// `ok`, `warn` or `error`.
  public var state: String
  public var name: String
  public var text: String
  public var remedy: String?

  public init(state: String, name: String, text: String, remedy: String? = nil) {
    (self.state, self.name, self.text, self.remedy) = (state, name, text, remedy)
  }

  public static let schema = Schema.object(
    [
      .init("state", .words(["ok", "warn", "error"])),
      .init("name", .text),
      .init("text", .text),
      .optional("remedy", .text),
    ], name: "CheckItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (state, name) = (try fields.text("state"), try fields.text("name"))
    (text, remedy) = (try fields.text("text"), try fields.optionalText("remedy"))
  }

  public var json: JSON {
    members(["state": state.wire, "name": name.wire, "text": text.wire, "remedy": remedy?.wire])
  }
}

public struct VersionInfo: Wire, Hashable {
  public var version: String
  public var swift: String
  public var sqlite: String

  public init(version: String, swift: String, sqlite: String) {
    (self.version, self.swift, self.sqlite) = (version, swift, sqlite)
  }

  public static let schema = Schema.object(
    [
      .init("version", .text),
      .init("swift", .text),
      .init("sqlite", .text),
    ], name: "VersionInfo")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (version, swift) = (try fields.text("version"), try fields.text("swift"))
    sqlite = try fields.text("sqlite")
  }

  public var json: JSON {
    members(["version": version.wire, "swift": swift.wire, "sqlite": sqlite.wire])
  }
}

extension ConnectorItem {
  public init(_ connector: ConnectorDescription, _ language: Language) {
    self.init(
      name: connector.name, major: connector.major, title: connector.title[language],
      effect: connector.effect.words, places: ["\(connector.place)"])
  }
}

extension ConnectorDescription {
  /// What `connector schema` shows.
  public var schemas: JSON { ["name": .string(name), "with": with, "output": output] }
}

extension ConnectorDescription.EffectRule {
  var words: String {
    switch self {
    case .always(let effect): effect.rawValue
    case .onceUnlessIdempotent: "once, keyed with idempotent: true"
    case .pureWhen(let key, let values, _) where values.count > 4:
      "pure for some of \(key), else once"
    case .pureWhen(let key, let values, _): "pure for \(key) \(values.joined(separator: ", ")), else once"
    }
  }
}
