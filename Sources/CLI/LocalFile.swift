import Glibc
import Model

/// Files that the user names, read whole.
enum LocalFile {
  /// Larger than anything that a command takes.
  static let limit = 64 << 20

  static func read(_ path: String) throws(Problem) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw cannotRead(path, errno) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1_024)
    while bytes.count <= limit {
      let count = Glibc.read(file, &buffer, buffer.count)
      if count < 0 { throw cannotRead(path, errno) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
    throw Problem(
      "file-too-large",
      Bilingual("\(path) is larger than 64 MiB.", pt: "\(path) é maior que 64 MiB."),
      remedy: Bilingual("Fetch large data in a step.", pt: "Busque dados grandes em um passo."))
  }

  private static func cannotRead(_ path: String, _ code: Int32) -> Problem {
    let reason = Bilingual.systemReason(code)
    return Problem(
      "file-not-found",
      Bilingual(
        "\(path) cannot be read: \(reason[.english]).",
        pt: "Não foi possível ler \(path): \(reason[.portuguese])."),
      remedy: Bilingual("Check the path.", pt: "Confira o caminho."))
  }

  /// Whether the owner may execute it.
  static func isExecutable(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IXUSR != 0
  }

  /// The real path, links resolved; nil where there is nothing.
  static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

extension Invocation {
  /// A file, or standard input for `-`.
  func readInput(_ file: String) throws(Problem) -> [UInt8] {
    file == "-" ? console.input() : try LocalFile.read(file)
  }
}
