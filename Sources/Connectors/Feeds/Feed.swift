import Engine
import Model
import Net

/// A feed as RSS 2.0, RSS 1.0 (RDF) or Atom gives it, texts trimmed.
struct Feed: Hashable, Sendable {
  struct Item: Hashable, Sendable {
    var id = "", title = "", link = "", published = "", summary = ""

    var json: JSON {
      [
        "id": .string(id.isEmpty ? link : id), "title": .string(title), "link": .string(link),
        "published": .string(published), "summary": .string(summary),
      ]
    }
  }

  var title = ""
  var items: [Item] = []
  /// True where the limit left items out.
  var isTruncated = false

  init(_ bytes: [UInt8], limit: Int) throws(Failure) {
    guard var pull = XMLPull(bytes) else { throw .noFeed("it cannot be read as XML") }
    var path: [String] = []
    var text = ""
    do throws(XMLPull.Fault) {
      while let node = try pull.next() {
        switch node {
        case .text(let more): text += more
        case .open(let name, let attributes, let isEmpty):
          text = ""
          open(name, attributes, in: path)
          if !isEmpty { path.append(name) }
        case .close(let name):
          if !path.isEmpty { path.removeLast() }
          close(name, text, in: path)
          text = ""
        }
        if items.count > limit {
          items.removeLast()
          isTruncated = true
          return
        }
      }
    } catch { throw .noFeed("line \(error.line) is no XML") }
    guard sawRoot else { throw .noFeed("its root is no rss, feed or RDF") }
  }

  private static let roots = ["rss", "feed", "RDF"]
  private var sawRoot = false

  private mutating func open(_ name: String, _ attributes: [XMLPull.Attribute], in path: [String]) {
    if path.isEmpty { sawRoot = Self.roots.contains(name) }
    func value(_ name: String) -> String? { attributes.first { $0.name == name }?.value }
    if name == "item" || (name == "entry" && path == ["feed"]) {
      items.append(Item(id: value("about") ?? ""))
    } else if name == "link", isInItem(path), !items.isEmpty, let target = value("href") {
      if (value("rel") ?? "alternate") == "alternate", items[items.count - 1].link.isEmpty {
        items[items.count - 1].link = target
      }
    }
  }

  private mutating func close(_ name: String, _ text: String, in path: [String]) {
    let text = Self.trimmed(text)
    if name == "title", title.isEmpty, path.last == "channel" || path == ["feed"] { title = text }
    guard isInItem(path), !items.isEmpty, !text.isEmpty else { return }
    let last = items.count - 1
    switch name {
    case "guid", "id": items[last].id = text
    case "title": items[last].title = text
    case "link": items[last].link = text
    case "pubDate", "published", "date": items[last].published = text
    case "updated" where items[last].published.isEmpty: items[last].published = text
    case "description", "summary": items[last].summary = text
    case "content", "encoded": if items[last].summary.isEmpty { items[last].summary = text }
    case _: break
    }
  }

  /// Directly inside, not in a picture or a source within.
  private func isInItem(_ path: [String]) -> Bool { path.last == "item" || path == ["feed", "entry"] }

  private static func trimmed(_ text: String) -> String {
    let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    let bytes = Array(text.utf8)
    guard let start = bytes.firstIndex(where: { !isSpace($0) }),
      let end = bytes.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(decoding: bytes[start...end], as: UTF8.self)
  }
}

extension Failure {
  static func noFeed(_ reason: String) -> Failure {
    Failure(.data, code: "invalid-feed", "This is no feed: \(reason).")
  }
}
