import CSystem
import Connectors
import Glibc
import Model

/// Where things lie on this machine.
enum Places {
  /// The data folder as an absolute path: the flag, `ESTEIRA_DATA`, or the usual place of this user.
  static func data(_ flag: String?) -> String {
    absolute(flag ?? environment("ESTEIRA_DATA") ?? usual)
  }

  private static var usual: String {
    if geteuid() == 0 { return "/var/lib/esteira" }
    if let state = environment("XDG_STATE_HOME") { return state + "/esteira" }
    return (environment("HOME") ?? "/tmp") + "/.local/state/esteira"
  }

  static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// With no `.`, no `..` and no slash too many, so that two spellings of a place are one text. Links stay,
  /// but for those before a `..`: what lies above a link is above what it leads to.
  static func absolute(_ path: String) -> String {
    let whole = path.utf8.first == UInt8(ascii: "/") ? path : (currentFolder ?? "") + "/" + path
    let parts = parts(of: whole)
    return Self.path(parts.contains(Array("..".utf8)) ? real(whole) : parts)
  }

  private static var currentFolder: String? {
    guard let folder = getcwd(nil, 0) else { return nil }
    defer { free(folder) }
    return String(cString: folder)
  }

  /// The names on the way to what an absolute path leads to, without a link, so far as it is there; names
  /// below that are as they are written. As bytes: that is how the system compares them.
  static func real(_ path: String) -> [[UInt8]] {
    if let found = realpath(path, nil) {
      defer { free(found) }
      return parts(of: String(cString: found))
    }
    var rest = parts(of: path)
    guard let last = rest.popLast() else { return [] }
    var above = real(Self.path(rest))
    if last == Array("..".utf8) { _ = above.popLast() } else { above.append(last) }
    return above
  }

  private static func parts(of path: String) -> [[UInt8]] {
    path.utf8.split(separator: UInt8(ascii: "/")).map(Array.init).filter { $0 != Array(".".utf8) }
  }

  private static func path(_ parts: [[UInt8]]) -> String {
    "/" + parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
  }

  /// The name of a uid, or its number.
  static func user(_ uid: uid_t) -> String {
    guard let entry = getpwuid(uid), let name = entry.pointee.pw_name else { return String(uid) }
    return String(cString: name)
  }

  static var host: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "node" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

/// Small work on folders, for places that only this program writes to.
enum Folder {
  /// With its parents, for the owner alone.
  static func make(_ path: String) -> Bool {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return false }
    return make(String(path[..<slash])) && (mkdir(path, 0o700) == 0 || errno == EEXIST)
  }

  /// All of it; links are removed, never followed. What is not there is no failure.
  static func remove(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      unlink(path)
      return
    }
    // Files beside a pipeline are laid out read-only.
    chmod(path, 0o700)
    for name in names(in: path) { remove(path + "/" + name) }
    rmdir(path)
  }

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

  static func write(_ bytes: [UInt8], to path: String, mode: mode_t) -> Bool {
    let file = esteira_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    defer { close(file) }
    return AtomicFile.writeAll(bytes, to: file) && fchmod(file, mode) == 0
  }
}
