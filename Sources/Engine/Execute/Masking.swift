internal import Crypto
internal import Model

/// Hides what a credential holds wherever it turns up: as it is, line by line, in base64 of either alphabet
/// with and without its padding, and URL-encoded. Compared by bytes: what is written behind a secret cannot
/// make another character of its last letter.
struct Masking: Sendable {
  /// A shorter secret would mask half of every sentence.
  static let shortest = 4
  private let hidden: [[UInt8]]
  private static let mask = Array("•••".utf8)

  init(_ credential: Credential?) {
    var texts: Set<ScalarString> = []
    for value in credential?.values ?? [] {
      let secret = value.secret.reveal()
      // Lines of a log hold a long secret, such as a private key, in pieces.
      let lines = secret.utf8.split { $0 == 0x0A || $0 == 0x0D }.map { String(decoding: $0, as: UTF8.self) }
      for piece in [secret] + lines where piece.utf8.count >= Self.shortest {
        texts.formUnion(Self.forms(of: piece).map { ScalarString($0) })
      }
    }
    // The longest first: a secret may contain another.
    let sorted = texts.sorted { ($1.string.utf8.count, $0) < ($0.string.utf8.count, $1) }
    hidden = sorted.map { Array($0.string.utf8) }
  }

  private static func forms(of secret: String) -> [String] {
    let base64 = Base64.encode(Array(secret.utf8)).filter { $0 != "=" }
    let other = String(base64.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    return [secret, base64, other, urlEncoded(secret)]
  }

  func callAsFunction(_ text: String) -> String {
    if hidden.isEmpty { return text }
    let masked = hidden.reduce(Array(text.utf8)) { $0.replacing($1, with: Self.mask) }
    return String(decoding: masked, as: UTF8.self)
  }

  func callAsFunction(_ failure: Failure) -> Failure {
    if hidden.isEmpty { return failure }
    var masked = failure
    masked.message = self(failure.message)
    return masked
  }

  func callAsFunction(_ json: JSON) -> JSON {
    if hidden.isEmpty { return json }
    return switch json {
    case .string(let text): .string(self(text))
    case .array(let elements): .array(elements.map { self($0) })
    case .object(let members): .object(JSONObject(members.map { (self($0.key), self($0.value)) }))
    case .null, .bool, .int, .double: json
    }
  }

  private static func urlEncoded(_ text: String) -> String {
    text.utf8.map { byte in
      let isPlain =
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      if isPlain || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte) { return String(UnicodeScalar(byte)) }
      return "%" + Hex.encode([byte]).uppercased()
    }.joined()
  }
}
