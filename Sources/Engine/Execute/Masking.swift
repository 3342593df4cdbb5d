internal import Crypto
internal import Model

/// Hides what a credential holds wherever it turns up: as it is, in base64, and URL-encoded.
struct Masking: Sendable {
  /// A shorter secret would mask half of every sentence.
  static let shortest = 4
  private let hidden: [String]

  init(_ credential: Credential?) {
    var texts: [String] = []
    for value in credential?.values ?? [] {
      let secret = value.secret.reveal()
      guard secret.utf8.count >= Self.shortest else { continue }
      texts += [secret, Base64.encode(Array(secret.utf8)), Self.urlEncoded(secret)]
    }
    // The longest first: a secret may contain another.
    hidden = texts.sorted { $0.utf8.count > $1.utf8.count }
  }

  func callAsFunction(_ text: String) -> String {
    hidden.reduce(text) { text, secret in text.replacing(secret, with: "•••") }
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
