public import Model

/// Who a job is beyond its pipeline. Its members stand beside those of the job.
public struct IdentityItem: Wire, Hashable {
  public var correlation: String?
  /// In the order of their names.
  public var labels: [(name: String, value: String)]
  public var owner: String?
  /// 0 to 9.
  public var priority: Int
  /// The id of the job that called it.
  public var parent: String?
  /// The id of the job that it runs again.
  public var rerunOf: String?

  public init(
    correlation: String? = nil, labels: [(name: String, value: String)] = [], owner: String? = nil,
    priority: Int = 5, parent: String? = nil, rerunOf: String? = nil
  ) {
    (self.correlation, self.labels, self.owner) = (correlation, labels, owner)
    (self.priority, self.parent, self.rerunOf) = (priority, parent, rerunOf)
  }

  public static let schema = Schema.object(
    [
      .optional("correlation_id", .text),
      .optional("labels", .map(of: .text)),
      .optional("owner", .text),
      .init("priority", .integer(0...9)),
      .optional("parent", .text, "The id of the job that called it."),
      .optional("rerun_of", .text, "The id of the job that it runs again."),
    ], name: "IdentityItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    correlation = try fields.optionalText("correlation_id")
    labels = try fields.map("labels").map { (name: $0.key, value: $0.value.string ?? "") }
    owner = try fields.optionalText("owner")
    priority = try fields.optionalInt("priority") ?? 5
    (parent, rerunOf) = (try fields.optionalText("parent"), try fields.optionalText("rerun_of"))
  }

  public var json: JSON {
    members([
      "correlation_id": correlation?.wire,
      "labels": labels.isEmpty
        ? JSON?.none : .object(JSONObject(labels.map { ($0.name, JSON.string($0.value)) })),
      "owner": owner?.wire, "priority": priority.wire, "parent": parent?.wire, "rerun_of": rerunOf?.wire,
    ])
  }

  public static func == (left: IdentityItem, right: IdentityItem) -> Bool { left.json == right.json }
  public func hash(into hasher: inout Hasher) { hasher.combine(json) }
}

/// `name=value` or `name!=value`: what a list of jobs is filtered by.
public struct LabelCondition: Sendable, Hashable {
  public var name: String
  public var value: String
  /// The label must not have this value; a job without the label passes.
  public var isNegated: Bool

  public init(name: String, value: String, isNegated: Bool = false) {
    (self.name, self.value, self.isNegated) = (name, value, isNegated)
  }

  /// Nil where the text is neither of the two forms.
  public init?(_ text: String) {
    guard let equals = text.unicodeScalars.firstIndex(of: "=") else { return nil }
    var name = text.unicodeScalars[..<equals]
    isNegated = name.last == "!"
    if isNegated { name.removeLast() }
    self.name = String(name)
    value = String(text.unicodeScalars[text.unicodeScalars.index(after: equals)...])
    if name.isEmpty { return nil }
  }

  public var text: String { name + (isNegated ? "!=" : "=") + value }

  /// All in one text, a comma between them; a comma in one has a backslash before it, as a backslash has.
  static func text(_ conditions: [LabelCondition]) -> String {
    conditions.map { condition in
      String(
        String.UnicodeScalarView(
          condition.text.unicodeScalars.flatMap { $0 == "," || $0 == "\\" ? ["\\", $0] : [$0] }))
    }.joined(separator: ",")
  }

  static func areConditions(_ text: String) -> Bool {
    do throws(WireError) {
      _ = try list(text)
      return true
    } catch { return false }
  }

  static func list(_ text: String) throws(WireError) -> [LabelCondition] {
    var (parts, part, isEscaped): ([String], String.UnicodeScalarView, Bool) = ([], .init(), false)
    for scalar in text.unicodeScalars {
      if scalar == ",", !isEscaped {
        parts.append(String(part))
        part = .init()
      } else if scalar != "\\" || isEscaped {
        part.append(scalar)
      }
      isEscaped = scalar == "\\" && !isEscaped
    }
    if !text.isEmpty { parts.append(String(part)) }
    var conditions: [LabelCondition] = []
    for part in parts {
      guard let condition = LabelCondition(part) else {
        throw WireError(
          "/labels",
          Bilingual(
            "\"\(part)\" is not name=value or name!=value.",
            pt: "\"\(part)\" não é nome=valor nem nome!=valor."))
      }
      conditions.append(condition)
    }
    return conditions
  }
}

/// What of a job leaves in a file.
public struct ExportQuery: Wire {
  public var id: String
  /// The hashes of inputs, outputs, messages, logs and artifacts in place of them.
  public var redact: Bool

  public init(id: String, redact: Bool = false) { (self.id, self.redact) = (id, redact) }

  public static let schema = Schema.request(
    [
      .shortID,
      .optional(
        "redact", .flag, "The hashes of inputs, outputs, messages, logs and artifacts in place of them."),
    ], name: "ExportQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, redact) = (try fields.text("id"), try fields.flag("redact"))
  }

  public var json: JSON { members(["id": id.wire, "redact": redact.wire]) }
}
