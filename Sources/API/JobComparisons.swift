public import Model

public struct ComparePath: Wire {
  public var id: String
  public var other: String
  public init(id: String, other: String) { (self.id, self.other) = (id, other) }
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, other) = (try fields.text("id"), try fields.text("other"))
  }
  public var json: JSON { members(["id": id.wire, "other": other.wire]) }

  public static let schema = Schema.request([
    .init("id", .text, "A whole id, or a beginning that only one job has."),
    .init("other", .text, "The same."),
  ])
}

/// Two jobs, row by row. Times always differ, so they count as no difference.
public struct JobComparison: Wire, Hashable {
  public var rows: [Row]
  /// A job has more steps than are compared.
  public var isCut: Bool

  public struct Row: Wire, Hashable {
    /// Such as `inputs.date` or `steps.load.status`.
    public var name: String
    /// `duration` is in microseconds; `value` is what users gave or what came out; `text` is a word.
    public var kind: Kind
    /// Nil where there is none on this side.
    public var left: JSON?
    public var right: JSON?
    public var differs: Bool

    public enum Kind: String, Sendable, Hashable, CaseIterable { case text, value, duration }

    public init(name: String, kind: Kind, left: JSON?, right: JSON?, differs: Bool) {
      (self.name, self.kind, self.differs) = (name, kind, differs)
      (self.left, self.right) = (left, right)
    }

    public init(_ json: JSON) throws(WireError) {
      let fields = try Fields(json, Self.schema)
      (name, differs) = (try fields.text("name"), try fields.flag("differs"))
      guard let kind = Kind(rawValue: try fields.text("kind")) else {
        throw WireError("/kind", Bilingual("There is no such kind.", pt: "Não existe esse tipo."))
      }
      (self.kind, left, right) = (kind, fields.object["a"], fields.object["b"])
    }

    public var json: JSON {
      members([
        "name": name.wire, "kind": kind.rawValue.wire, "a": left, "b": right, "differs": .bool(differs),
      ])
    }

    public static let schema = Schema.object(
      [
        .init("name", .text, "Such as `inputs.date` or `steps.load.status`."),
        .init(
          "kind", .words(Kind.allCases.map(\.rawValue)),
          "`duration` is in microseconds; `value` is what users gave or what came out; `text` is a word."),
        .init("a", .any, required: false, "Absent where this side has none."),
        .init("b", .any, required: false), .init("differs", .flag),
      ], name: "ComparedRow")
  }

  public init(rows: [Row], isCut: Bool) { (self.rows, self.isCut) = (rows, isCut) }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (rows, isCut) = (try fields.list("rows", of: Row.self), try fields.flag("cut"))
  }

  public var json: JSON { members(["rows": rows.wire, "cut": .bool(isCut)]) }

  public static let schema = Schema.object(
    [
      .init("rows", .list(of: Row.schema)),
      .init("cut", .flag, "A job has more steps than are compared."),
    ], name: "JobComparison")
}
