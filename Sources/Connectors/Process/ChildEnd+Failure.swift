import Glibc
import Model

extension ChildEnd {
  /// Returns for exit code 0 alone; any other end is a failure of the class that it stands for. `program`:
  /// what the message calls it, such as `script`.
  func check(_ program: String, lastWords: String) throws(Failure) {
    guard case .ended(let report) = self else {
      throw Failure(
        .lost, code: "supervisor-killed",
        "The \(program)'s supervisor was killed, so how the \(program) ended is unknown.")
    }
    switch (report.endedBy, report.end) {
    case (.asked, _), (.nodeGone, _):
      throw Failure(.cancelled, code: "confirmed", "The \(program) and all that it had started were ended.")
    case (.itself, .exited(0)): return
    case (.itself, .exited(let code)):
      throw Failure(
        Self.errorClass(exitCode: code), code: "exit-code",
        "The \(program) ended with exit code \(code)\(lastWords).")
    case (.itself, .signalled(_, outOfMemory: true)):
      throw Failure(
        .exit, code: "out-of-memory",
        "The system ended the \(program) because memory was short\(lastWords).")
    case (.itself, .signalled(let number, outOfMemory: false)):
      throw Failure(
        .exit, code: "killed-by-signal", "The \(program) was ended by signal \(number)\(lastWords).")
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

  /// Its end was not caused by the node.
  var isOfItself: Bool {
    switch self {
    case .ended(let report): report.endedBy == .itself
    case .supervisorLost: false
    }
  }
}
