public import Model

/// Two revisions side by side.
public struct DefinitionDiff: Wire, Hashable {
  public var from: Int
  public var to: Int
  public var changes: [Change]
  /// The lines that differ, with some around them, as `diff -u` shows them.
  public var lines: [String]
  /// The files beside the pipeline are others.
  public var filesDiffer: Bool

  public struct Change: Wire, Hashable {
    /// `added`, `removed` or `changed`.
    public var change: String
    /// The keys that lead to it, such as `steps.fetch.timeout`.
    public var path: String
    public var old: JSON?
    public var new: JSON?

    public init(change: String, path: String, old: JSON?, new: JSON?) {
      (self.change, self.path, self.old, self.new) = (change, path, old, new)
    }

    public init(_ json: JSON) throws(WireError) {
      let fields = try Fields(json, Self.schema)
      (change, path) = (try fields.text("change"), try fields.text("path"))
      (old, new) = (fields.object["old"], fields.object["new"])
    }

    public var json: JSON {
      members(["change": change.wire, "path": path.wire, "old": old, "new": new])
    }

    public static let schema = Schema.object(
      [
        .init("change", .words(["added", "removed", "changed"])),
        .init("path", .text, "The keys that lead to it, such as `steps.fetch.timeout`."),
        .init("old", .any, required: false), .init("new", .any, required: false),
      ], name: "DefinitionChange")
  }

  public init(from: Int, to: Int, changes: [Change], lines: [String], filesDiffer: Bool) {
    (self.from, self.to, self.changes) = (from, to, changes)
    (self.lines, self.filesDiffer) = (lines, filesDiffer)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (from, to) = (try fields.int("from"), try fields.int("to"))
    changes = try fields.list("changes", of: Change.self)
    lines = try fields.texts("lines")
    filesDiffer = try fields.flag("files_differ")
  }

  public var json: JSON {
    members([
      "from": from.wire, "to": to.wire, "changes": changes.wire, "lines": .array(lines.map(\.wire)),
      "files_differ": .bool(filesDiffer),
    ])
  }

  public static let schema = Schema.object(
    [
      .init("from", .integer), .init("to", .integer), .init("changes", .list(of: Change.schema)),
      .init("lines", .list(of: .text), "The lines that differ, as `diff -u` shows them."),
      .init("files_differ", .flag, "The files beside the pipeline are others."),
    ], name: "DefinitionDiff")
}

/// The steps of a pipeline and what joins them.
public struct PipelineGraphItem: Wire, Hashable {
  public var id: String
  public var revision: Int
  public var nodes: [GraphNode]
  public var edges: [GraphEdge]

  public init(id: String, revision: Int, nodes: [GraphNode], edges: [GraphEdge]) {
    (self.id, self.revision, self.nodes, self.edges) = (id, revision, nodes, edges)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, revision) = (try fields.text("id"), try fields.int("revision"))
    nodes = try fields.list("nodes", of: GraphNode.self)
    edges = try fields.list("edges", of: GraphEdge.self)
  }

  public var json: JSON {
    members(["id": id.wire, "revision": revision.wire, "nodes": nodes.wire, "edges": edges.wire])
  }

  public static let schema = Schema.object(
    [
      .id, .init("revision", .integer),
      .init("nodes", .list(of: GraphNode.schema), "In an order in which they could run."),
      .init("edges", .list(of: GraphEdge.schema)),
    ], name: "PipelineGraph")
}

public struct GraphNode: Wire, Hashable {
  public var path: String
  public var name: String
  /// What it does, such as the connector's name, `steps` or `ask`.
  public var does: String
  /// The step whose inside it is.
  public var parent: String?
  /// `on_failure`, `on_cancel`, `finally` or `after_each`, and so on; nil among the steps.
  public var handler: String?

  public init(path: String, name: String, does: String, parent: String?, handler: String?) {
    (self.path, self.name, self.does) = (path, name, does)
    (self.parent, self.handler) = (parent, handler)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (path, name, does) = (try fields.text("path"), try fields.text("name"), try fields.text("does"))
    (parent, handler) = (try fields.optionalText("parent"), try fields.optionalText("handler"))
  }

  public var json: JSON {
    members([
      "path": path.wire, "name": name.wire, "does": does.wire, "parent": parent?.wire,
      "handler": handler?.wire,
    ])
  }

  public static let schema = Schema.object(
    [
      .init("path", .text), .init("name", .text),
      .init("does", .text, "Such as the connector's name, `steps` or `ask`."),
      .init("parent", .text, required: false, "The step whose inside it is."),
      .init("handler", .text, required: false, "Such as `on_failure` or `finally`; absent among the steps."),
    ], name: "GraphNode")
}

public struct GraphEdge: Wire, Hashable {
  public var from: String
  public var to: String
  /// It waits for the end, however it ends; else for an output.
  public var isWeak: Bool
  /// Why the edge exists, in the caller's language.
  public var reason: String

  public init(from: String, to: String, isWeak: Bool, reason: String) {
    (self.from, self.to, self.isWeak, self.reason) = (from, to, isWeak, reason)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (from, to) = (try fields.text("from"), try fields.text("to"))
    (isWeak, reason) = (try fields.flag("weak"), try fields.text("reason"))
  }

  public var json: JSON {
    members(["from": from.wire, "to": to.wire, "weak": .bool(isWeak), "reason": reason.wire])
  }

  public static let schema = Schema.object(
    [
      .init("from", .text, "The path of the step that is waited for."), .init("to", .text),
      .init("weak", .flag, "It waits for the end, however it ends."),
      .init("reason", .text, "Why the edge exists."),
    ], name: "GraphEdge")
}

/// What is wrong with a definition in its place.
public struct DefinitionCheck: Wire, Hashable {
  public var isValid: Bool
  public var findings: [FindingItem]
  public var order: [String]
  /// Names of credentials of its namespace that no one has set.
  public var missingCredentials: [String]

  public init(isValid: Bool, findings: [FindingItem], order: [String], missingCredentials: [String]) {
    (self.isValid, self.findings, self.order) = (isValid, findings, order)
    self.missingCredentials = missingCredentials
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (isValid, findings) = (try fields.flag("valid"), try fields.list("findings", of: FindingItem.self))
    order = try fields.texts("order")
    missingCredentials = try fields.texts("missing_credentials")
  }

  public var json: JSON {
    members([
      "valid": .bool(isValid), "findings": findings.wire, "order": .array(order.map(\.wire)),
      "missing_credentials": .array(missingCredentials.map(\.wire)),
    ])
  }

  public static let schema = Schema.object(
    [
      .init("valid", .flag), .init("findings", .list(of: FindingItem.schema)),
      .init("order", .list(of: .text), "The steps in an order in which they could run."),
      .init("missing_credentials", .list(of: .text), "Credentials of its namespace that no one has set."),
    ], name: "DefinitionCheck")
}
