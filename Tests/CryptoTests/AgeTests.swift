import Crypto
import Foundation
import Testing

@Suite("Files of age", .timeLimit(.minutes(1)))
struct AgeTests {
  private let identity = AgeIdentity.generate()

  @Test(
    "open again, whatever their size", arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])
  func roundTrip(_ size: Int) throws {
    let plain = SecureRandom.bytes(size)
    let file = Age.encrypt(plain, to: [AgeIdentity.generate().recipient, identity.recipient])
    #expect(try Age.decrypt(file, with: [.generate(), identity]) == plain)
    #expect(throws: UnsealError()) { try Age.decrypt(file, with: [.generate()]) }
  }

  @Test("a changed byte is noticed, wherever it is, and so is a cut")
  func changed() throws {
    let file = Age.encrypt(Array("salary".utf8), to: [identity.recipient])
    for place in file.indices {
      var other = file
      other[place] ^= 1
      #expect(throws: UnsealError(), "byte \(place)") { try Age.decrypt(other, with: [identity]) }
      #expect(throws: UnsealError()) { try Age.decrypt(Array(file[..<place]), with: [identity]) }
    }
    let long = Age.encrypt([UInt8](repeating: 7, count: 65_537), to: [identity.recipient])
    #expect(throws: UnsealError(), "The last chunk is missing.") {
      try Age.decrypt(Array(long.dropLast(17)), with: [identity])
    }
  }

  @Test("random bytes and broken headers are refused")
  func garbage() {
    var random = SeededGenerator(seed: 6)
    let file = Age.encrypt([1, 2, 3], to: [identity.recipient])
    for _ in 0..<2_000 {
      var other = file
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: other.indices, using: &random)
        switch Int.random(in: 0...2, using: &random) {
        case 0: other[place] = UInt8.random(in: 0...255, using: &random)
        case 1: other.remove(at: place)
        case _: other.insert(UInt8.random(in: 0...255, using: &random), at: place)
        }
      }
      if other == file { continue }
      #expect(throws: UnsealError()) { try Age.decrypt(other, with: [identity]) }
    }
  }

  @Test("identities and recipients are read as age writes them")
  func keys() throws {
    let text = identity.reveal()
    #expect(text.hasPrefix("AGE-SECRET-KEY-1") && text.utf8.count == 74)
    #expect(AgeIdentity(text)?.recipient == identity.recipient)
    #expect(AgeRecipient("\(identity.recipient)") == identity.recipient)
    #expect("\(identity)" == "•••")
    let file = Array("# created: 2026\n# public key: \(identity.recipient)\n\(text)\n".utf8)
    #expect(AgeIdentity.all(inFile: file)?.map(\.recipient) == [identity.recipient])
    #expect(AgeIdentity.all(inFile: Array("# nothing\n".utf8)) == nil)
    #expect(AgeIdentity(String(text.dropLast()) + "q") == nil)
    #expect(AgeRecipient(text) == nil)
  }

  /// BIP 173: one changed letter is always noticed.
  @Test("Bech32 notices each single mistake, and takes no mixed case")
  func bech32() throws {
    let text = "\(identity.recipient)"
    for place in text.indices.dropFirst(4) {
      for letter in "qpzry9x8gf2tvdw0s3jn54khce6mua7lb1i" where letter != text[place] {
        var other = text
        other.replaceSubrange(place...place, with: String(letter))
        #expect(Bech32.decode(other) == nil)
      }
    }
    #expect(Bech32.decode(text.uppercased())?.name == "age")
    #expect(Bech32.decode("Age" + text.dropFirst(3)) == nil)
    #expect(Bech32.decode("A12UEL5L")?.bytes == [])
    for wrong in ["", "1", "a1", "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "10a06t8"] {
      #expect(Bech32.decode(wrong) == nil)
    }
  }

  private static func age(_ arguments: [String], _ input: Data = Data()) throws -> Data {
    let (process, read, write) = (Process(), Pipe(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/env")
    (process.arguments, process.standardInput, process.standardOutput) = (arguments, read, write)
    process.standardError = FileHandle.nullDevice
    try process.run()
    read.fileHandleForWriting.write(input)
    try read.fileHandleForWriting.close()
    let output = write.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? output : Data()
  }

  private static let isInstalled = ["/usr/bin/age", "/usr/local/bin/age"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test(
    "the age program opens ours, and we open its files, binary and in armour",
    .enabled(if: isInstalled, "the program age is not installed"))
  func program() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "esteira-age-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // A folder left behind harms no other test.
    let key = folder.appending(path: "key").path
    #expect(try Self.age(["age-keygen", "-o", key]).isEmpty)
    let file = try #require(FileManager.default.contents(atPath: key))
    let theirs = try #require(AgeIdentity.all(inFile: Array(file))?.first)
    let plain = Data(SecureRandom.bytes(150_000))
    for armour in [[], ["-a"]] {
      let sealed = try Self.age(["age", "-e", "-r", "\(theirs.recipient)"] + armour, plain)
      #expect(try Age.decrypt(Array(sealed), with: [theirs]) == Array(plain))
    }
    let ours = Age.encrypt(Array(plain), to: [identity.recipient, theirs.recipient])
    #expect(try Self.age(["age", "-d", "-i", key], Data(ours)) == plain)
  }
}

/// The same numbers for the same seed.
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
