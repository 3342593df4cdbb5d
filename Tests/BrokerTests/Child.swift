import CSystem
import Foundation
import Synchronization

/// A program that a test has started, in a session of its own. Foundation's `Process` waits on where another
/// program that was started meanwhile has taken over its descriptors.
final class Child: Sendable {
  let pid: pid_t
  private let output: Int32
  private let status = Mutex<Int32?>(nil)

  /// `errors`: a file for what it says on standard error; else that is read with the rest.
  init(
    _ words: [String], environment: [String: String]? = nil, folder: String? = nil, errors: String? = nil
  ) throws {
    var words = words
    if let folder { words = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder] + words }
    var ends: [Int32] = [0, 0]
    guard esteira_pipe(&ends) == 0 else { throw Tool.Failure(description: "no pipe") }
    let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
    let faults = errors.map { esteira_open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) } ?? ends[1]
    let variables = environment ?? ProcessInfo.processInfo.environment
    var arguments = (words.map { strdup($0) }) + [nil]
    var settings = (variables.map { strdup("\($0.key)=\($0.value)") }) + [nil]
    defer { for text in arguments + settings { free(text) } }
    var pid = pid_t()
    let code = esteira_spawn(words[0], &arguments, &settings, input, ends[1], faults, input, -1, &pid)
    for file in Set([input, ends[1], faults]) { close(file) }
    guard code == 0 else { throw Tool.Failure(description: "\(words[0]): \(code)") }
    (self.pid, output) = (pid, ends[0])
  }

  deinit { close(output) }

  /// Nil at the end.
  private func more() -> String? {
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = read(output, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
  }

  /// All that it says.
  func text() -> String {
    var said = ""
    while let more = more() { said += more }
    return said
  }

  /// What it says until this comes, or until it ends. What it says later is thrown away.
  func says(_ word: String) -> (said: String, came: Bool) {
    var said = ""
    while !said.contains(word), let more = more() { said += more }
    Thread { [self] in while more() != nil {} }.start()
    return (said, said.contains(word))
  }

  func signal(_ number: Int32) { if status.withLock({ $0 == nil }) { Foundation.kill(pid, number) } }

  /// With all that it has started and that did not leave its session.
  func killAll() {
    Foundation.kill(-pid, SIGKILL)
    signal(SIGKILL)
    wait()
  }

  var hasEnded: Bool {
    status.withLock { status in
      if status != nil { return true }
      var code: Int32 = 0
      guard waitpid(pid, &code, WNOHANG) == pid else { return false }
      status = code & 0x7F == 0 ? (code >> 8) & 0xFF : -(code & 0x7F)
      return true
    }
  }

  /// Its exit code, or the negative of the signal that ended it.
  @discardableResult
  func wait() -> Int32 {
    status.withLock { status in
      if let status { return status }
      var code: Int32 = 0
      while waitpid(pid, &code, 0) < 0, errno == EINTR {}
      let end = code & 0x7F == 0 ? (code >> 8) & 0xFF : -(code & 0x7F)
      status = end
      return end
    }
  }
}
