import Access
import CLI
import Glibc
import Model
import Net
import Pipelines
import Stores

extension ConfigWork {
  /// Works on the files, beside a running server or without one.
  static let local = ConfigWork(
    check: { (wish) throws(Problem) in try ConfigDesk(wish).report() },
    show: { (wish) throws(Problem) in try ConfigDesk(wish).entries() })
}

/// The configuration of a data folder: what is wrong with it, and what of it counts.
struct ConfigDesk {
  let wish: ConfigWish
  let config: ConfigFile

  init(_ wish: ConfigWish) { (self.wish, config) = (wish, ConfigFile(folder: Places.data(wish.data))) }

  func report() throws(Problem) -> ConfigReport {
    guard let bytes = try config.bytes() else {
      return ConfigReport(file: config.path, isThere: false, findings: outside(ServerSetting(), nil))
    }
    let definition: PlacedDefinition
    do throws(PlacedDefinition.Fault) { definition = try PlacedDefinition(bytes) } catch {
      return ConfigReport(file: config.path, isThere: true, findings: [finding(error.problem, error.place)])
    }
    guard let file = definition.json.object else {
      let problem = config.wrong(Bilingual("it is no map", pt: "não é um mapa"))
      return ConfigReport(
        file: config.path, isThere: true, findings: [finding(problem, definition.place(of: []))])
    }
    let config = config
    let finder = ConfigFinder { file in
      do throws(Problem) { try config.check(file) } catch { return error }
      return nil
    }
    var findings = finder.findings(in: file).map { finding($0.problem, definition.place(of: $0.way)) }
    findings.sort { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
    // With a part that cannot be read, what it leads to is not known.
    if findings.isEmpty { findings = outside(try config.server(), definition) }
    return ConfigReport(file: config.path, isThere: true, findings: findings)
  }

  /// What the file names lies outside of it; so do the flags and the environment.
  private func outside(
    _ setting: ServerSetting, _ definition: PlacedDefinition?
  ) -> [ConfigReport.Finding] {
    var findings: [ConfigReport.Finding] = []
    func look(_ way: [String], _ body: () throws(Problem) -> Void) {
      do throws(Problem) { try body() } catch {
        findings.append(finding(error, definition?.place(of: way)))
      }
    }
    if let tls = setting.tls {
      look(["server", "tls", "certificate"]) { () throws(Problem) in _ = try Listening.load(tls) }
    }
    if case .file(let path)? = setting.oidc?.clientSecret {
      look(["server", "oidc", "client_secret", "file"]) { () throws(Problem) in
        _ = try OutsideSignIn.secret(inFile: path, config)
      }
    }
    if let path = setting.oidc?.certificates {
      look(["server", "oidc", "certificates"]) { () throws(Problem) in
        do throws(CertificateError) { _ = try CertificateFacts(ofFile: path) } catch {
          throw Listening.badCertificate(error)
        }
      }
    }
    do throws(Problem) { _ = try ServerSetting.toldRetry() } catch {
      return findings + [ConfigReport.Finding(error, at: ServerSetting.retryVariable)]
    }
    do throws(Problem) { _ = try LogSetting.effective(config) } catch {
      return findings + [ConfigReport.Finding(error, at: LogSetting.formatVariable)]
    }
    return findings + listening(setting, definition)
  }

  private func listening(
    _ setting: ServerSetting, _ definition: PlacedDefinition?
  ) -> [ConfigReport.Finding] {
    let told = ServerSetting.told(wish.listen)
    do throws(Problem) {
      let effective = try ServerSetting.effective(config, listen: wish.listen)
      try Listening.checkEncryption(effective)
    } catch {
      switch told?.source {
      case .flag(let name)?, .environment(let name)?: return [ConfigReport.Finding(error, at: name)]
      case .usual?, .file?, nil: return [finding(error, definition?.place(of: ["server", "listen"]))]
      }
    }
    return []
  }

  /// Without the path at its head, which the place says.
  private func finding(_ problem: Problem, _ place: PlacedDefinition.Place?) -> ConfigReport.Finding {
    var problem = problem
    let heads = Bilingual("\(config.path) cannot be used: ", pt: "\(config.path) não pode ser usado: ")
    func cut(_ language: Language) -> String {
      let (text, head) = (problem.message[language], heads[language])
      return text.hasPrefix(head) ? String(text.dropFirst(head.count)) : text
    }
    problem.message = Bilingual(cut(.english), pt: cut(.portuguese))
    return ConfigReport.Finding(problem, at: config.path, line: place?.line, column: place?.column)
  }
}

// What counts.
extension ConfigDesk {
  func entries() throws(Problem) -> [ConfigEntry] {
    let setting = try ServerSetting.effective(config, listen: wish.listen)
    let file = try fileEntries()
    let server = serverEntries(setting, file) + logEntries(try LogSetting.effective(config), file)
    let shown = Set(server.map(\.key))
    return [dataEntry] + server + file.filter { !shown.contains($0.key) } + Self.environmentEntries
  }

  private var dataEntry: ConfigEntry {
    let source: ConfigEntry.Source =
      if wish.data != nil {
        .flag("--data")
      } else if Places.environment("ESTEIRA_DATA") != nil {
        .environment("ESTEIRA_DATA")
      } else {
        .usual
      }
    return ConfigEntry("data", .string(config.folder), source)
  }

  /// All leaves of the file; a list of scalars is one.
  private func fileEntries() throws(Problem) -> [ConfigEntry] {
    guard let bytes = try config.bytes() else { return [] }
    let definition: PlacedDefinition
    do throws(PlacedDefinition.Fault) { definition = try PlacedDefinition(bytes) } catch {
      throw error.problem
    }
    try config.check()
    var entries: [ConfigEntry] = []
    func walk(_ json: JSON, _ way: [String]) {
      let isLeaf = json.children.allSatisfy { json.value(at: [$0]).children.isEmpty } && json.object == nil
      guard !isLeaf else {
        let place = definition.place(of: way)
        let source = ConfigEntry.Source.file(path: config.path, line: place.line)
        entries.append(ConfigEntry(way.joined(separator: "."), Self.masked(json, way), source))
        return
      }
      for child in json.children { walk(json.value(at: [child]), way + [child]) }
    }
    walk(definition.json, [])
    return entries
  }

  /// Addresses of webhooks and pings are often secrets themselves.
  private static func masked(_ json: JSON, _ way: [String]) -> JSON {
    guard let text = json.string else { return json }
    switch way {
    case ["alerts", "ping", "url"]:
      let parts = text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
      guard parts.count == 4, !parts[3].isEmpty else { return json }
      return .string(parts[..<3].joined(separator: "/") + "/" + mask)
    case let way where way.first == "destinations" && way.last == "path": return .string(mask)
    case _: return json
    }
  }

  private static let mask = "•••"

  private func logEntries(_ setting: LogSetting, _ file: [ConfigEntry]) -> [ConfigEntry] {
    let told = [
      ("log.format", setting.format.rawValue, LogSetting.formatVariable),
      ("log.level", setting.level.rawValue, LogSetting.levelVariable),
    ]
    return told.map { key, word, variable in
      if Places.environment(variable) != nil {
        return ConfigEntry(key, .string(word), .environment(variable))
      }
      return file.first { $0.key == key } ?? ConfigEntry(key, .string(word), .usual)
    }
  }

  /// All keys of `server`, with what is usual where nobody says anything.
  private func serverEntries(_ setting: ServerSetting, _ file: [ConfigEntry]) -> [ConfigEntry] {
    func entry(_ key: String, _ usual: JSON) -> ConfigEntry {
      file.first { $0.key == "server." + key } ?? ConfigEntry("server." + key, usual, .usual)
    }
    var listen = entry("listen", .array([.string("127.0.0.1:\(ServerSetting.usualPort)")]))
    if let told = ServerSetting.told(wish.listen) {
      let places = (setting.listen ?? []).map { JSON.string($0.description) }
      listen = ConfigEntry(listen.key, .array(places), told.source)
    }
    var retry = entry("operators_may_retry", .bool(false))
    if Places.environment(ServerSetting.retryVariable) != nil {
      retry = ConfigEntry(
        retry.key, .bool(setting.operatorsMayRetry), .environment(ServerSetting.retryVariable))
    }
    var entries = [
      listen, entry("tls.certificate", .null), entry("tls.key", .null), entry("public_url", .null),
      entry("proxies", .array([])), entry("threads", .int(Int64(setting.threads))), retry,
      entry("backups.folder", .string(setting.backups.folder ?? config.folder + "/" + BackupFolder.own)),
      entry("backups.keep", .int(Int64(setting.backups.keep))),
      entry("connections", .int(Int64(setting.connections))), entry("connections_per_address", .null),
    ]
    guard let oidc = setting.oidc else { return entries + [ConfigEntry("server.oidc", .null, .usual)] }
    entries += [
      entry("oidc.issuer", .null), entry("oidc.client_id", .null),
      entry("oidc.scopes", .array(oidc.scopes.map { .string($0) })),
      entry("oidc.accounts", .string(oidc.accounts.rawValue)),
      ConfigEntry("server.oidc.redirect_url", .string(oidc.redirectURL), .usual),
    ]
    return entries
  }

  /// Files that hold secrets are named, and not read.
  private static var environmentEntries: [ConfigEntry] {
    let names = [
      KeyUnlock.passphraseVariable, KeyUnlock.identityVariable, "ESTEIRA_URL", "ESTEIRA_TOKEN_FILE",
      "ESTEIRA_CA_FILE", "ESTEIRA_LANG",
    ]
    return names.compactMap { name in
      Places.environment(name).map { ConfigEntry(name, .string($0), .environment(name)) }
    }
  }
}
