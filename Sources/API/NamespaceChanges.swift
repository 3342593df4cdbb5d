public import Model

/// What people say of a namespace, and what its jobs may take.
public struct NamespaceWords: Sendable, Hashable {
  public var title: String?
  public var summary: String?
  /// How many turns its work has in one round of all namespaces: the setting `fair_weight`.
  public var weight: Int?
  /// How many places each queue of workers has for it: the setting `queue_slots`.
  public var queueSlots: JSONObject

  public init(
    title: String? = nil, summary: String? = nil, weight: Int? = nil, queueSlots: JSONObject = JSONObject()
  ) {
    (self.title, self.summary, self.weight, self.queueSlots) = (title, summary, weight, queueSlots)
  }

  public static let longestTitle = 200
  public static let mostQueues = 100
  public static let weights = 1...100

  static let members: [Schema.Member] = [
    .optional("title", .text(1...longestTitle)),
    .optional("description", .text(1...Schema.Member.longestNote)),
    .optional("weight", .integer(weights), weightMeaning),
    .optional("queue_slots", .map(of: .integer(1...1_000_000), most: mostQueues), slotsMeaning),
  ]
  static let weightMeaning =
    "How many turns the work of its jobs has in one round of all namespaces; of those that start later."
  static let slotsMeaning = "How many steps of its jobs run at once by the name of their `queue`."

  init(_ fields: Fields) throws(WireError) {
    (title, summary) = (try fields.optionalText("title"), try fields.optionalText("description"))
    (weight, queueSlots) = (try fields.optionalInt("weight"), try fields.map("queue_slots"))
  }

  public var json: JSON { added(to: [:]) }

  func added(to json: KeyValuePairs<String, JSON?>) -> JSON {
    var object = JSONObject()
    for (name, value) in json { object[name] = value }
    object["title"] = title?.wire
    object["description"] = summary?.wire
    object["weight"] = weight?.wire
    if !queueSlots.members.isEmpty { object["queue_slots"] = .object(queueSlots) }
    return .object(object)
  }
}

public struct NamespaceRequest: Wire, Hashable {
  public var name: String
  public var words: NamespaceWords
  public init(name: String, words: NamespaceWords = NamespaceWords()) {
    (self.name, self.words) = (name, words)
  }

  public static let schema = Schema.request(
    [.init("name", Schema.text(.namespace).examples("sales"))] + NamespaceWords.members,
    name: "NamespaceRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, words) = (try fields.text("name"), try NamespaceWords(fields))
  }
  public var json: JSON { words.added(to: ["name": name.wire]) }
}

/// What is not named stays, and what is null is taken away.
public struct NamespaceChange: Wire, Hashable {
  public var namespace: String
  /// The members that are to change.
  public var change: JSONObject
  public init(namespace: String, change: JSONObject) { (self.namespace, self.change) = (namespace, change) }

  public static let schema = Schema.request(
    [NamespacePath.namespace]
      + NamespaceWords.members.map {
        .optional($0.name, $0.schema.orNull, $0.summary)
      }, name: "NamespaceChange", "What is not named stays, and what is null is taken away.")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    namespace = try fields.text("namespace")
    change = fields.object
    change["namespace"] = nil
  }

  public var json: JSON {
    var object: JSONObject = ["namespace": namespace.wire]
    for member in change { object[member.key] = member.value }
    return .object(object)
  }
}

/// A namespace that is there from now on.
public struct MadeNamespace: Wire, Hashable, Located, Tagged {
  public var item: NamespaceItem
  public init(item: NamespaceItem) { self.item = item }
  public static let schema = NamespaceItem.schema
  public init(_ json: JSON) throws(WireError) { item = try NamespaceItem(json) }
  public var json: JSON { item.json }
  public var location: String? { "/api/v1/namespaces/\(item.name)" }
  public var tag: String { item.tag }
}
