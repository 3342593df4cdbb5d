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

  /// The folder of the file at that path.
  init(holding path: String, in roots: FileRoots, writable: Bool) throws(Problem) {
    let end = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
    try self.init(String(path[..<end]), in: roots, writable: writable)
  }

  private init(root: String, parts: [String]) { (self.root, self.parts) = (root, parts) }

  func below(_ name: String) -> FolderPlace { FolderPlace(root: root, parts: parts + [name]) }
}

/// Where files come from, and where they go.
struct ClaimPlaces: Sendable, Hashable {
  let source: FolderPlace
  /// Nil where files stay in place.
  let target: FolderPlace?

  init(_ spec: FilesTriggerSpec, in roots: FileRoots) throws(Problem) {
    switch spec.claim {
    case .mark:
      source = try FolderPlace(spec.path, in: roots, writable: false)
      target = nil
    case .move(let to):
      source = try FolderPlace(spec.path, in: roots, writable: true)
      target = try FolderPlace(to, in: roots, writable: true)
    }
  }

  /// As the paths of the batch say, whatever its trigger says by now: all its files come from one folder and
  /// go into one. Nil where it has no file.
  init?(of batch: FileBatch, in roots: FileRoots) throws(Problem) {
    guard let file = batch.files.first else { return nil }
    let isMoved = ScalarString(file.path) != ScalarString(file.originalPath)
    source = try FolderPlace(holding: file.originalPath, in: roots, writable: isMoved)
    target = isMoved ? try FolderPlace(holding: file.path, in: roots, writable: true) : nil
  }
}

/// An open folder that several hold, with the place that led to it.
final class OpenPlace {
  let place: FolderPlace
  let handle: FolderHandle

  init(_ place: FolderPlace, making: Bool = false) throws(WatchFailure) {
    self.place = place
    do throws(SystemError.Number) { handle = try FolderHandle.open(place, making: making) } catch {
      throw .folder(place.path, error)
    }
  }

  func sync() throws(WatchFailure) {
    do throws(SystemError.Number) { try handle.sync() } catch {
      throw .system(action: "sync the folder \(place.path)", error)
    }
  }
}
