import Foundation
import Testing

@Suite("SIGHUP", .timeLimit(.minutes(1)))
struct ReloadTests {
  /// A server in the foreground; what it says is read line by line, and nothing waits for a time.
  private final class Foreground {
    let process = Process()
    private let (out, errors) = (Pipe(), Pipe())

    init(_ place: Place, _ arguments: String...) throws {
      process.executableURL = Place.program
      process.arguments = arguments
      process.currentDirectoryURL = place.folder
      process.environment = place.environment
      (process.standardOutput, process.standardError) = (out, errors)
      try process.run()
    }

    func hangUp() { kill(process.processIdentifier, SIGHUP) }
    func said(_ words: String) throws -> String { try Self.line(with: words, from: out) }
    func complained(_ words: String) throws -> String { try Self.line(with: words, from: errors) }

    private static func line(with words: String, from pipe: Pipe) throws -> String {
      var text = ""
      while true {
        let bytes = pipe.fileHandleForReading.availableData
        try #require(!bytes.isEmpty, "It ended, and said: \(text)")
        text += String(decoding: bytes, as: UTF8.self)
        if let line = text.split(separator: "\n").first(where: { $0.contains(words) }) { return String(line) }
      }
    }

    deinit {
      process.terminate()
      process.waitUntilExit()
    }
  }

  private func certify(_ place: Place, _ name: String) throws {
    try place.run(
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-days", "2", "-subj", "/CN=\(name)", "-keyout", "key.pem", "-out", "cert.pem")
  }

  /// The name in the certificate that the server shows.
  private func shown(_ place: Place, _ port: Substring) throws -> String {
    try place.run(
      "sh", "-c",
      "openssl s_client -connect 127.0.0.1:\(port) </dev/null 2>/dev/null >out.pem; "
        + "openssl x509 -in out.pem -noout -subject >subject"
    )
    return try String(contentsOf: place.folder.appending(path: "subject"), encoding: .utf8)
  }

  @Test("reads the certificate again; one that is broken is told, and the old one stays")
  func certificate() throws {
    let place = try Place()
    defer { place.clean() }
    try certify(place, "first")
    try place.run("mkdir", "-m", "700", "data")
    let folder = place.folder.path
    try place.write(
      "data/esteira.yaml", "server: {tls: {certificate: \(folder)/cert.pem, key: \(folder)/key.pem}}")
    let server = try Foreground(place, "server", "--listen", "127.0.0.1:0")
    let ready = try server.said("https://127.0.0.1:")
    let port = try #require(ready.firstMatch(of: /https:\/\/127\.0\.0\.1:(\d+)/)?.output.1)
    #expect(try shown(place, port).contains("first"))

    try certify(place, "second")
    server.hangUp()
    #expect(try server.complained("TLS certificate read again").contains("valid until 20"))
    #expect(try shown(place, port).contains("second"))

    try place.write("key.pem", "no key")
    server.hangUp()
    let told = try server.complained("[bad-certificate]")
    #expect(told.contains("stays in use"))
    #expect(try shown(place, port).contains("second"))
  }

  @Test("ends no server, also one without a certificate")
  func nothing() throws {
    let place = try Place()
    defer { place.clean() }
    let server = try Foreground(place, "server", "--listen", "none", "--lang", "pt-BR")
    _ = try server.said("Pronto")
    server.hangUp()
    #expect(try server.complained("Nada foi relido").isEmpty == false)
    #expect(try place.esteira("version").code == 0 && server.process.isRunning)
  }
}
