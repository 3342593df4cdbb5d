import Engine
import Glibc
import Model

extension ScriptRun {
  /// Returns for exit code 0 alone; any other end is a failure of the class that it stands for.
  func check(_ end: ChildEnd, _ capture: StreamCapture) throws(Failure) {
    guard case .ended(let report) = end else {
      throw Failure(
        .lost, code: "supervisor-killed",
        "The script's supervisor was killed, so how the script ended is unknown.")
    }
    switch (report.endedBy, report.end) {
    case (.asked, _), (.nodeGone, _):
      throw Failure(.cancelled, code: "confirmed", "The script and all that it had started were ended.")
    case (.itself, .exited(0)): return
    case (.itself, .exited(let code)):
      throw Failure(
        Self.errorClass(exitCode: code), code: "exit-code",
        "The script ended with exit code \(code)\(lastWords(capture)).")
    case (.itself, .signalled(_, outOfMemory: true)):
      throw Failure(
        .exit, code: "out-of-memory",
        "The system ended the script because memory was short\(lastWords(capture)).")
    case (.itself, .signalled(let number, outOfMemory: false)):
      throw Failure(
        .exit, code: "killed-by-signal", "The script was ended by signal \(number)\(lastWords(capture)).")
    case (.itself, .cannotStart(E2BIG)):
      throw Failure(
        .data, code: "cannot-start-program",
        "The program could not be started: its arguments and environment are too long. Hand the large ones "
          + "over in `data`.")
    case (.itself, .cannotStart(let number)):
      throw Failure(
        .configuration, code: "cannot-start-program",
        "The program could not be started: \(SystemError.text(number)).")
    }
  }

  /// By the numbers of `sysexits.h`.
  static func errorClass(exitCode: Int32) -> ErrorClass {
    switch exitCode {
    case 75: .transient
    case 64, 78: .configuration
    case 65: .data
    case 77: .credential
    default: .exit
    }
  }

  /// The last line of the error stream, which mostly tells why; what a credential holds is hidden there.
  private func lastWords(_ capture: StreamCapture) -> String {
    capture.errors.text.split(separator: "\n").last.map { ": \($0.prefix(300))" } ?? ""
  }
}
