import API
import Engine
import Model

/// `{id}` of everything that lives in a namespace: `namespace~name`.
struct NamespacedName: Hashable {
  var namespace: String
  var name: String

  init(_ id: String) throws(Problem) {
    let parts = id.cut(at: "~")
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
      throw Problem(
        "invalid-request",
        Bilingual("\"\(id)\" is not namespace~name.", pt: "\"\(id)\" não é espaço~nome."))
    }
    (namespace, name) = (parts[0], parts[1])
  }

  init(namespace: String, name: String) { (self.namespace, self.name) = (namespace, name) }

  var pipeline: PipelineName { PipelineName(namespace: namespace, name: name) }
}

extension PipelineName {
  var id: String { "\(namespace)~\(name)" }
}

extension StoreError {
  var problem: Problem {
    switch self {
    case .full(let text), .unavailable(let text), .broken(let text):
      Problem(
        "store-unavailable",
        Bilingual("The store cannot be read: \(text)", pt: "Não foi possível ler os dados: \(text)"),
        remedy: Bilingual("Run `esteira doctor`.", pt: "Execute `esteira doctor`."))
    }
  }
}

/// Runs a read of the store and words its failure.
func reading<Result>(_ read: () throws(StoreError) -> Result) throws(Problem) -> Result {
  do {
    return try read()
  } catch {
    throw error.problem
  }
}

/// Bounds of one page of a list that is cut by place.
struct PageBounds {
  var from: Int
  var limit: Int

  init(cursor: String?, limit: Int?) throws(Problem) {
    self.limit = try Self.limit(limit)
    guard let cursor else {
      from = 0
      return
    }
    guard let place = Int(cursor), place >= 0 else { throw Self.wrongCursor(cursor) }
    from = place
  }

  /// What was asked for, or the usual. A limit that is none is told: a page that is shorter than asked for
  /// looks like the last one.
  static func limit(_ wanted: Int?) throws(Problem) -> Int {
    let limits = Page<Nothing>.limits
    guard let wanted else { return Page<Nothing>.usual }
    guard limits.contains(wanted) else {
      throw Problem(
        "invalid-request",
        Bilingual(
          "limit is \(limits.lowerBound) to \(limits.upperBound), not \(wanted).",
          pt: "limit vai de \(limits.lowerBound) a \(limits.upperBound), não \(wanted)."))
    }
    return wanted
  }

  /// The page of a list that is held whole.
  func page<Row, Item>(_ all: [Row], _ item: (Row) -> Item) -> Page<Item> {
    let page = all.dropFirst(from).prefix(limit)
    let next = from + page.count
    return Page(page.map(item), nextCursor: next < all.count ? String(next) : nil)
  }

  static func wrongCursor(_ cursor: String) -> Problem {
    Problem(
      "invalid-cursor",
      Bilingual("\"\(cursor)\" is no cursor of this list.", pt: "\"\(cursor)\" não é um cursor desta lista."))
  }
}
