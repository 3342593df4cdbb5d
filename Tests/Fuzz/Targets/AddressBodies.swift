import Model

@testable import Net

/// The normal form of an address is its own normal form. A line end divides a page from a reference on it.
enum URLBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let parts = bytes.decoded.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    guard let url = try? URLText(String(parts[0])) else { return }
    try check(url)
    if parts.count == 2, let target = try? url.resolving(String(parts[1])) { try check(target) }
  }

  private static func check(_ url: URLText) throws(Broken) {
    try promise(["http", "https"].contains(url.scheme), "The scheme of \(url.text) is \(url.scheme).")
    try promise(!url.host.isEmpty && url.path.hasPrefix("/"), "\(url.text) has no host or no path.")
    // A host keeps its letters: they become punycode where its name is looked up.
    let sent = url.path + (url.query ?? "")
    try promise(sent.utf8.allSatisfy { $0 > 32 && $0 < 127 }, "\(sent) cannot be sent over the network.")
    // What is too long once it is escaped is refused as such.
    guard url.text.utf8.count <= URLText.longest else { return }
    let again = try? URLText(url.text)
    try promise(again == url, "\(url) reads as \(again.map { "\($0)" } ?? "nothing").")
  }
}

/// Addresses, blocks, dates of headers and escapes: what is read is written as something that reads the same.
enum AddressBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let text = bytes.decoded
    if let address = IPAddress(text) {
      try promise(IPAddress(address.description) == address, "\(text) is written \(address).")
    }
    if let block = CIDR(text) {
      try promise(CIDR(block.description) == block, "\(text) is written \(block).")
      try promise(block.contains(block.base), "\(block) does not contain its first address.")
    }
    if let seconds = HTTPDate.seconds(text) {
      let written = HTTPDate.text(seconds)
      try promise(HTTPDate.seconds(written) == seconds, "\(text) is written \(written).")
    }
    if let wait = RetryAfter.wait(text, now: 1_800_000_000) {
      try promise(.zero...(.seconds(86_400)) ~= wait, "\(text) waits \(wait).")
    }
    try promise(PercentEncoding.decode(PercentEncoding.encode(text)) == text, "\(text) is escaped wrongly.")
    if let items = PercentEncoding.items(text) {
      let again = PercentEncoding.items(PercentEncoding.query(items))
      try promise(
        again?.map(\.name) == items.map(\.name) && again?.map(\.value) == items.map(\.value),
        "\(items) reads as \(again ?? []).")
    }
  }
}
