public import Engine
import Glibc
public import Model

/// The connectors that lie in folders which the operator names in `esteira.yaml`.
public struct InstalledConnectors: Sendable {
  /// In the order of their names.
  public var manifests: [ConnectorManifest]
  static let limit = 500

  public static let none = InstalledConnectors(manifests: [])

  init(manifests: [ConnectorManifest]) { self.manifests = manifests }

  /// Each folder is a connector, or holds folders that are; what has no `connector.yaml` is passed over.
  /// Blocks.
  public init(folders: [String]) throws(Problem) {
    manifests = []
    for folder in folders {
      guard case .folder? = Folders.kind(of: folder) else { throw Self.noFolder(folder) }
      let places = [folder] + Folders.names(in: folder).map { "\(folder)/\($0)" }
      for place in places where Folders.isFile("\(place)/\(ConnectorManifest.fileName)") {
        try add(try ManifestReader(folder: place).manifest())
      }
    }
    manifests.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private mutating func add(_ manifest: ConnectorManifest) throws(Problem) {
    let families = Set(Catalog.descriptions.map { $0.name.prefix { $0 != "." } })
    let reason: Bilingual? =
      if families.contains(manifest.name.prefix(while: { $0 != "." })) {
        Bilingual(
          "its first word belongs to the connectors of this build",
          pt: "a primeira palavra pertence aos conectores desta versão")
      } else if let other = manifests.first(where: { $0.name == manifest.name }) {
        Bilingual("\(other.folder) has that name too", pt: "\(other.folder) também tem esse nome")
      } else if manifests.count >= Self.limit {
        Bilingual("there are more than \(Self.limit)", pt: "há mais de \(Self.limit)")
      } else {
        nil
      }
    if let reason {
      throw Problem(
        "bad-connector",
        Bilingual(
          "The connector \(manifest.name) in \(manifest.folder) cannot be used: \(reason.english).",
          pt: "O conector \(manifest.name) em \(manifest.folder) não pode ser usado: \(reason.portuguese)."),
        remedy: Bilingual("Rename it, or take it away.", pt: "Mude o nome, ou retire-o."))
    }
    manifests.append(manifest)
  }

  private static func noFolder(_ path: String) -> Problem {
    Problem(
      "bad-connector",
      Bilingual(
        "There is no folder \(path), which `connectors` of esteira.yaml names.",
        pt: "Não existe a pasta \(path), que `connectors` do esteira.yaml indica."),
      remedy: Bilingual("Make it, or take it out of the list.", pt: "Crie-a, ou retire-a da lista."))
  }

  /// Ready to run.
  public func all(children: ChildProcesses) -> [any Connector] {
    manifests.map { ExternalConnector(manifest: $0, children: children) }
  }

  public var descriptions: [ConnectorDescription] { manifests.map(\.description) }
}
