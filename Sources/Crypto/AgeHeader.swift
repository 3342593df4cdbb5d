/// What stands before the payload of an age file.
struct AgeHeader {
  private static let mostStanzas = 1_000
  private static let longestLine = 1_024

  private struct Stanza {
    var arguments: [String]
    var body: [UInt8]
  }

  private var stanzas: [Stanza] = []
  /// The bytes that the code covers.
  private(set) var covered: [UInt8] = []
  private(set) var mac: [UInt8] = []
  /// Where the payload begins.
  private(set) var end = 0

  init(_ file: [UInt8]) throws(UnsealError) {
    guard try line(file) == "age-encryption.org/v1" else { throw UnsealError() }
    while true {
      let start = end
      let line = try line(file)
      if line.hasPrefix("--- ") {
        covered = Array(file[..<(start + 3)])
        mac = try Self.bytes(String(line.dropFirst(4)))
        guard mac.count == 32, !stanzas.isEmpty else { throw UnsealError() }
        return
      }
      guard line.hasPrefix("-> "), stanzas.count < Self.mostStanzas else { throw UnsealError() }
      let arguments = line.dropFirst(3).split(separator: " ", omittingEmptySubsequences: false)
      stanzas.append(Stanza(arguments: arguments.map(String.init), body: try body(file)))
    }
  }

  /// Nil where no stanza is for this identity.
  func fileKey(for identity: AgeIdentity) -> [UInt8]? {
    for stanza in stanzas where stanza.arguments.first == "X25519" && stanza.arguments.count == 2 {
      guard let share = try? Self.bytes(stanza.arguments[1]), stanza.body.count == 32,
        let shared = X25519.shared(secret: identity.secret, with: share)
      else { continue }
      let key = Age.wrapKey(shared, share: share, recipient: identity.recipient.key)
      let zero = [UInt8](repeating: 0, count: ChaCha20Poly1305.nonceSize)
      // A stanza for somebody else does not open, which is no error.
      if let found = try? ChaCha20Poly1305.open(stanza.body[...], key: key, nonce: zero) { return found }
    }
    return nil
  }

  /// Lines of 64 characters; one that is shorter, perhaps empty, is the last.
  private mutating func body(_ file: [UInt8]) throws(UnsealError) -> [UInt8] {
    var text = ""
    while true {
      let line = try line(file)
      guard line.utf8.count <= 64, text.utf8.count < 1 << 16 else { throw UnsealError() }
      text += line
      if line.utf8.count < 64 { return try Self.bytes(text) }
    }
  }

  private mutating func line(_ file: [UInt8]) throws(UnsealError) -> String {
    let rest = file[end...].prefix(Self.longestLine)
    guard let newline = rest.firstIndex(of: 0x0A),
      rest[..<newline].allSatisfy({ (0x20...0x7E).contains($0) })
    else { throw UnsealError() }
    end = newline + 1
    return String(decoding: rest[..<newline], as: UTF8.self)
  }

  /// Base64 without padding.
  private static func bytes(_ text: String) throws(UnsealError) -> [UInt8] {
    guard !text.contains("="),
      let bytes = Base64.decode(text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4))
    else { throw UnsealError() }
    return bytes
  }
}

/// The text form of an age file.
enum AgeArmour {
  private static let begin = "-----BEGIN AGE ENCRYPTED FILE-----"
  private static let end = "-----END AGE ENCRYPTED FILE-----"

  /// The file itself where it has none.
  static func removed(from file: [UInt8]) throws(UnsealError) -> [UInt8] {
    guard file.starts(with: begin.utf8) else { return file }
    guard let text = String(validating: file, as: UTF8.self) else { throw UnsealError() }
    let lines = text.split(whereSeparator: \.isNewline).map(String.init)
    guard lines.count >= 2, lines.first == begin, lines.last == end,
      lines.dropFirst().dropLast().allSatisfy({ $0.utf8.count <= 64 }),
      let bytes = Base64.decode(lines.dropFirst().dropLast().joined())
    else { throw UnsealError() }
    return bytes
  }
}
