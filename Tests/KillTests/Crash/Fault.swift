import Foundation
import Testing

/// What goes wrong with the calls by which a server changes its files. `Tests/Faults/faults.c` does it.
struct Fault: Sendable, CustomStringConvertible {
  enum Kind: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case count
    case killBefore = "kill-before"
    case killAfter = "kill-after"
    case power, error, full, short

    var testDescription: String { rawValue }

    /// Whether the process is killed, so that its next life must bring everything to its end.
    var kills: Bool { self == .killBefore || self == .killAfter || self == .power }
  }

  var kind: Kind
  /// The number of the call; for `error` that of the sync.
  var place = 0
  var seed: UInt64 = 0
  /// For `full`: so many writes find no space.
  var times = 1
  /// Only the calls on files of this name count.
  var file: String?

  var description: String {
    let name = file.map { " of \($0)" } ?? ""
    return "\(kind.rawValue) \(place)\(name)" + (seed == 0 ? "" : " seed \(seed)")
  }

  /// For a server in this installation.
  func environment(_ installation: Installation) throws -> [String: String] {
    var variables = [
      "LD_PRELOAD": try FaultLibrary.built.get(), "FAULTS_ROOT": installation.folder.path,
      "FAULTS_REPORT": Self.report(installation), "FAULTS_MODE": kind.rawValue, "FAULTS_AT": "\(place)",
      "FAULTS_FOR": "\(times)", "FAULTS_SEED": "\(seed)",
    ]
    if let file { variables["FAULTS_NAME"] = file }
    return variables
  }

  fileprivate static func report(_ installation: Installation) -> String {
    installation.aside.appending(path: "report").path
  }
}

/// `struct report` of `Tests/Faults/faults.c`.
struct FaultReport: Sendable {
  var calls = 0
  var syncs = 0
  var writes = 0
  /// So many calls went wrong.
  var struck = 0
  /// The first of them.
  var what = ""

  init(_ installation: Installation) throws {
    let bytes = try Data(contentsOf: URL(filePath: Fault.report(installation)))
    let numbers = (0..<4).map { place in
      bytes.dropFirst(place * 8).prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    (calls, syncs, writes, struck) = (numbers[0], numbers[1], numbers[2], numbers[3])
    what = String(decoding: bytes.dropFirst(32).prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// The library that is preloaded, compiled once by the compiler that comes with Swift.
private enum FaultLibrary {
  static let built = Result { try build() }

  private static func build() throws -> String {
    let sources = Installation.root.appending(path: "Tests/Faults").path
    let library = Installation.root.appending(path: ".build/faults.so").path
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c",
      """
      clang -shared -fPIC -O1 -Wall -Wextra -Werror -fuse-ld=lld -o "$0.$$" "$1"/*.c && mv "$0.$$" "$0"
      """, library, sources,
    ]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "The library of faults does not compile.")
    return library
  }
}
