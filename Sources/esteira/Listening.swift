import API
import Access
import Crypto
import Glibc
import Model
import Net
import Server

/// The listening half of a server: its socket, and where it was told to be reached from the network.
struct Listening: Sendable {
  let server: HTTPServer
  /// `http://127.0.0.1:7420`; empty where only the socket is open.
  let urls: [String]
  /// Why an address that nobody asked for is not open.
  let note: Bilingual?
  private let certificate: TLSCertificate?

  /// Takes a changed certificate, and says so. One that is broken leaves the old one in use.
  func reload() throws(Problem) -> Bilingual {
    guard let certificate else {
      return Bilingual(
        "Nothing was read again: there is no TLS certificate.", pt: "Nada foi relido: não há certificado TLS."
      )
    }
    do throws(CertificateError) {
      try certificate.reload()
      let end = Timestamp(
        microseconds: try CertificateFacts(ofFile: certificate.certificate).validUntil * 1_000_000)
      return Bilingual(
        "TLS certificate read again: \(certificate.certificate), valid until \(end.rfc3339).",
        pt: "Certificado TLS relido: \(certificate.certificate), válido até \(end.rfc3339).")
    } catch { throw Self.badCertificate(error) }
  }

  static func open(
    socket: String, _ setting: ServerSetting, _ edge: HTTPEdge
  ) throws(Problem) -> Listening {
    let certificate = try setting.tls.map { (tls) throws(Problem) in try load(tls) }
    let wanted = setting.listen ?? usual
    try checkEncryption(setting)
    do throws(NetError) {
      let server = try serve(socket, wanted, certificate, setting, edge)
      return Listening(
        server: server, urls: urls(wanted, certificate, server.port), note: nil, certificate: certificate)
    } catch {
      guard setting.listen == nil else { throw notOpen(error) }
      // The usual place is a convenience, and another server may have it.
      do throws(NetError) {
        let server = try serve(socket, [], certificate, setting, edge)
        return Listening(server: server, urls: [], note: taken, certificate: certificate)
      } catch {
        throw notOpen(error)
      }
    }
  }

  /// Nothing readable may leave this machine, unless a proxy stands before it.
  static func checkEncryption(_ setting: ServerSetting) throws(Problem) {
    guard setting.tls == nil, setting.proxies.isEmpty else { return }
    for place in setting.listen ?? usual where !place.isLoopback { throw unencrypted(place) }
  }

  static var usual: [ServerSetting.Place] {
    IPAddress("127.0.0.1").map { [ServerSetting.Place(address: $0, port: ServerSetting.usualPort)] } ?? []
  }

  private static func serve(
    _ socket: String, _ places: [ServerSetting.Place], _ certificate: TLSCertificate?,
    _ setting: ServerSetting, _ edge: HTTPEdge
  ) throws(NetError) -> HTTPServer {
    var limits = HTTPEdge.limits
    limits.connections = setting.connections
    limits.connectionsPerAddress = setting.connectionsPerAddress
    let tcp = places.map { ListenAddress.tcp($0.address, port: $0.port, tls: certificate) }
    return try HTTPServer(
      [.unix(path: socket, replacingStale: true)] + tcp, limits: limits,
      proxies: HTTPProxies(setting.proxies), loops: setting.threads, handler: { await edge.answer($0) })
  }

  private static func urls(
    _ places: [ServerSetting.Place], _ certificate: TLSCertificate?, _ port: UInt16?
  ) -> [String] {
    places.enumerated().map { index, place in
      var place = place
      // Port 0 takes any free one.
      if index == 0, let port { place.port = port }
      return (certificate == nil ? "http://" : "https://") + place.description
    }
  }

  static func load(_ tls: ServerSetting.TLS) throws(Problem) -> TLSCertificate {
    do throws(CertificateError) {
      return try TLSCertificate(certificate: tls.certificate, key: tls.key)
    } catch { throw badCertificate(error) }
  }

  static func badCertificate(_ error: CertificateError) -> Problem {
    Problem(
      "bad-certificate",
      Bilingual("\(error)", pt: "O arquivo \(error.file) não serve para TLS: \(error.reason)."),
      remedy: Bilingual(
        "Name a PEM file with the whole chain, and the key that belongs to it.",
        pt: "Indique um arquivo PEM com a cadeia inteira, e a chave que pertence a ele."))
  }

  private static func unencrypted(_ place: ServerSetting.Place) -> Problem {
    Problem(
      "listen-unencrypted",
      Bilingual(
        "\(place.description) can be reached from other machines, and passwords would go there unencrypted.",
        pt:
          "Outras máquinas alcançam \(place.description), e senhas iriam até lá sem criptografia."
      ),
      remedy: Bilingual(
        "Give server.tls a certificate, or name the proxy before it in server.proxies.",
        pt: "Dê um certificado a server.tls, ou indique em server.proxies o proxy que fica à frente."))
  }

  private static let taken = Bilingual(
    "Port \(ServerSetting.usualPort) is taken: only the socket is open. Choose another with --listen.",
    pt:
      "A porta \(ServerSetting.usualPort) está ocupada: só o socket está aberto. Escolha outra com --listen.")

  private static func notOpen(_ error: NetError) -> Problem {
    Problem(
      "socket",
      Bilingual("The server cannot listen: \(error)", pt: "O servidor não consegue escutar: \(error)"),
      remedy: Bilingual(
        "Choose another address with --listen.", pt: "Escolha outro endereço com --listen."))
  }
}
