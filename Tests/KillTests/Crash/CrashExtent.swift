import Foundation

/// How much is done: a sample in `make test`, and all of it in `make crash`.
enum CrashExtent {
  private static func variable(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  static let isWhole = variable("CRASH") == "all"
  /// So many times a server is killed at a moment of chance.
  static let kills = variable("KILLS").flatMap(Int.init) ?? 24
  static let seed = variable("ESTEIRA_SEED").flatMap(UInt64.init) ?? 1
  /// `chain power 137`: one scenario, one fault or one place, to repeat what was found.
  static let only = (variable("ONLY") ?? "").split(separator: " ").map(String.init)
  /// As many of each kind work at the same time.
  static let workers = isWhole && only.count < 3 ? 2 : 1
  /// After so many losses of a kind the others of it are not looked for.
  static let mostLosses = 10

  static let scenarios = isWhole ? CrashScenarios.all : CrashScenarios.quick

  static func includes(_ scenario: String, _ kind: Fault.Kind) -> Bool {
    (only.isEmpty || only[0] == scenario) && (only.count < 2 || only[1] == kind.rawValue)
  }

  /// The places of one worker among so many. Of a sample they are spread evenly, for each kind elsewhere.
  static func places(_ total: Int, sample: Int, most: Int?, worker: Int, offset: Int) -> [Int] {
    if only.count > 2 { return [Int(only[2]) ?? 0] }
    let all = isWhole ? most ?? total : sample
    let step = max(1, total / max(1, all))
    // Neither at the same place for each kind, nor always near the start.
    let places = (0..<all).map { 1 + $0 * step + step * (offset * 5 % 8 + 1) / 9 % step }.filter {
      $0 <= total
    }
    return places.enumerated().filter { $0.offset % workers == worker }.map(\.element)
  }
}
