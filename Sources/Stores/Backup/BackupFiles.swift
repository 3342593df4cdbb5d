internal import Crypto
internal import Glibc

/// Calls on whole files and trees, for backups. They block.
enum BackupFiles {
  private static let piece = 64 << 10

  /// Writes a copy, durably; the name of it is not yet. Answers the size and SHA-256 of what was read.
  static func copy(_ path: String, to target: String) throws(FileError) -> (size: Int64, sha256: String) {
    let output = try File.open(target, .create)
    let read = try pieces(of: path) { bytes throws(FileError) in try output.write(bytes) }
    try output.sync()
    return read
  }

  static func digest(_ path: String) throws(FileError) -> (size: Int64, sha256: String) {
    try pieces(of: path) { _ throws(FileError) in }
  }

  private static func pieces(
    of path: String, _ receive: ([UInt8]) throws(FileError) -> Void
  ) throws(FileError) -> (size: Int64, sha256: String) {
    let input = try File.open(path, .read)
    var hash = SHA256()
    var (size, bytes): (Int64, [UInt8]) = (0, [])
    while try input.read(into: &bytes, limit: piece) {
      hash.update(bytes)
      size += Int64(bytes.count)
      try receive(bytes)
    }
    return (size, Hex.encode(hash.finish()))
  }

  /// Gives a file that never changes a second name. False where that cannot be, such as on another disk.
  static func link(_ path: String, to target: String) -> Bool { Glibc.link(path, target) == 0 }

  enum Kind { case file, folder, other }

  /// Links are not followed; nil where nothing has the name.
  static func kind(of path: String) -> Kind? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    case _: return .other
    }
  }

  /// Empty where the folder cannot be read.
  static func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// The plain files below a folder, by their paths below it.
  static func files(below path: String) -> [String] {
    var found: [String] = []
    for name in names(in: path) {
      switch kind(of: path + "/" + name) {
      case .file: found.append(name)
      case .folder: found += files(below: path + "/" + name).map { name + "/" + $0 }
      case .other, nil: break
      }
    }
    return found
  }

  /// A folder with all that is in it; what is left of it harms nothing.
  static func remove(_ path: String) {
    if kind(of: path) == .folder {
      for name in names(in: path) { remove(path + "/" + name) }
      rmdir(path)
    } else {
      unlink(path)
    }
  }

  /// The path without links; nil where there is nothing.
  static func real(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
