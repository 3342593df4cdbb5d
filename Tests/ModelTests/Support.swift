import Foundation

/// SplitMix64: the same seed gives the same numbers everywhere.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// The other implementation that results are compared with.
enum Python {
  static let isThere = (try? run("", arguments: [])) != nil

  /// What the program prints; throws where it fails or `python3` is missing.
  ///
  /// `ofDebian`: the system's own, which has the packages of Debian.
  static func run(_ program: String, arguments: [String], ofDebian: Bool = false) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: ofDebian ? "/usr/bin/python3" : "/usr/bin/env")
    process.arguments = (ofDebian ? [] : ["python3"]) + ["-c", program] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    return data
  }

  /// Gives the program a file of these bytes as its first argument.
  static func run(_ program: String, on bytes: [UInt8]) throws -> Data {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try run(program, arguments: [file.path])
  }
}
