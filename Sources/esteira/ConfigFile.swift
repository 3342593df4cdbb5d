import CLI
import Connectors
import Engine
import Glibc
import Model
import Pipelines
import Synchronization
import Watchdog

/// `esteira.yaml` in the data folder: what the operator says of this installation. It may be missing.
///
///     groups: {compliance: [ana, bia]}
///     roots: {mitrarr: [/srv/mitrarr, {path: /srv/reference, access: read}]}
///     grants: {mitrarr/purge-events: [{may: [pause, resume, export, purge], pipelines: [mitrarr/*]}]}
///     connectors: [/srv/esteira/connectors]
///     destinations: [{name: ops, namespace: demo, kind: webhook, connection: c, events: [esteira.job.*]}]
///
/// Read anew for each question, so that a change needs no restart; destinations and connectors are read at
/// the start.
struct ConfigFile: Sendable {
  let folder: String
  var path: String { folder + "/esteira.yaml" }
  private static let largest = 1 << 20
  private static let usual = 16 << 10
  private static let keys = [
    "groups", "roots", "grants", "connectors", "destinations", "heartbeats", "alerts", "log", "server",
  ]

  init(folder: String) { self.folder = folder }

  /// The groups that a person is in, in the order of the file. `ana` and `local:ana` are the same person.
  func groups(of actor: String) throws(Problem) -> [String] {
    let person = ScalarString(Self.name(actor))
    return try groups().compactMap { group in
      group.members.contains { ScalarString(Self.name($0)) == person } ? group.name : nil
    }
  }

  /// Throws where the file cannot be understood.
  func check() throws(Problem) { try check(try read()) }

  func check(_ file: JSONObject) throws(Problem) {
    if let key = file.keys.first(where: { !Self.keys.contains($0) }) {
      throw wrong(Bilingual("there is no key \"\(key)\"", pt: "não existe a chave \"\(key)\""))
    }
    _ = try groups(file)
    _ = try RootReader(self, file).all()
    _ = try GrantReader(self, file).all()
    _ = try InstalledConnectors(folders: try ConnectorFolderReader(self, file).all())
    _ = try WatchReader(self, file).all()
    _ = try DestinationReader(self, file).all()
    _ = try ServerReader(self, file).setting()
    _ = try LogReader(self, file).setting()
  }

  /// The connectors in the folders that the operator names.
  func connectors() throws(Problem) -> InstalledConnectors {
    try InstalledConnectors(folders: try ConnectorFolderReader(self, try read()).all())
  }

  /// Where messages go.
  func destinations() throws(Problem) -> [DestinationEntry] { try DestinationReader(self, try read()).all() }

  /// Where the server listens.
  func server() throws(Problem) -> ServerSetting { try ServerReader(self, try read()).setting() }

  /// How the server tells of itself.
  func log() throws(Problem) -> LogSetting { try LogReader(self, try read()).setting() }

  /// The folders that the operator lets the pipelines of a namespace use, besides their own.
  func roots(of namespace: String) throws(Problem) -> [FileRoots.Root] {
    try RootReader(self, try read()).all().first { $0.namespace == namespace }?.roots ?? []
  }

  /// What a pipeline may do to others. Nothing without a grant, not even to itself.
  func grants(of pipeline: PipelineName) throws(Problem) -> [PipelineGrant] {
    try GrantReader(self, try read()).all().filter { $0.principal == pipeline }
  }

  /// Heartbeats that are expected, and whom alerts are told.
  func watching() throws(Problem) -> WatchConfiguration { try WatchReader(self, try read()).all() }

  private func groups() throws(Problem) -> [(name: String, members: [String])] { try groups(try read()) }

  private func groups(_ file: JSONObject) throws(Problem) -> [(name: String, members: [String])] {
    guard let groups = file["groups"] else { return [] }
    let lists = Bilingual(
      "groups maps each name to a list of users", pt: "groups liga cada nome a uma lista de usuários")
    guard case .object(let named) = groups else { throw wrong(lists) }
    var found: [(name: String, members: [String])] = []
    for group in named {
      let members = (group.value.array ?? []).compactMap(\.string)
      guard let all = group.value.array, all.count == members.count else { throw wrong(lists) }
      found.append((group.key, members))
    }
    return found
  }

  /// The last text that was understood, and what it says: attempts ask much more often than the file changes.
  private static let understood = Mutex<(bytes: [UInt8], file: JSONObject)?>(nil)

  /// The whole file as a map of the known keys; empty where it is missing.
  private func read() throws(Problem) -> JSONObject {
    guard let bytes = try bytes() else { return JSONObject() }
    if let last = Self.understood.withLock({ $0 }), last.bytes == bytes { return last.file }
    guard case .object(let file) = try JSON(definition: bytes) else {
      throw wrong(Bilingual("it is no map", pt: "não é um mapa"))
    }
    if let key = file.keys.first(where: { !Self.keys.contains($0) }) {
      throw wrong(Bilingual("there is no key \"\(key)\"", pt: "não existe a chave \"\(key)\""))
    }
    Self.understood.withLock { $0 = (bytes, file) }
    return file
  }

  /// Nil where it is missing.
  func bytes() throws(Problem) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    if file < 0, errno == ENOENT { return nil }
    guard file >= 0 else { throw wrong(.systemReason(errno)) }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: Self.usual)
    var length = 0
    while length < bytes.count {
      let count = bytes[length...].withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw wrong(.systemReason(errno)) }
      if count == 0 { return Array(bytes.prefix(length)) }
      length += count
      if length == bytes.count { bytes += repeatElement(0, count: Self.largest - length) }
    }
    throw wrong(Bilingual("it is larger than 1 MiB", pt: "tem mais de 1 MiB"))
  }

  func wrong(_ reason: Bilingual, remedy: Bilingual? = nil) -> Problem {
    let example = "groups: {compliance: [ana, bia]}"
    return Problem(
      "bad-config",
      Bilingual(
        "\(path) cannot be used: \(reason.english).", pt: "\(path) não pode ser usado: \(reason.portuguese)."
      ),
      remedy: remedy ?? Bilingual("Write it as: \(example)", pt: "Escreva assim: \(example)"))
  }

  private static func name(_ actor: String) -> String {
    actor.hasPrefix("local:") ? String(actor.dropFirst("local:".count)) : actor
  }
}
