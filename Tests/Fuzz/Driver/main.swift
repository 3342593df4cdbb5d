import CFuzzer
import Glibc

/// `FUZZ_TARGET=name Fuzz [options of libFuzzer] FOLDER…` fuzzes one target; without the variable it lists
/// their names. `scripts/fuzz.sh` gives the options.
enum Chosen {
  static let target: FuzzTarget? = {
    guard let name = getenv("FUZZ_TARGET") else { return nil }
    let wanted = String(cString: name)
    return FuzzTarget.all.first { $0.name == wanted }
  }()
}

guard Chosen.target != nil else {
  for target in FuzzTarget.all { print(target.name) }
  exit(getenv("FUZZ_TARGET") == nil ? 0 : 64)
}

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(
  LLVMFuzzerRunDriver(&count, &arguments) { start, count in
    let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
    if let broken = Chosen.target?.trial(of: bytes, within: .optimised) {
      let line = Array("BROKEN: \(broken.sentence)\n".utf8)
      write(STDERR_FILENO, line, line.count)
      // The fuzzer keeps the input of a process that aborts.
      abort()
    }
    return 0
  })
