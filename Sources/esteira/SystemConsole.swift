import CLI
import Connectors
import Glibc

extension Console {
  /// Standard input, output and error of this process.
  static let system = Console(
    out: { write($0 + "\n", to: STDOUT_FILENO) },
    bytes: { bytes in _ = AtomicFile.writeAll(bytes, to: STDOUT_FILENO) },
    error: { write($0 + "\n", to: STDERR_FILENO) },
    input: { readAll() }, secret: { Terminal.secret($0) },
    terminalWidth: width())

  /// A reader that went away is no failure of the command.
  private static func write(_ text: String, to file: Int32) {
    _ = AtomicFile.writeAll(Array(text.utf8), to: file)
  }

  private static let inputLimit = 64 << 20

  private static func readAll() -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1_024)
    while bytes.count <= inputLimit {
      let count = read(STDIN_FILENO, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      bytes += buffer[..<count]
    }
    return bytes
  }

  private static func width() -> Int? {
    guard isatty(STDOUT_FILENO) == 1, Places.environment("TERM") != "dumb" else { return nil }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
