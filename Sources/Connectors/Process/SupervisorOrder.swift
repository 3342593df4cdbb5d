import CSystem
import Glibc

/// What a supervisor is told on its command line. The program's environment is the supervisor's own.
struct SupervisorOrder: Equatable {
  /// Where `lock`, `started` and `end` lie.
  var folder: String
  var workFolder: String
  /// Milliseconds between SIGTERM and SIGKILL.
  var grace: Int64
  var limits: [Limit] = []
  var hasExtra = false
  var program: String
  /// With the program's own name first.
  var arguments: [String]

  struct Limit: Equatable {
    var resource: Int32
    var value: UInt64
  }

  init(folder: String, workFolder: String, grace: Int64, program: String, arguments: [String]) {
    (self.folder, self.workFolder, self.grace) = (folder, workFolder, grace)
    (self.program, self.arguments) = (program, arguments)
  }

  /// `--folder F --cwd W --grace MS [--limit as=BYTES]… [--extra] -- PROGRAM ARG0 …`; nil for anything else.
  init?(arguments: [String]) {
    guard let border = arguments.firstIndex(of: "--"), arguments.count >= border + 3 else { return nil }
    self.init(
      folder: "", workFolder: "", grace: -1, program: arguments[border + 1],
      arguments: Array(arguments[(border + 2)...]))
    var position = 0
    while position < border {
      switch arguments[position] {
      case "--folder": folder = arguments[position + 1]
      case "--cwd": workFolder = arguments[position + 1]
      case "--grace": grace = Int64(arguments[position + 1]) ?? -1
      case "--limit":
        guard let limit = Limit(arguments[position + 1]) else { return nil }
        limits.append(limit)
      case "--extra": (hasExtra, position) = (true, position - 1)
      default: return nil
      }
      position += 2
    }
    if folder.isEmpty || workFolder.isEmpty || grace < 0 { return nil }
  }

  /// The command line that `init(arguments:)` reads, given the limits by name.
  func commandLine(limits: [(name: String, value: UInt64)]) -> [String] {
    var line = ["--folder", folder, "--cwd", workFolder, "--grace", "\(grace)"]
    for limit in limits { line += ["--limit", "\(limit.name)=\(limit.value)"] }
    if hasExtra { line.append("--extra") }
    return line + ["--", program] + arguments
  }
}

extension SupervisorOrder.Limit {
  init?(_ text: String) {
    let parts = text.split(separator: "=", maxSplits: 1)
    guard parts.count == 2, let value = UInt64(parts[1]) else { return nil }
    let resource = esteira_limit_named(String(parts[0]))
    guard resource >= 0 else { return nil }
    self.init(resource: resource, value: value)
  }
}

/// A null-terminated array of C strings that lives as long as this value's class does.
final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    pointers = .allocate(capacity: count + 1)
    for (index, string) in strings.enumerated() { pointers[index] = strdup(string) }
    pointers[count] = nil
  }

  deinit {
    for index in 0..<count { free(pointers[index]) }
    pointers.deallocate()
  }
}

/// `NAME=value` lines of this process.
func currentEnvironment() -> [String] {
  var lines: [String] = []
  guard var next = esteira_environment() else { return [] }
  while let line = next.pointee {
    lines.append(String(cString: line))
    next += 1
  }
  return lines
}
