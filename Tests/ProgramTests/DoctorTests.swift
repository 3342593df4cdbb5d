import Foundation
import Testing

@Suite("esteira doctor", .timeLimit(.minutes(2)))
struct DoctorTests {
  /// The lines by their name.
  private func lines(_ place: Place, _ flags: String = "") throws -> (code: Int32, [String: [String]]) {
    let answer = try place.esteira("doctor \(flags)")
    var found: [String: [String]] = [:]
    for line in answer.out.split(separator: "\n") {
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      found[String(words[1]), default: []].append(String(line))
    }
    return (answer.code, found)
  }

  @Test("A sound installation has nothing that is an error, with a server and without one")
  func sound() throws {
    let place = try Place()
    defer { place.clean() }
    try #require(try place.esteira("server --background").code == 0)
    let (code, beside) = try lines(place)
    #expect(code == 0)
    let names = ["server", "store", "disk", "zones", "key", "config", "clock", "folder", "limits", "verify"]
    #expect(Set(names).subtracting(beside.keys) == [], "\(beside)")
    #expect(beside["verify"]?.count == 3)
    try place.killServer()
    let (alone, without) = try lines(place)
    #expect(alone == 0 && without["server"]?[0].contains("none runs") == true)
  }

  @Test("Each fault of the folder, its files and the configuration is named with its remedy")
  func faults() throws {
    let place = try Place()
    defer { place.clean() }
    try #require(try place.esteira("server --background").code == 0)
    try place.run("chmod", "755", "data")
    try place.run("chmod", "644", "data/master.key")
    try place.write("data/esteira.yaml", "server:\n  threads: 0\n")
    let (code, found) = try lines(place)
    #expect(code == 1)
    #expect(found["folder"]?[0].contains("-> chmod 700 ") == true, "\(found)")
    #expect(found["files"]?.contains { $0.contains("others can reach master.key -> chmod 600") } == true)
    #expect(found["config"]?[0].contains("esteira.yaml:2: threads is a number") == true)
    #expect(found["config"]?[0].contains("-> esteira config check") == true)
    let (_, portuguese) = try lines(place, "--lang pt-BR")
    #expect(portuguese["folder"]?[0].contains("outros podem entrar") == true)
  }

  @Test("A certificate that ends soon, or has ended, is told with its day")
  func certificate() throws {
    let place = try Place()
    defer { place.clean() }
    try #require(try place.esteira("server --background").code == 0)
    for (days, words) in [("400", "ok"), ("2", "warn"), ("ended", "error")] {
      if days == "ended" {
        try place.write("cert.pem", Self.ended)
      } else {
        try place.run(
          "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
          "-subj", "/CN=localhost", "-days", days, "-keyout", "key.pem", "-out", "cert.pem")
      }
      let folder = place.folder.path
      try place.write(
        "data/esteira.yaml", "server: {tls: {certificate: \(folder)/cert.pem, key: \(folder)/key.pem}}")
      #expect(try lines(place).1["tls"]?[0].hasPrefix(words) == true)
    }
  }

  @Test("A port that somebody has is told before a server is started")
  func port() throws {
    let (place, other) = (try Place(), try Place())
    defer {
      place.clean()
      other.clean()
    }
    let started = try other.esteira("server --background --listen 127.0.0.1:0")
    let port = try #require(started.out.firstMatch(of: /127\.0\.0\.1:(\d+)/)?.output.1)
    try #require(try place.esteira("server --background").code == 0)
    try place.killServer()
    try place.write("data/esteira.yaml", "server: {listen: [127.0.0.1:\(port)]}")
    #expect(try lines(place).1["port"] == nil, "The environment of these tests says that nothing is opened.")
    let shown = try place.esteira("doctor", environment: ["ESTEIRA_LISTEN": "127.0.0.1:\(port)"]).out
    #expect(shown.contains("127.0.0.1:\(port) cannot be opened"))
  }

  @Test("What waits and what is missing is told: a connection without its credential")
  func work() throws {
    let place = try Place()
    defer { place.clean() }
    try #require(try place.esteira("server --background").code == 0)
    try place.write(
      "shop.yaml",
      "namespace: demo\nname: shop\nkind: http\naddress: {url: https://shop.example}\ncredential: shop\n")
    let applied = try place.esteira("connection apply shop.yaml")
    try #require(applied.code == 0, "\(applied)")
    let (code, found) = try lines(place)
    #expect(code == 1)
    #expect(
      found["credential"]?[0].contains("demo/shop needs the credential demo/shop") == true, "\(found)")
  }

  /// Of localhost, for January 2020.
  private static let ended = """
    -----BEGIN CERTIFICATE-----
    MIIBDzCBtgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwHhcN
    MjAwMTAxMDAwMDAwWhcNMjAwMjAxMDAwMDAwWjAUMRIwEAYDVQQDDAlsb2NhbGhv
    c3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQGqcs6sT0weCjvHqfTNvkl3j1R
    378Xcg4Wy0CzxAGuf74YAr8duNyQmKfs8/gT/DI2okn2C5qR+yAnZWFVul9SMAoG
    CCqGSM49BAMCA0gAMEUCIBGq7xP2HU154IA6Co4iAUhSwv9wFbYJFC3sFgcvX3Oz
    AiEAhK5+h9ulJnFNs8+XniI93JKvmhnPfjBQGiv1Nlq7KVU=
    -----END CERTIFICATE-----

    """
}
