internal import CODBC

/// A data source of the operator's `odbc.ini`, and who asks it.
///
/// Driver, server, file and options are what that file says. A driver is code that runs in this process, and
/// one of files opens whatever path it is told: so neither is for whoever writes a connection to choose.
public struct ODBCPlace: Sendable, Hashable {
  /// `SQL_MAX_DSN_LENGTH`.
  private static let nameLimit = 32
  /// Under which drivers keep the name of their server.
  private static let serverKeys = ["Servername", "Server", "Host", "Hostname", "Address", "SystemName"]

  public var source: String
  public var user: String?
  public var password: String?
  public var egress: Egress

  public init(
    source: String, user: String? = nil, password: String? = nil, egress: Egress = .publicOnly
  ) {
    (self.source, self.user, self.password, self.egress) = (source, user, password, egress)
  }

  /// What the standard lets be the name of a source.
  public static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= nameLimit
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"[]{}(),;?*=!@\\".utf8.contains($0) || $0 == 0x20 }
  }

  /// The source's driver. Blocks.
  func driver() throws(SQLFault) -> String {
    let driver = Self.profile(source, "Driver")
    guard !driver.isEmpty else {
      throw SQLFault(
        .driver,
        "No data source `\(source)` stands in odbc.ini of this node; the operator adds it, with its Driver"
      )
    }
    return driver
  }

  /// As far as the file names a server under one of the usual keys. Blocks.
  func checkEgress() throws(SQLFault) {
    for key in Self.serverKeys {
      for host in Self.hosts(Self.profile(source, key)) {
        let found: [IPAddress]
        do throws(NetError) { found = try NameLookup.ask(host) } catch {
          throw SQLFault(.unreachable, "the name `\(host)` has no address")
        }
        // The driver asks for the name once more, and takes whichever it likes.
        if let refused = found.first(where: { !egress.permits($0) }) {
          throw SQLFault(
            .egress, "\(host) leads to \(refused.description), where this connection may not go")
        }
      }
    }
  }

  /// Of `host`, `tcp:host,1433`, `host\instance`, `host:3306` and `one,other`; none of a socket's path.
  static func hosts(_ value: String) -> [String] {
    if value.isEmpty || value.hasPrefix("/") { return [] }
    var hosts: [String] = []
    for part in value.utf8.split(separator: UInt8(ascii: ",")) {
      var text = String(Substring(part)).trimmed
      if text.hasPrefix("tcp:") { text = String(text.dropFirst(4)) }
      text = String(text.prefix { $0 != "\\" })
      if text.utf8.count(where: { $0 == UInt8(ascii: ":") }) == 1 { text = String(text.prefix { $0 != ":" }) }
      if !text.isEmpty, Int(text) == nil { hosts.append(text) }
    }
    return hosts
  }

  private static func profile(_ section: String, _ key: String) -> String {
    guard let odbc = esteira_odbc() else { return "" }
    var bytes = [CChar](repeating: 0, count: 1_024)
    let count = odbc.pointee.ProfileString(section, key, "", &bytes, Int32(bytes.count), "odbc.ini")
    return String(
      decoding: bytes.prefix(max(0, Int(count))).prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
      as: UTF8.self)
  }

  /// As a driver manager reads it. In braces nothing ends a value but a brace that stands alone.
  func text(_ options: [String]) throws(SQLFault) -> String {
    var parts = ["DSN=\(source)"]
    if let user {
      guard !user.utf8.contains(where: { ";{}".utf8.contains($0) }) else {
        throw SQLFault(.login, "a user's name with `;` or braces cannot be told to an ODBC driver")
      }
      parts.append("UID=\(user)")
    }
    if let password {
      let isPlain = !password.utf8.contains { "[]{}(),;?*=!@+ ".utf8.contains($0) }
      parts.append(isPlain ? "PWD=\(password)" : "PWD={\(password.replacing("}", with: "}}"))}")
    }
    return (parts + options).joined(separator: ";")
  }
}

extension ODBCPlace: CustomStringConvertible {
  /// Without the password.
  public var description: String { user.map { "\($0)@\(source)" } ?? source }
}

extension String {
  fileprivate var trimmed: String {
    var text = Substring(self)
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
