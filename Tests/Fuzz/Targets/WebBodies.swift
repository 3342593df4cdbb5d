import Engine
import Model

@testable import Connectors

/// A limit only leaves items out.
enum FeedBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    guard let feed = try? Feed(bytes, limit: 1_000) else { return }
    guard let start = try? Feed(bytes, limit: 2) else {
      throw Broken("With a smaller limit the feed cannot be read.")
    }
    try promise(
      start.items == Array(feed.items.prefix(2)) && start.isTruncated == (feed.items.count > 2),
      "With a limit of two the items are \(start.items), not the first of \(feed.items).")
  }
}

/// Every entity lies in the text that was read, in order and apart.
enum PageBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let page = PageText(html: bytes.decoded)
    let output = TextExtract.output(title: page.title, text: page.text)
    let text = Array((output["text"]?.string ?? "").unicodeScalars)
    var end = 0
    for entity in output["entities"]?.array ?? [] {
      guard let from = entity["start"]?.int, let to = entity["end"]?.int else {
        throw Broken("\(entity.text) has no place.")
      }
      try promise(end <= from && from < to && to <= text.count, "\(entity.text) is not after \(end).")
      var found = String.UnicodeScalarView()
      found.append(contentsOf: text[Int(from)..<Int(to)])
      try promise(.string(String(found)) == entity["text"], "\(entity.text) is \(String(found)) in the text.")
      end = Int(to)
    }
    try promise(output.nonFinitePath == nil, "The output cannot be written.")
  }
}
