import Glibc
import Model

/// Small files that only their owner may read.
enum PrivateFile {
  static let largest = 1 << 20

  /// Nil where there is none. One that others can read or write is refused, unless it is no plain file, such
  /// as a pipe.
  static func read(_ path: String, code: String) throws(Problem) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    if file < 0, errno == ENOENT { return nil }
    guard file >= 0 else { throw fault(code, path, .systemReason(errno)) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw fault(code, path, .systemReason(errno)) }
    if status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 {
      throw fault(code, path, Bilingual("others can read it", pt: "outros podem lê-lo"))
    }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 * 1_024)
    while bytes.count <= largest {
      let count = Glibc.read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw fault(code, path, .systemReason(errno)) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
    throw fault(code, path, Bilingual("it is larger than 1 MiB", pt: "tem mais de 1 MiB"))
  }

  /// Whole or not at all, also when the power fails. Its folder is there; whoever writes holds its lock.
  static func write(_ bytes: [UInt8], to path: String, code: String) throws(Problem) {
    let temporary = "\(path).\(getpid()).new"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw fault(code, path, .systemReason(errno)) }
    let isWritten = fchmod(file, 0o600) == 0 && writeAll(bytes, to: file) && fsync(file) == 0
    let reason = errno
    close(file)
    guard isWritten else {
      unlink(temporary)
      throw fault(code, path, .systemReason(reason))
    }
    guard rename(temporary, path) == 0 else {
      let reason = errno
      unlink(temporary)
      throw fault(code, path, .systemReason(reason))
    }
    syncFolder(of: path)
  }

  /// With its parents, for the owner alone.
  static func makeFolder(_ path: String, code: String) throws(Problem) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw fault(code, path, .systemReason(errno))
    }
    try makeFolder(String(path[..<slash]), code: code)
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw fault(code, path, .systemReason(errno)) }
  }

  private static func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Some file systems cannot; the name is then as safe as they make it.
  private static func syncFolder(of path: String) {
    guard let slash = path.lastIndex(of: "/") else { return }
    let folder = open(String(path[...slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  static func fault(_ code: String, _ path: String, _ reason: Bilingual) -> Problem {
    Problem(
      code,
      Bilingual(
        "\(path.printable) cannot be used: \(reason.english).",
        pt: "Não foi possível usar \(path.printable): \(reason.portuguese)."),
      remedy: Bilingual(
        "It has to be a file of yours that only you can read: chmod 600.",
        pt: "Precisa ser um arquivo seu que só você pode ler: chmod 600."))
  }
}
