import Engine
import Model
import Net
import Server

/// `server:` of `esteira.yaml`: where the server listens, and what it is known as.
///
///     server:
///       listen: [127.0.0.1:7420]
///       tls: {certificate: /etc/esteira/cert.pem, key: /etc/esteira/key.pem}
///       public_url: https://esteira.example.org
///       proxies: [10.0.0.5]
///       threads: 2
///       operators_may_retry: true
///       backups: {folder: /mnt/backups, keep: 7}
///       connections: 1000
///       connections_per_address: 100
///       metrics: {from: [127.0.0.1], aliases: [etl]}    # see MetricsReader
///       oidc: {issuer: https://id.example.org, client_id: esteira}    # see OIDCSetting
struct ServerSetting: Sendable, Hashable {
  struct TLS: Sendable, Hashable {
    var certificate: String
    var key: String
  }

  /// Those that the server makes when it is asked.
  struct Backups: Sendable, Hashable {
    static let most = 1_000
    /// Nil: `backups` in the data folder.
    var folder: String?
    /// How many are kept in it.
    var keep = 7
  }

  /// Who reads measures without a token, and under which other names they are shown, too.
  struct Metrics: Sendable, Hashable {
    static let mostNetworks = 64
    var from: [CIDR] = []
    var aliases: Set<MetricAlias> = []
    var counters: [EventCounter] = []

    /// With those of the aliases.
    var allCounters: [EventCounter] {
      MetricAlias.allCases.filter(aliases.contains).flatMap(\.counters) + counters
    }
  }

  struct Place: Sendable, Hashable {
    var address: IPAddress
    var port: UInt16
  }

  static let usualPort: UInt16 = 7420
  static let mostPlaces = 16
  static let mostProxies = 64
  static let mostThreads = 64
  static let mostConnections = 100_000
  static let keys = [
    "listen", "tls", "public_url", "proxies", "threads", "oidc", "operators_may_retry", "backups",
    "connections", "connections_per_address", "metrics",
  ]

  /// Nil: nobody said where; then `127.0.0.1:7420` is tried.
  var listen: [Place]?
  var tls: TLS?
  /// Without a slash at its end.
  var publicURL: String?
  var proxies: [CIDR] = []
  var threads = 1
  /// Whether the built-in role `operator` may do again what failed.
  var operatorsMayRetry = false
  var backups = Backups()
  var metrics = Metrics()
  /// Open at once; more wait for one that idles, or are told to come back.
  var connections = HTTPLimits().connections
  /// Nil: an address has as many as there are.
  var connectionsPerAddress: Int?
  /// Nil: nobody signs in through another system.
  var oidc: OIDCSetting?
}

struct ServerReader {
  private let config: ConfigFile
  private let file: JSONObject

  init(_ config: ConfigFile, _ file: JSONObject) { (self.config, self.file) = (config, file) }

  func setting() throws(Problem) -> ServerSetting {
    var setting = ServerSetting()
    guard let json = file["server"] else { return setting }
    guard let map = json.object else { throw wrong("server is a map", "server é um mapa") }
    if let key = map.keys.first(where: { !ServerSetting.keys.contains($0) }) {
      throw wrong("server has no key \"\(key)\"", "server não tem a chave \"\(key)\"")
    }
    setting.listen = try map["listen"].map { (json) throws(Problem) in try places(json) }
    setting.tls = try map["tls"].map { (json) throws(Problem) in try tls(json) }
    setting.publicURL = try map["public_url"].map { (json) throws(Problem) in try publicURL(json) }
    setting.proxies = try map["proxies"].map { (json) throws(Problem) in try proxies(json) } ?? []
    setting.threads = try map["threads"].map { (json) throws(Problem) in try threads(json) } ?? 1
    setting.connections = try connections(map, "connections") ?? setting.connections
    setting.connectionsPerAddress = try connections(map, "connections_per_address")
    setting.backups =
      try map["backups"].map { (json) throws(Problem) in try backups(json) } ?? setting.backups
    setting.metrics =
      try map["metrics"].map { (json) throws(Problem) in try MetricsReader(config).setting(json) }
      ?? setting.metrics
    setting.operatorsMayRetry =
      try map["operators_may_retry"].map { (json) throws(Problem) in try flag(json) } ?? false
    setting.oidc = try map["oidc"].map { (json) throws(Problem) in
      try OIDCReader(config, publicURL: setting.publicURL).setting(json)
    }
    return setting
  }

  private func places(_ json: JSON) throws(Problem) -> [ServerSetting.Place] {
    guard let list = json.array, list.count <= ServerSetting.mostPlaces else {
      throw wrong(
        "listen is a list of at most \(ServerSetting.mostPlaces) addresses",
        "listen é uma lista de no máximo \(ServerSetting.mostPlaces) endereços")
    }
    var places: [ServerSetting.Place] = []
    for element in list {
      guard let text = element.string, let place = ServerSetting.Place(text) else {
        throw wrong(
          "\(element.text) is no address and port", "\(element.text) não é endereço e porta")
      }
      places.append(place)
    }
    return places
  }

  private func tls(_ json: JSON) throws(Problem) -> ServerSetting.TLS {
    guard let map = json.object, let certificate = map["certificate"]?.string, let key = map["key"]?.string,
      map.keys.count == 2, [certificate, key].allSatisfy({ $0.utf8.first == UInt8(ascii: "/") })
    else {
      throw wrong(
        "tls has the absolute paths of a certificate and its key",
        "tls tem os caminhos absolutos de um certificado e da chave dele")
    }
    return ServerSetting.TLS(certificate: certificate, key: key)
  }

  private func publicURL(_ json: JSON) throws(Problem) -> String {
    guard let text = json.string, ["https://", "http://"].contains(where: { text.hasPrefix($0) }),
      text.utf8.allSatisfy({ (33...126).contains($0) }),
      text.split(separator: "/", omittingEmptySubsequences: false).count == 3
    else {
      throw wrong(
        "public_url is https:// and a host, without a path", "public_url é https:// e um host, sem caminho")
    }
    return text
  }

  private func proxies(_ json: JSON) throws(Problem) -> [CIDR] {
    let networks = (json.array ?? []).compactMap { $0.string.flatMap { CIDR($0) } }
    guard let list = json.array, list.count == networks.count, list.count <= ServerSetting.mostProxies else {
      throw wrong(
        "proxies is a list of addresses or networks such as 10.0.0.0/8",
        "proxies é uma lista de endereços ou redes como 10.0.0.0/8")
    }
    return networks
  }

  private func threads(_ json: JSON) throws(Problem) -> Int {
    guard case .int(let count) = json, (1...Int64(ServerSetting.mostThreads)).contains(count) else {
      throw wrong(
        "threads is a number from 1 to \(ServerSetting.mostThreads)",
        "threads é um número de 1 a \(ServerSetting.mostThreads)")
    }
    return Int(count)
  }

  private func backups(_ json: JSON) throws(Problem) -> ServerSetting.Backups {
    var backups = ServerSetting.Backups()
    guard let map = json.object, map.keys.allSatisfy({ ["folder", "keep"].contains($0) }),
      map["folder"].map({ $0.string?.utf8.first == UInt8(ascii: "/") }) ?? true,
      map["keep"].map({ $0.int.map { (1...Int64(ServerSetting.Backups.most)).contains($0) } ?? false })
        ?? true
    else {
      throw wrong(
        "backups has the absolute path of a folder and how many to keep, 1 to \(ServerSetting.Backups.most)",
        "backups tem o caminho absoluto de uma pasta e quantos guardar, 1 a \(ServerSetting.Backups.most)")
    }
    backups.folder = map["folder"]?.string
    if let keep = map["keep"]?.int { backups.keep = Int(keep) }
    return backups
  }

  private func flag(_ json: JSON) throws(Problem) -> Bool {
    guard let flag = json.bool else {
      throw wrong("operators_may_retry is true or false", "operators_may_retry é true ou false")
    }
    return flag
  }

  private func connections(_ map: JSONObject, _ key: String) throws(Problem) -> Int? {
    guard let json = map[key] else { return nil }
    guard case .int(let count) = json, (1...Int64(ServerSetting.mostConnections)).contains(count) else {
      throw wrong(
        "\(key) is a number from 1 to \(ServerSetting.mostConnections)",
        "\(key) é um número de 1 a \(ServerSetting.mostConnections)")
    }
    return Int(count)
  }

  private func wrong(_ english: String, _ portuguese: String) -> Problem {
    let example = "server: {listen: [127.0.0.1:7420]}"
    return config.wrong(
      Bilingual(english, pt: portuguese),
      remedy: Bilingual("Write it as: \(example)", pt: "Escreva assim: \(example)"))
  }
}

extension ServerSetting.Place {
  /// `127.0.0.1:7420`, `[::1]:7420`; a port alone is one of 127.0.0.1.
  init?(_ text: String) {
    guard let mark = text.utf8.lastIndex(of: UInt8(ascii: ":")) else {
      guard let port = UInt16(text), let address = IPAddress("127.0.0.1") else { return nil }
      self.init(address: address, port: port)
      return
    }
    var host = String(text[..<mark])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard let port = UInt16(text[text.index(after: mark)...]), let address = IPAddress(host) else {
      return nil
    }
    self.init(address: address, port: port)
  }

  var isLoopback: Bool {
    switch address.family {
    case .v4: address.bits >> 24 == 127
    case .v6: address.bits == 1
    }
  }

  var description: String {
    switch address.family {
    case .v4: "\(address):\(port)"
    case .v6: "[\(address)]:\(port)"
    }
  }
}
