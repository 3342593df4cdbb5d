import Engine
import Glibc
import Model
import Pipelines

/// Reads `connector.yaml` of a folder. Blocks.
struct ManifestReader {
  let folder: String
  private var path: String { "\(folder)/\(ConnectorManifest.fileName)" }

  private static let sizeLimit = 1 << 20
  private static let nameLimit = 63
  private static let wordLimit = 64
  private static let longestTimeout: Duration = .seconds(7 * 86_400)
  private static let keys = [
    "apiVersion", "name", "version", "title", "summary", "level", "command", "environment", "effect",
    "connection", "with", "output", "timeout", "heartbeat", "checkpoints", "test",
  ]

  func manifest() throws(Problem) -> ConnectorManifest {
    try checkOwner(folder)
    try checkOwner(path)
    guard let bytes = SmallFile.read(path, limit: Self.sizeLimit) else {
      throw wrong("it cannot be read, or has more than 1 MiB", "não pode ser lido, ou tem mais de 1 MiB")
    }
    guard let file = try definition(bytes).object else { throw wrong("it is no map", "não é um mapa") }
    if let key = file.keys.first(where: { !Self.keys.contains($0) }) {
      throw wrong("there is no key `\(key)`", "não existe a chave `\(key)`")
    }
    guard file["apiVersion"]?.string == ConnectorManifest.apiVersion else {
      let word = ConnectorManifest.apiVersion
      throw wrong("`apiVersion` is not `\(word)`", "`apiVersion` não é `\(word)`")
    }
    let level = try level(file["level"])
    let manifest = ConnectorManifest(
      name: try name(file["name"]), version: try version(file["version"]),
      title: try text(file["title"], "title"), summary: try text(file["summary"] ?? file["title"], "summary"),
      level: level, folder: folder, command: try command(file["command"]),
      environment: try environment(file["environment"]), effect: try effect(file["effect"]),
      connection: try connection(file["connection"]), with: try schema(file["with"], "with"),
      output: try schema(file["output"], "output"),
      timeout: try duration(file["timeout"], "timeout") ?? .seconds(3_600),
      heartbeat: try duration(file["heartbeat"], "heartbeat"),
      keepsCheckpoints: try flag(file["checkpoints"], "checkpoints"), test: try trial(file["test"], file))
    if level == .files, manifest.keepsCheckpoints || manifest.heartbeat != nil {
      throw wrong(
        "level 0 has neither `checkpoints` nor `heartbeat`", "o nível 0 não tem `checkpoints` nem `heartbeat`"
      )
    }
    return manifest
  }

  /// Whoever can write there decides what the node runs.
  private func checkOwner(_ path: String) throws(Problem) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw wrong("it is not there", "não existe")
    }
    guard status.st_mode & S_IWOTH == 0, [0, geteuid()].contains(status.st_uid) else {
      throw wrong(
        "\(path) may be written by others than its owner, who has to be root or the user of the server",
        "\(path) pode ser gravado por outros além do dono, que tem de ser root ou o usuário do servidor")
    }
  }

  private func definition(_ bytes: [UInt8]) throws(Problem) -> JSON {
    do throws(Problem) { return try JSON(definition: bytes) } catch {
      throw wrong(error.message.english, error.message.portuguese)
    }
  }

  private func name(_ json: JSON?) throws(Problem) -> String {
    let parts = (json?.string ?? "").split(separator: ".", omittingEmptySubsequences: false)
    guard let name = json?.string, name.utf8.count <= Self.nameLimit, (2...4).contains(parts.count),
      parts.allSatisfy({ Self.isWord($0) })
    else {
      throw wrong(
        "`name` is not two to four words of a-z, 0-9 and _ with points between, such as acme.orders",
        "`name` não são duas a quatro palavras de a-z, 0-9 e _ com pontos entre elas, como acme.orders")
    }
    return name
  }

  private static func isWord(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else {
      return false
    }
    return text.utf8.allSatisfy {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_")
    }
  }

  private func version(_ json: JSON?) throws(Problem) -> String {
    let parts = (json?.string ?? "").split(separator: ".", omittingEmptySubsequences: false)
    guard let version = json?.string, parts.count == 3, parts.allSatisfy({ UInt16($0) != nil }),
      parts[0] != "0"
    else {
      throw wrong(
        "`version` is not three numbers such as \"1.0.0\", the first at least 1",
        "`version` não são três números como \"1.0.0\", o primeiro pelo menos 1")
    }
    return version
  }

  /// A text, or one a language.
  private func text(_ json: JSON?, _ key: String) throws(Problem) -> Bilingual {
    if let text = json?.string, !text.isEmpty { return Bilingual(text, pt: text) }
    if let english = json?["en"]?.string, let portuguese = json?["pt-BR"]?.string {
      return Bilingual(english, pt: portuguese)
    }
    throw wrong(
      "`\(key)` is neither a text nor a map of `en` and `pt-BR`",
      "`\(key)` não é um texto nem um mapa de `en` e `pt-BR`")
  }

  private func level(_ json: JSON?) throws(Problem) -> ProtocolLevel {
    guard let number = json?.int, let level = ProtocolLevel(rawValue: Int(clamping: number)) else {
      throw wrong("`level` is not 0, 1 or 2", "`level` não é 0, 1 ou 2")
    }
    return level
  }

  private func command(_ json: JSON?) throws(Problem) -> [String] {
    let words = (json?.array ?? []).compactMap(\.string)
    guard let all = json?.array, all.count == words.count, (1...Self.wordLimit).contains(words.count),
      words.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(0) })
    else {
      throw wrong(
        "`command` is not a list of 1 to \(Self.wordLimit) texts, the program first",
        "`command` não é uma lista de 1 a \(Self.wordLimit) textos, o programa primeiro")
    }
    return words
  }

  private func environment(_ json: JSON?) throws(Problem) -> [(name: String, value: String)] {
    guard let json else { return [] }
    var pairs: [(name: String, value: String)] = []
    for member in json.object ?? JSONObject() {
      guard let value = member.value.string, ScriptInput.isEnvironmentName(member.key),
        !member.key.hasPrefix("ESTEIRA_"), !value.utf8.contains(0)
      else {
        throw wrong(
          "`environment.\(member.key)` is no text, or its name may not be used",
          "`environment.\(member.key)` não é um texto, ou o nome não pode ser usado")
      }
      pairs.append((member.key, value))
    }
    guard json.object != nil else { throw wrong("`environment` is no map", "`environment` não é um mapa") }
    return pairs
  }

  private func effect(_ json: JSON?) throws(Problem) -> EffectClass {
    guard let word = json?.string, let effect = EffectClass(rawValue: word), effect != .reattachable else {
      throw wrong(
        "`effect` is not pure, keyed or once: say once where it may not happen twice",
        "`effect` não é pure, keyed nem once: diga once quando não pode acontecer duas vezes")
    }
    return effect
  }

  private func connection(_ json: JSON?) throws(Problem) -> ConnectorDescription.ConnectionRule {
    guard let json else { return .none }
    guard let map = json.object, let kind = map["kind"]?.string, !kind.isEmpty,
      map.keys.allSatisfy({ ["kind", "required"].contains($0) }),
      let isRequired = map["required"].map({ $0.bool }) ?? true
    else {
      throw wrong(
        "`connection` is no map of `kind` and `required`", "`connection` não é um mapa de `kind` e `required`"
      )
    }
    return isRequired ? .required(kind: kind) : .optional(kind: kind)
  }

  private func schema(_ json: JSON?, _ key: String) throws(Problem) -> JSON {
    guard let json, json["type"]?.string == "object" else {
      throw wrong(
        "`\(key)` is no JSON Schema of an object", "`\(key)` não é um JSON Schema de um objeto")
    }
    do throws(SchemaFaults) { _ = try JSONSchema(json) } catch {
      let fault = error.faults.first
      let words = fault?.message ?? Bilingual("it is no JSON Schema", pt: "não é um JSON Schema")
      let place = "`\(key)`\(fault?.pointer ?? "")"
      throw wrong("\(place): \(words.english)", "\(place): \(words.portuguese)")
    }
    return json
  }

  private func duration(_ json: JSON?, _ key: String) throws(Problem) -> Duration? {
    guard let json else { return nil }
    guard let duration = json.string.flatMap({ Duration(text: $0) }),
      duration >= .seconds(1), duration <= Self.longestTimeout
    else {
      throw wrong(
        "`\(key)` is no duration of 1s to 7d, such as 10m", "`\(key)` não é uma duração de 1s a 7d, como 10m")
    }
    return duration
  }

  private func flag(_ json: JSON?, _ key: String) throws(Problem) -> Bool {
    guard let json else { return false }
    guard let flag = json.bool else {
      throw wrong("`\(key)` is not true or false", "`\(key)` não é true nem false")
    }
    return flag
  }

  private func trial(_ json: JSON?, _ file: JSONObject) throws(Problem) -> ConnectorManifest.Trial {
    guard let json else { return .init(with: [:]) }
    guard let map = json.object,
      map.keys.allSatisfy({ ["with", "bad", "slow", "connection"].contains($0) }),
      map.allSatisfy({ $0.value.object != nil })
    else {
      throw wrong(
        "`test` is no map of maps `with`, `bad`, `slow` and `connection`",
        "`test` não é um mapa de mapas `with`, `bad`, `slow` e `connection`")
    }
    var trial = ConnectorManifest.Trial(with: map["with"] ?? [:], bad: map["bad"], slow: map["slow"])
    guard let connection = map["connection"] else { return trial }
    let kind = file["connection"]?["kind"]?.string ?? ""
    trial.connection = Connection(
      namespace: "conformance", name: "test", kind: kind, address: connection["address"] ?? [:])
    if let credential = connection["credential"], let type = credential["type"]?.string {
      let values = (credential["values"]?.object ?? JSONObject()).map { ($0.key, $0.value.string ?? "") }
      trial.credential = Credential(name: "test", type: type, values: values.map { ($0, Secret($1)) })
    }
    return trial
  }

  private func wrong(_ english: String, _ portuguese: String) -> Problem {
    Problem(
      "bad-connector",
      Bilingual("\(path) cannot be used: \(english).", pt: "\(path) não pode ser usado: \(portuguese)."),
      remedy: Bilingual(
        "`docs/connector-protocol.md` says what a manifest holds; `esteira-sdk new` makes a folder with one.",
        pt:
          "`docs/connector-protocol.md` diz o que um manifesto contém; `esteira-sdk new` cria uma pasta com "
          + "um."))
  }
}
