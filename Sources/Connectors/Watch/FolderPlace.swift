import Engine
import Model

/// A folder below a granted root, not opened yet.
struct FolderPlace: Sendable, Hashable {
  let root: String
  /// The names that lead to it from the root.
  let parts: [String]

  var path: String { ([root] + parts).joined(separator: "/") }

  init(_ path: String, in roots: FileRoots, writable: Bool) throws(Problem) {
    guard let (root, rest) = roots.place(of: path), root.isWritable || !writable else {
      throw Problem(
        "folder-not-granted",
        Bilingual(
          "The trigger may not \(writable ? "write" : "read") in the folder \(path).",
          pt: "O gatilho não pode \(writable ? "escrever" : "ler") na pasta \(path)."),
        remedy: Bilingual(
          "Grant it, or a folder above it, to this namespace in esteira.yaml.",
          pt: "Conceda-a, ou uma pasta acima dela, a este namespace no esteira.yaml."))
    }
    self.root = root.path
    parts = rest.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
  }

  private init(root: String, parts: [String]) { (self.root, self.parts) = (root, parts) }

  func below(_ name: String) -> FolderPlace { FolderPlace(root: root, parts: parts + [name]) }
}
