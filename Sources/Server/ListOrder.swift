import Crypto
import Model

/// The orders of a list that is held whole, and its pages: a page goes on behind the row that the one before
/// ended with, so what comes and goes meanwhile moves no other row.
struct ListOrder<Row> {
  /// What no two rows share: parts with `~` between them. A list is in its order unless asked.
  let name: (Row) -> String
  /// By name; nil: the row has no such value.
  let values: [String: (Row) -> Int64?]

  init(name: @escaping (Row) -> String, _ values: [String: (Row) -> Int64?] = [:]) {
    (self.name, self.values) = (name, values)
  }

  /// What was asked for.
  struct Wish {
    var sort: String?
    var cursor: String?
    var limit: Int?
  }

  /// `isWanted` is only asked of rows that may stand on the page.
  func page(
    _ rows: [Row], _ wish: Wish,
    where isWanted: (Row) throws(Problem) -> Bool = { (_) throws(Problem) in true }
  ) throws(Problem) -> (rows: [Row], next: String?) {
    let limit = try PageBounds.limit(wish.limit)
    let order = try order(wish.sort)
    let last = try wish.cursor.map { (text) throws(Problem) in try place(text, order) }
    var placed = rows.map { (place: place(of: $0, order), row: $0) }
    if let last { placed.removeAll { !order.precedes(last, $0.place) } }
    placed.sort { order.precedes($0.place, $1.place) }
    var page: [(place: RowPlace, row: Row)] = []
    for one in placed {
      guard try isWanted(one.row) else { continue }
      page.append(one)
      if page.count > limit { break }
    }
    let isCut = page.count > limit
    page = Array(page.prefix(limit))
    return (page.map(\.row), isCut ? page.last.map { cursor($0.place, order) } : nil)
  }

  private func order(_ sort: String?) throws(Problem) -> RowOrder {
    var order = RowOrder()
    guard let sort else { return order }
    order.isDescending = sort.hasPrefix("-")
    let word = order.isDescending ? String(sort.dropFirst()) : sort
    if word == RowOrder.usual { return order }
    guard values[word] != nil else {
      let words = ([RowOrder.usual] + values.keys.sorted()).flatMap { [$0, "-\($0)"] }.joined(separator: ", ")
      throw Problem(
        "invalid-request",
        Bilingual(
          "This list is not sorted by \"\(sort)\".", pt: "Esta lista não é ordenada por \"\(sort)\"."),
        remedy: Bilingual("There are: \(words).", pt: "Existem: \(words)."))
    }
    order.value = word
    return order
  }

  private func place(of row: Row, _ order: RowOrder) -> RowPlace {
    let name = name(row)
    return RowPlace(value: order.value.flatMap { values[$0]?(row) }, name: name, parts: RowPlace.parts(name))
  }

  /// In the order of names it is the name itself; else it says by what it was sorted, too.
  private func cursor(_ place: RowPlace, _ order: RowOrder) -> String {
    guard let value = order.value else { return place.name }
    let json: JSON = [.string(value), place.value.map { JSON.int($0) } ?? .null, .string(place.name)]
    return Self.mark + Base64URL.encode(json.serialized())
  }

  /// Where the page before ended. One of another order would lead anywhere, so it is refused.
  private func place(_ cursor: String, _ order: RowOrder) throws(Problem) -> RowPlace {
    guard let value = order.value else {
      if cursor.hasPrefix(Self.mark) { throw PageBounds.wrongCursor(cursor) }
      return RowPlace(value: nil, name: cursor, parts: RowPlace.parts(cursor))
    }
    guard cursor.hasPrefix(Self.mark), let bytes = Base64URL.decode(String(cursor.dropFirst())),
      let parts = (try? JSON(parsing: bytes))?.array, parts.count == 3, parts[0].string == value,
      let name = parts[2].string, parts[1].isNull || parts[1].int != nil
    else { throw PageBounds.wrongCursor(cursor) }
    return RowPlace(value: parts[1].int, name: name, parts: RowPlace.parts(name))
  }

  /// No name begins with it.
  private static var mark: String { "=" }
}

/// By what a list is sorted; nil: by the name.
private struct RowOrder {
  static let usual = "name"
  var value: String?
  var isDescending = false

  /// What has no value comes last either way; rows with the same value are in the order of their names.
  func precedes(_ left: RowPlace, _ right: RowPlace) -> Bool {
    if left.value != right.value {
      guard let one = left.value else { return false }
      guard let other = right.value else { return true }
      return (one < other) != isDescending
    }
    if left.parts == right.parts { return false }
    return left.parts.lexicographicallyPrecedes(right.parts) != isDescending
  }
}

private struct RowPlace {
  var value: Int64?
  var name: String
  var parts: [ScalarString]

  static func parts(_ name: String) -> [ScalarString] { name.cut(at: "~").map { ScalarString($0) } }
}
