public import Model

/// The address of a server on the network: a scheme, a host and a port, and nothing behind them.
public struct ServerAddress: Sendable, Hashable {
  /// Such as `https://host:7420`, in small letters, without a port that goes without saying.
  public let text: String
  public let isEncrypted: Bool

  /// Without TLS only on this machine: others on the way would read the password.
  public init(_ given: String) throws(Problem) {
    var text = given.lowercased()
    if text.utf8.last == UInt8(ascii: "/") { text.removeLast() }
    guard let colon = text.firstRange(of: "://"), Self.isPlain(text) else { throw Self.wrong(given) }
    let (scheme, rest) = (text[..<colon.lowerBound], text[colon.upperBound...])
    guard scheme == "http" || scheme == "https", let place = Self.place(rest) else { throw Self.wrong(given) }
    let isSafe = scheme == "https"
    guard isSafe || Self.isLoopback(place.host) else { throw Self.unencrypted(place.host) }
    let port = place.port.flatMap { $0 == (isSafe ? 443 : 80) ? nil : ":\($0)" } ?? ""
    isEncrypted = isSafe
    self.text = "\(scheme)://\(place.host)\(port)"
  }

  /// No user, path or query, nor anything else that a host does not have.
  private static func isPlain(_ text: String) -> Bool {
    text.utf8.count <= 300
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"): true
        case UInt8(ascii: "/"), UInt8(ascii: "["), UInt8(ascii: "]"): true
        case _: false
        }
      }
  }

  private static func place(_ rest: Substring) -> (host: String, port: Int?)? {
    var (host, tail) = (rest, Substring())
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      (host, tail) = (rest[...end], rest[rest.index(after: end)...])
    } else if let colon = rest.firstIndex(of: ":") {
      (host, tail) = (rest[..<colon], rest[colon...])
    }
    guard !host.isEmpty, !host.contains("/"), !tail.contains("/") else { return nil }
    if tail.isEmpty { return (String(host), nil) }
    guard tail.first == ":", let port = Int(tail.dropFirst()), (1...65_535).contains(port) else { return nil }
    return (String(host), port)
  }

  private static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "[::1]" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  private static func wrong(_ text: String) -> Problem {
    // A password might stand in it.
    let shown = text.contains("@") ? "…" : text.printable
    return Problem(
      "server-address",
      Bilingual("\(shown) is not the address of a server.", pt: "\(shown) não é o endereço de um servidor."),
      remedy: Bilingual(
        "Write a scheme, a host and perhaps a port: https://esteira.example.org or http://127.0.0.1:7420.",
        pt: "Escreva um esquema, um host e talvez uma porta: https://esteira.example.org ou "
          + "http://127.0.0.1:7420."))
  }

  private static func unencrypted(_ host: String) -> Problem {
    Problem(
      "server-address",
      Bilingual(
        "http://\(host) is not encrypted: others on the way could read passwords and tokens.",
        pt: "http://\(host) não é criptografado: outros no caminho leriam senhas e tokens."),
      remedy: Bilingual(
        "Use https. Plain http is for this machine only: http://127.0.0.1.",
        pt: "Use https. O http simples é só para esta máquina: http://127.0.0.1."))
  }
}
