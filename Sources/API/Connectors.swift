public import Model

/// Endpoints about one connector.
public enum ConnectorCalls {
  public static let get = Endpoint<ConnectorPath, ConnectorDetail>(
    .get, "/connectors/{name}", .needs("connectors", "read"),
    "What a connector does, what it needs, how it can fail, and examples.")
}

public struct ConnectorDetail: Wire, Hashable {
  public var item: ConnectorItem
  /// In the caller's language, as everything for people here.
  public var summary: String
  /// `none`, `optional` or `required`.
  public var connection: String
  /// The kind of the connection, where it takes one.
  public var connectionKind: String?
  /// How long an attempt may take where the file does not say.
  public var defaultTimeout: String
  public var examples: [ConnectorExample]
  public var failures: [ConnectorFailure]
  /// JSON Schemas.
  public var with: JSON
  public var output: JSON

  private static let needs = Schema.object([
    .init("connection", .words(["none", "optional", "required"])),
    .optional("kind", .text, "Of the connection, where it takes one."),
  ])

  public static let schema = Schema.object(
    [
      .init("name", .text), .init("version", .count), .init("title", .text), .init("effect_class", .text),
      .init("places", .list(of: .words(["node", "process", "outside"]))), .init("summary", .text),
      .init("needs", needs),
      .init("default_timeout", .text, "How long an attempt may take where the file does not say."),
      .init("examples", .list(of: ConnectorExample.schema)),
      .init("failures", .list(of: ConnectorFailure.schema)),
      .init("with", .any, "The JSON Schema of `with`."),
      .init("output", .any, "The JSON Schema of the output."),
    ], name: "ConnectorDetail")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (item, summary) = (try ConnectorItem(json), try fields.text("summary"))
    let needs = try Fields(try fields.json("needs"), Self.needs)
    (connection, connectionKind) = (try needs.text("connection"), try needs.optionalText("kind"))
    defaultTimeout = try fields.text("default_timeout")
    examples = try fields.list("examples", of: ConnectorExample.self)
    failures = try fields.list("failures", of: ConnectorFailure.self)
    (with, output) = (try fields.json("with"), try fields.json("output"))
  }

  public var json: JSON {
    item.json.joined(
      members([
        "summary": summary.wire,
        "needs": members(["connection": connection.wire, "kind": connectionKind?.wire]),
        "default_timeout": defaultTimeout.wire, "examples": examples.wire, "failures": failures.wire,
        "with": with, "output": output,
      ]))
  }
}

public struct ConnectorExample: Wire, Hashable {
  public var title: String
  /// One step.
  public var yaml: String
  public static let schema = Schema.object(
    [.init("title", .text), .init("yaml", .text, "One step.")], name: "ConnectorExample")
  init(title: String, yaml: String) { (self.title, self.yaml) = (title, yaml) }
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (title, yaml) = (try fields.text("title"), try fields.text("yaml"))
  }
  public var json: JSON { members(["title": title.wire, "yaml": yaml.wire]) }
}

public struct ConnectorFailure: Wire, Hashable {
  public var errorClass: String
  public var code: String
  public var cause: String
  public var remedy: String
  public static let schema = Schema.object(
    [.init("class", .text), .init("code", .text), .init("cause", .text), .init("remedy", .text)],
    name: "ConnectorFailure")
  init(_ note: ConnectorDescription.FailureNote, _ language: Language) {
    (errorClass, code) = (note.errorClass.rawValue, note.code)
    (cause, remedy) = (note.cause[language], note.remedy[language])
  }
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (errorClass, code) = (try fields.text("class"), try fields.text("code"))
    (cause, remedy) = (try fields.text("cause"), try fields.text("remedy"))
  }
  public var json: JSON {
    members(["class": errorClass.wire, "code": code.wire, "cause": cause.wire, "remedy": remedy.wire])
  }
}

extension ConnectorDetail {
  public init(_ connector: ConnectorDescription, _ language: Language) {
    item = ConnectorItem(connector, language)
    summary = connector.summary[language]
    switch connector.connection {
    case .none: (connection, connectionKind) = ("none", nil)
    case .optional(let kind): (connection, connectionKind) = ("optional", kind)
    case .required(let kind): (connection, connectionKind) = ("required", kind)
    }
    defaultTimeout = connector.defaultTimeout.text
    examples = connector.examples.map { ConnectorExample(title: $0.title[language], yaml: $0.yaml) }
    failures = connector.failures.map { ConnectorFailure($0, language) }
    (with, output) = (connector.with, connector.output)
  }
}

/// The JSON Schema of pipeline files.
public struct PublishedSchema: Wire, Tagged {
  public var json: JSON
  public var tag: String
  public static var schema: Schema { .map }
  public init(json: JSON, tag: String) { (self.json, self.tag) = (json, tag) }
  public init(_ json: JSON) throws(WireError) {
    (self.json, tag) = (.object(try Fields(json, Self.schema).object), "")
  }
}
