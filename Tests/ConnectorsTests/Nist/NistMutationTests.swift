import Foundation
import Testing

@testable import Connectors

/// SplitMix64: the same seed gives the same mutations everywhere.
private struct Chance: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite("A damaged file of ANSI/NIST-ITL", .timeLimit(.minutes(2)))
struct NistMutationTests {
  /// Separators, digits and marks: what a parser stumbles over.
  private static let telling: [UInt8] = [0x1C, 0x1D, 0x1E, 0x1F, 0, 0xFF, 0x3A, 0x2E, 0x30, 0x39, 0x80]

  private static func mutated(_ bytes: [UInt8], _ chance: inout Chance) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &chance) where !bytes.isEmpty {
      // Most of what is read lies at the beginning; the rest is images.
      let reach = Bool.random(using: &chance) ? min(bytes.count, 600) : bytes.count
      let place = Int.random(in: 0..<reach, using: &chance)
      let byte =
        Bool.random(using: &chance)
        ? UInt8.random(in: 0...255, using: &chance) : telling.randomElement(using: &chance) ?? 0
      switch Int.random(in: 0..<6, using: &chance) {
      case 0: bytes[place] = byte
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &chance)
      case 2: bytes.insert(byte, at: place)
      case 3: bytes.remove(at: place)
      case 4: bytes.removeLast(min(bytes.count, Int.random(in: 1...64, using: &chance)))
      case _:
        let end = min(bytes.count, place + Int.random(in: 1...32, using: &chance))
        bytes.insert(
          contentsOf: Array(bytes[place..<end]), at: Int.random(in: 0...bytes.count, using: &chance))
      }
    }
    return bytes
  }

  private static func check(_ bytes: [UInt8]) -> Bool {
    guard let file = try? NistFile(parsing: bytes) else {
      #expect(NistConformance.report(on: bytes).contains { $0.severity == .error })
      return false
    }
    #expect(file.bytes == bytes)
    _ = NistConformance.issues(of: file)
    for image in file.images { #expect(image.data.endIndex <= bytes.count) }
    return true
  }

  @Test("is refused or written back as it is, and never more than that", arguments: 1...8)
  func mutations(seed: Int) {
    var chance = Chance(state: UInt64(seed))
    var (read, refused) = (0, 0)
    for number in 0..<600 {
      let sample =
        number % 2 == 0
        ? NistSample.whole : NistSample.first("1␟2␞14␟02␞2␟00") + NistSample.finger + NistSample.second
      if Self.check(Self.mutated(sample, &chance)) { read += 1 } else { refused += 1 }
    }
    #expect(read > 10 && refused > 100, "\(read) read, \(refused) refused")
  }

  @Test(
    "from the real one is refused or written back as it is",
    .enabled(if: NistSample.real != nil, NistSample.absence))
  func real() throws {
    let bytes = try #require(NistSample.real)
    var chance = Chance(state: 99)
    var (read, refused) = (0, 0)
    for _ in 0..<400 {
      if Self.check(Self.mutated(bytes, &chance)) { read += 1 } else { refused += 1 }
    }
    #expect(read > 10 && refused > 50, "\(read) read, \(refused) refused")
  }

  @Test("costs no more than its length, whatever its bytes are")
  func cost() {
    for byte in Self.telling {
      let filler = [UInt8](repeating: byte, count: 200_000)
      let head = "1.001:\(200_000 + 13)\u{1D}"
      for bytes in [filler, Array(head.utf8) + filler.dropLast() + [0x1C]] {
        let start = ContinuousClock.now
        _ = Self.check(bytes)
        // Quadratic work over so many bytes would take minutes, on a busy machine hours.
        #expect(start.duration(to: .now) < .seconds(20))
      }
    }
  }
}
