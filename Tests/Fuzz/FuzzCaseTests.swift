import Foundation
import Testing

/// The inputs that are kept: the first of each target, and those that once broke it.
private enum Kept {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "fuzz")
  static let folders = ["corpus", "found"]

  static func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)
      .filter { !$0.hasPrefix(".") }.sorted()
  }

  static func inputs(of target: FuzzTarget) throws -> [(path: String, bytes: [UInt8])] {
    try folders.filter { try names($0).contains(target.name) }.flatMap { folder in
      let folder = "\(folder)/\(target.name)"
      return try names(folder).map { name in
        let path = "\(folder)/\(name)"
        return (path, Array(try Data(contentsOf: root.appending(path: path))))
      }
    }
  }
}

@Suite("Inputs that a fuzzer kept", .timeLimit(.minutes(2)))
struct FuzzCaseTests {
  @Test("are read or refused in time, and no promise is broken", arguments: FuzzTarget.all.map(\.name))
  func kept(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let inputs = try Kept.inputs(of: target)
    #expect(!inputs.isEmpty, "fuzz/corpus/\(name) must hold a first input.")
    for input in inputs {
      let broken = target.trial(of: input.bytes, within: .debug)
      #expect(broken == nil, "fuzz/\(input.path): \(broken?.sentence ?? "")")
      #expect(input.bytes.count <= Bounds.longestInput, "fuzz/\(input.path) is too long to be tried.")
    }
  }

  @Test("lie in folders that are named like their targets", arguments: Kept.folders)
  func folders(folder: String) throws {
    #expect(Set(try Kept.names(folder)).subtracting(FuzzTarget.all.map(\.name)).isEmpty)
    #expect(Set(FuzzTarget.all.map(\.name)).count == FuzzTarget.all.count)
  }

  @Test("that take too long or break a promise are told")
  func bounds() {
    let slow = FuzzTarget(name: "slow") { _ throws(Broken) in
      var sum = 0
      for number in 0..<2_000_000 { sum &+= number &* number }
      try promise(sum != 1, "")
    }
    let within = Bounds(time: .microseconds(10), growth: nil)
    #expect(slow.trial(of: [1], within: within)?.sentence.hasPrefix("slow took") == true)
    let wrong = FuzzTarget(name: "wrong") { bytes throws(Broken) in
      try promise(bytes.isEmpty, "It is not empty.")
    }
    #expect(wrong.trial(of: [1], within: .debug)?.sentence == "It is not empty.")
    #expect(wrong.trial(of: [], within: .debug) == nil)
  }

  @Test("come in every way that a stream may cut them")
  func pieces() {
    let bytes = [UInt8](0..<20)
    for way in Pieces.ways {
      #expect(Array(Pieces.cut(bytes, way).joined()) == bytes)
    }
    #expect(Pieces.cut(bytes, [2, 7]).map(\.count) == [2, 7, 2, 7, 2])
    #expect(throws: Broken.self) { try Pieces.same(bytes) { pieces throws(Broken) in pieces.count } }
  }
}
