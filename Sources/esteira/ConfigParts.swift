import Engine
import Model
import Pipelines

/// `roots:` of `esteira.yaml`: by namespace, absolute paths, or maps of `path` and `access: read | write`.
struct RootReader {
  private let config: ConfigFile
  private let file: JSONObject

  init(_ config: ConfigFile, _ file: JSONObject) { (self.config, self.file) = (config, file) }

  func all() throws(Problem) -> [(namespace: String, roots: [FileRoots.Root])] {
    guard let roots = file["roots"] else { return [] }
    guard case .object(let named) = roots else { throw wrong }
    var found: [(namespace: String, roots: [FileRoots.Root])] = []
    for entry in named {
      guard let list = entry.value.array else { throw wrong }
      var roots: [FileRoots.Root] = []
      for element in list { roots.append(try root(element)) }
      found.append((entry.key, roots))
    }
    return found
  }

  private func root(_ json: JSON) throws(Problem) -> FileRoots.Root {
    if let path = json.string { return FileRoots.Root(path: try checked(path), isWritable: true) }
    guard let map = json.object, let path = map["path"]?.string,
      map.keys.allSatisfy({ ["path", "access"].contains($0) }),
      let access = map["access"].map({ $0.string }) ?? "write", ["read", "write"].contains(access)
    else { throw wrong }
    return FileRoots.Root(path: try checked(path), isWritable: access == "write")
  }

  /// Whoever could write the data folder would hold its master key. By what the paths lead to, not by how
  /// they are written: a link or a `..` must not hide it.
  private func checked(_ path: String) throws(Problem) -> String {
    let parts = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    let clean = "/" + parts.joined(separator: "/")
    guard path.utf8.first == UInt8(ascii: "/"), !parts.isEmpty,
      !parts.contains(where: { [".", ".."].contains($0) })
    else { throw wrong }
    let (data, root) = (Places.real(config.folder), Places.real(clean))
    guard !data.starts(with: root), !root.starts(with: data) else {
      throw config.wrong(
        Bilingual(
          "the root \(clean) and the data folder lie in one another",
          pt: "a raiz \(clean) e a pasta de dados estão uma dentro da outra"),
        remedy: Bilingual(
          "Choose a folder beside the data folder.", pt: "Escolha uma pasta ao lado da pasta de dados."))
    }
    return clean
  }

  private var wrong: Problem {
    let example = "roots: {mitrarr: [/srv/mitrarr, {path: /srv/reference, access: read}]}"
    return config.wrong(
      Bilingual(
        "roots maps each namespace to a list of absolute paths",
        pt: "roots liga cada namespace a uma lista de caminhos absolutos"),
      remedy: Bilingual("Write it as: \(example)", pt: "Escreva assim: \(example)"))
  }
}

/// `grants:` of `esteira.yaml`: by pipeline, lists of `{may, pipelines}`.
struct GrantReader {
  private let config: ConfigFile
  private let file: JSONObject

  init(_ config: ConfigFile, _ file: JSONObject) { (self.config, self.file) = (config, file) }

  func all() throws(Problem) -> [PipelineGrant] {
    guard let grants = file["grants"] else { return [] }
    guard case .object(let named) = grants else { throw wrong }
    var found: [PipelineGrant] = []
    for entry in named {
      guard let principal = Self.pipeline(entry.key), principal.name != "*", let list = entry.value.array
      else {
        throw wrong
      }
      for element in list { found.append(try grant(element, principal)) }
    }
    return found
  }

  private func grant(_ json: JSON, _ principal: PipelineName) throws(Problem) -> PipelineGrant {
    guard let map = json.object, map.keys.allSatisfy({ ["may", "pipelines"].contains($0) }),
      let words = map["may"]?.array, let names = map["pipelines"]?.array
    else { throw wrong }
    let rights = words.compactMap { $0.string.flatMap(PipelineGrant.Right.init(rawValue:)) }
    let targets = names.compactMap { $0.string.flatMap(Self.pipeline) }
    guard rights.count == words.count, targets.count == names.count else { throw wrong }
    return PipelineGrant(principal: principal, rights: rights, targets: targets)
  }

  /// `namespace/name`, where the name may be `*`.
  private static func pipeline(_ text: String) -> PipelineName? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), parts[0] != "*" else { return nil }
    return PipelineName(namespace: String(parts[0]), name: String(parts[1]))
  }

  private var wrong: Problem {
    let example = "grants: {mitrarr/purge-events: [{may: [pause, resume], pipelines: [mitrarr/*]}]}"
    let words = PipelineGrant.Right.allCases.map(\.rawValue).joined(separator: ", ")
    return config.wrong(
      Bilingual(
        "grants maps each pipeline to a list of maps with may (\(words)) and pipelines",
        pt: "grants liga cada pipeline a uma lista de mapas com may (\(words)) e pipelines"),
      remedy: Bilingual("Write it as: \(example)", pt: "Escreva assim: \(example)"))
  }
}

/// `connectors:` of `esteira.yaml`: absolute paths of folders with connectors in any language.
struct ConnectorFolderReader {
  private let config: ConfigFile
  private let file: JSONObject
  private static let limit = 64

  init(_ config: ConfigFile, _ file: JSONObject) { (self.config, self.file) = (config, file) }

  func all() throws(Problem) -> [String] {
    guard let json = file["connectors"] else { return [] }
    let folders = (json.array ?? []).compactMap(\.string)
    guard let all = json.array, all.count == folders.count, all.count <= Self.limit,
      folders.allSatisfy({ $0.utf8.first == UInt8(ascii: "/") })
    else {
      throw config.wrong(
        Bilingual(
          "connectors is a list of at most \(Self.limit) absolute paths of folders",
          pt: "connectors é uma lista de no máximo \(Self.limit) caminhos absolutos de pastas"),
        remedy: Bilingual(
          "Write it as: connectors: [/srv/esteira/connectors]",
          pt: "Escreva assim: connectors: [/srv/esteira/connectors]"))
    }
    return folders.map(Places.absolute)
  }
}
