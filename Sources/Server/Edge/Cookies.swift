/// Reads the header `Cookie` (RFC 6265, section 5.4).
enum Cookies {
  private static let most = 50

  /// The first of a name counts; what is no pair is left out.
  static func read(_ headers: [String]) -> [String: String] {
    var cookies: [String: String] = [:]
    for pair in headers.joined(separator: ";").split(separator: ";").prefix(most) {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      let name = String(parts[0].drop { $0 == " " })
      if cookies[name] == nil { cookies[name] = String(parts[1]) }
    }
    return cookies
  }
}
