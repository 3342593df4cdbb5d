import Foundation
import Testing

/// Canaille, a provider of OpenID Connect, in a process of its own for each test.
final class Provider {
  static let secret = "s-e/c:r et"
  private static let version = "canaille[oidc,front]==0.3.6"
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
  private static let environment = root.deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: ".build/oidc-provider")
  private static var python: URL { environment.appending(path: "bin/python") }

  /// Installs it once; what is there already is used.
  static let isInstalled: Bool = {
    let mark = environment.appending(path: "installed")
    if (try? String(contentsOf: mark, encoding: .utf8)) == version { return true }
    guard run(URL(filePath: "/usr/bin/env"), ["python3", "-m", "venv", environment.path]),
      run(python, ["-m", "pip", "install", "--quiet", version])
    else { return false }
    return (try? version.write(to: mark, atomically: true, encoding: .utf8)) != nil
  }()

  private static func run(_ program: URL, _ arguments: [String]) -> Bool {
    let process = Process()
    (process.executableURL, process.arguments) = (program, arguments)
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  private let process = Process()
  private let input = Pipe()
  private let port: Int
  /// Where the client that it knows is to be reached.
  let ownPort: Int
  var issuer: String { "http://127.0.0.1:\(port)" }
  var own: String { "http://127.0.0.1:\(ownPort)" }
  var start: String { own + "/api/v1/auth/oidc/start" }

  init() throws {
    let output = Pipe()
    process.executableURL = Self.python
    process.arguments = [Self.root.appending(path: "oidc/provider.py").path]
    (process.standardInput, process.standardOutput) = (input, output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    // One line, once it serves; none where it ended.
    var line = Data()
    while line.last != UInt8(ascii: "\n") {
      let bytes = output.fileHandleForReading.availableData
      guard !bytes.isEmpty else { break }
      line += bytes
    }
    let ports = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap {
      Int($0)
    }
    try #require(ports.count == 2, "The provider did not start.")
    (port, ownPort) = (ports[0], ports[1])
  }

  deinit {
    // It has handlers of its own for the kinder signals.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}

/// A browser with a jar of cookies of its own. curl keeps the rules of `Secure`, `Path` and `__Host-`.
struct Browser {
  struct Page {
    var status: Int
    /// Names in small letters.
    var headers: [String]
    var body: String
    var location: String {
      let line = headers.first { $0.hasPrefix("location: ") } ?? ""
      return String(line.dropFirst("location: ".count))
    }
  }

  private let jar: String
  private static let password = "correct horse battery staple"

  init(_ place: Place, _ name: String) throws { jar = place.folder.appending(path: "jar-\(name)").path }

  func get(_ url: String, accept: String = "text/html", language: String = "en") throws -> Page {
    try curl(["-H", "accept: \(accept)", "-H", "accept-language: \(language)", url])
  }

  func post(_ url: String, _ form: [(String, String)]) throws -> Page {
    try curl(form.flatMap { ["--data-urlencode", "\($0.0)=\($0.1)"] } + [url])
  }

  /// Fills in the forms of the provider. Returns where it leads back to.
  func signIn(as name: String, at url: String, _ provider: Provider) throws -> String {
    var page = try get(url)
    for field in ["login", "password"] {
      let form = try follow(page, provider)
      let token = try #require(form.page.body.firstMatch(of: /name="csrf_token" value="([^"]+)"/)?.output.1)
      let value = field == "login" ? name : Self.password
      page = try post(form.url, [("csrf_token", String(token)), (field, value)])
    }
    while page.location.hasPrefix("/") || page.location.hasPrefix(provider.issuer) {
      page = try get(Self.absolute(page.location, provider))
    }
    return page.location
  }

  private func follow(_ page: Page, _ provider: Provider) throws -> (page: Page, url: String) {
    var (page, url) = (page, "")
    while page.status == 302 {
      url = Self.absolute(page.location, provider)
      page = try get(url)
    }
    return (page, url)
  }

  private static func absolute(_ location: String, _ provider: Provider) -> String {
    location.hasPrefix("/") ? provider.issuer + location : location
  }

  static func query(_ url: String) -> [String: String] {
    var found: [String: String] = [:]
    for item in URLComponents(string: url)?.queryItems ?? [] { found[item.name] = item.value }
    return found
  }

  /// Output goes through a file: a pipe would be held open by a server that another test starts meanwhile.
  private func curl(_ arguments: [String]) throws -> Page {
    let (process, answer) = (Process(), jar + "-answer")
    process.executableURL = URL(filePath: "/usr/bin/curl")
    process.arguments =
      ["--silent", "--include", "--max-time", "30", "-b", jar, "-c", jar, "-o", answer] + arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return try Page(String(contentsOfFile: answer, encoding: .utf8))
  }
}

extension Browser.Page {
  /// An answer with its head.
  fileprivate init(_ text: String) throws {
    let end = try #require(text.firstRange(of: "\r\n\r\n"))
    let lines = text[..<end.lowerBound].split(separator: "\r\n")
    headers = lines.dropFirst().map { line in
      let halves = line.split(separator: ":", maxSplits: 1).map(String.init)
      return halves[0].lowercased() + ":" + (halves.count > 1 ? halves[1] : "")
    }
    status = try #require(lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) })
    body = String(text[end.upperBound...])
  }
}
