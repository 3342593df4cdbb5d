public import Model

/// The members that a caller wants of an answer: `fields=id,status` of a GET. Of a list each item has these
/// alone, of anything else the whole.
///
/// Such an answer says by its media type that it is in parts, so that the schema of a whole answer promises
/// what it promises.
public struct FieldSelection: Sendable, Hashable {
  /// Of the parameter in the query.
  public static let parameter = "fields"
  /// Of an answer in parts.
  public static let contentType = "application/vnd.esteira.fields+json"

  private let names: Set<ScalarString>
  private let isOfItems: Bool

  init(_ names: [String], ofItems isOfItems: Bool) {
    (self.names, self.isOfItems) = (Set(names.map { ScalarString($0) }), isOfItems)
  }

  /// The wanted members, in their usual order; one that the answer does not have stays away.
  public func taken(from answer: JSON) -> JSON {
    guard isOfItems else { return part(of: answer) }
    guard case .object(var page) = answer, let items = page[Self.items]?.array else { return answer }
    page[Self.items] = .array(items.map(part))
    return .object(page)
  }

  private func part(of json: JSON) -> JSON {
    guard case .object(let object) = json else { return json }
    return .object(
      JSONObject(object.filter { names.contains(ScalarString($0.key)) }.map { ($0.key, $0.value) }))
  }

  /// Of the member of a page that holds its items.
  fileprivate static let items = "items"
}

extension Shape {
  /// What `fields` may name; nil where the whole answer is all that there is: one that is no JSON, that
  /// changes something, or that anybody may ask for.
  var selectable: Schema? {
    guard method == .get, permission != .open, case .json(let schema) = output else { return nil }
    let whole = page(schema) ?? schema
    return whole.json["type"] == "object" && !whole.members.isEmpty ? whole : nil
  }

  /// Of an item, where this is a page of a list.
  private func page(_ schema: Schema) -> Schema? {
    guard let items = schema.members.first(where: { $0.name == FieldSelection.items }),
      schema.members.contains(where: { $0.name == "next_cursor" })
    else { return nil }
    return items.schema.parts.first
  }

  /// Of the parameter.
  var fields: Schema? {
    selectable.map { whole in
      .list(of: .words(whole.members.map(\.name)), most: whole.members.count, least: 1)
    }
  }

  /// What an answer in parts looks like.
  var selected: Schema? {
    guard let whole = selectable, case .json(let schema) = output else { return nil }
    let parts = Schema.object(
      whole.members.map { Schema.Member($0.name, $0.schema, required: false, $0.summary) })
    guard page(schema) != nil else { return parts }
    return .object(
      schema.members.map { member in
        guard member.name == FieldSelection.items else { return member }
        return Schema.Member(member.name, .list(of: parts), member.summary)
      })
  }

  /// The members that a query wants, nil where it does not say, and what else stands in it.
  public func selection(
    in query: [(name: String, value: String)]
  ) throws(WireError) -> (FieldSelection?, rest: [(name: String, value: String)]) {
    guard let fields, case .json(let schema) = output,
      let text = query.first(where: { $0.name == FieldSelection.parameter })?.value
    else { return (nil, query) }
    let rest = query.filter { $0.name != FieldSelection.parameter }
    guard rest.count == query.count - 1 else {
      throw WireError(
        "/fields", Bilingual("\"fields\" is given twice.", pt: "\"fields\" aparece duas vezes."))
    }
    let request = Schema.request([.init(FieldSelection.parameter, fields)])
    let value: JSON = [FieldSelection.parameter: request.value(of: text, for: FieldSelection.parameter)]
    let names = try Fields(value, request).texts(FieldSelection.parameter)
    return (FieldSelection(names, ofItems: page(schema) != nil), rest)
  }
}
