import API
import Crypto
import Engine
import Model

/// A request as its sender signed it.
struct SignedRequest {
  var headers: [(name: String, value: String)]
  var body: [UInt8]
  var now: Timestamp

  /// The value of a header that is there once. Two of a name may be read in two ways, so they are none.
  func header(_ name: String) -> String? {
    let values = headers.filter { $0.name.utf8.elementsEqual(name.utf8) }.map(\.value)
    return values.count == 1 ? values[0] : nil
  }
}

/// How requests to a webhook are known to come from its sender. Every comparison takes the same time whatever
/// it finds, and is over the bytes of the body as they came.
enum HookScheme: String, Sendable, CaseIterable {
  case standardWebhooks = "standard-webhooks"
  case github, stripe, atlasreg, bearer

  /// How far a signed time may lie from now.
  static let window = Duration.seconds(300)
  /// Signatures of one request.
  static let mostSignatures = 16
  static let longestID = 256

  /// Whoever is known by it vouches for the whole request; the other schemes sign its body alone.
  var provesHeaders: Bool { self == .bearer }

  /// What names the delivery; nil where no secret verifies it. Where the id of a delivery is not signed, it
  /// is made from what is: another id does not make a captured request new.
  func delivery(of request: SignedRequest, secrets: [JSONObject]) -> String? {
    switch self {
    case .standardWebhooks: standardWebhooks(request, secrets)
    case .github: signedBody(request, "x-hub-signature-256", prefix: "sha256=", secrets)
    case .stripe: stripe(request, secrets)
    case .atlasreg:
      request.header("x-signature-algorithm") == "HMAC-SHA256"
        ? signedBody(request, "x-signature", prefix: "", secrets) : nil
    case .bearer: bearer(request, secrets)
    }
  }

  /// An id with a full stop is refused: moved over the border to the time it would sign other content.
  private func standardWebhooks(_ request: SignedRequest, _ secrets: [JSONObject]) -> String? {
    guard let id = request.header("webhook-id"), Self.isPlain(id), !id.utf8.contains(UInt8(ascii: ".")),
      let time = request.header("webhook-timestamp"), isNow(time, request.now),
      let list = request.header("webhook-signature")
    else { return nil }
    let parts = list.split(separator: " ").prefix(Self.mostSignatures)
    let codes = parts.compactMap { part -> [UInt8]? in
      part.hasPrefix("v1,") ? StandardBase64.decode(part.dropFirst(3)) : nil
    }
    let message = Array("\(id).\(time).".utf8) + request.body
    return Self.verifies(codes, message, Self.keys(secrets, decoding: true)) ? "standard \(id)" : nil
  }

  private func stripe(_ request: SignedRequest, _ secrets: [JSONObject]) -> String? {
    guard let header = request.header("stripe-signature") else { return nil }
    var (times, codes): ([Substring], [[UInt8]]) = ([], [])
    for part in header.split(separator: ",").prefix(Self.mostSignatures) {
      if part.hasPrefix("t=") { times.append(part.dropFirst(2)) }
      if part.hasPrefix("v1="), let code = Self.hex(part.dropFirst(3)) { codes.append(code) }
    }
    guard times.count == 1, isNow(String(times[0]), request.now) else { return nil }
    let message = Array("\(times[0]).".utf8) + request.body
    guard Self.verifies(codes, message, Self.keys(secrets)) else { return nil }
    if case .object(let event)? = try? JSON(parsing: request.body), let id = event["id"]?.string,
      Self.isPlain(id)
    {
      return "stripe \(id)"
    }
    return "stripe \(SHA256.hex(request.body))"
  }

  private func signedBody(
    _ request: SignedRequest, _ name: String, prefix: String, _ secrets: [JSONObject]
  ) -> String? {
    guard let value = request.header(name), value.hasPrefix(prefix),
      let code = Self.hex(value.dropFirst(prefix.utf8.count)),
      Self.verifies([code], request.body, Self.keys(secrets))
    else { return nil }
    return "\(rawValue) \(SHA256.hex(request.body))"
  }

  /// Nothing is signed: whoever has the token says which delivery it is, and without an id each is a new one.
  private func bearer(_ request: SignedRequest, _ secrets: [JSONObject]) -> String? {
    guard let value = request.header("authorization"), value.prefix(7).lowercased() == "bearer " else {
      return nil
    }
    let given = SHA256.digest(Array(value.dropFirst(7).utf8))
    var isKnown = false
    for secret in secrets {
      guard let token = secret["token"]?.string, !token.isEmpty else { continue }
      // Of digests, so that the length of the token does not show either.
      if constantTimeEqual(SHA256.digest(Array(token.utf8)), given) { isKnown = true }
    }
    guard isKnown else { return nil }
    let id = request.header("idempotency-key") ?? request.header("webhook-id")
    if let id { return Self.isPlain(id) ? "bearer \(id)" : nil }
    return "bearer \(Hex.encode(SecureRandom.bytes(16)))"
  }

  /// In decimal digits as one writes them, so that a time has one spelling.
  private func isNow(_ text: String, _ now: Timestamp) -> Bool {
    guard let seconds = Int64(text), String(seconds) == text, (0...253_402_300_799).contains(seconds) else {
      return false
    }
    let distance = now - Timestamp(microseconds: seconds * 1_000_000)
    return distance <= Self.window && distance >= .zero - Self.window
  }

  /// All are compared: which of them is right shows nowhere.
  private static func verifies(_ codes: [[UInt8]], _ message: [UInt8], _ keys: [[UInt8]]) -> Bool {
    var isValid = false
    for key in keys {
      let expected = HMACSHA256.code(key: key, message: message)
      for code in codes where constantTimeEqual(code, expected) { isValid = true }
    }
    return isValid
  }

  /// An empty secret is none: anybody could sign with it.
  private static func keys(_ secrets: [JSONObject], decoding: Bool = false) -> [[UInt8]] {
    secrets.compactMap { secret in
      guard let text = secret["secret"]?.string, !text.isEmpty else { return nil }
      guard decoding, text.hasPrefix("whsec_") else { return Array(text.utf8) }
      return StandardBase64.decode(text.dropFirst(6)).flatMap { $0.isEmpty ? nil : $0 }
    }
  }

  private static func hex(_ text: Substring) -> [UInt8]? {
    text.utf8.count == 2 * SHA256.byteCount ? Hex.decode(String(text)) : nil
  }

  private static func isPlain(_ id: String) -> Bool {
    (1...longestID).contains(id.utf8.count) && id.utf8.allSatisfy { (33...126).contains($0) }
  }
}

/// Base64 of RFC 4648 with its padding and nothing else: a code has one spelling.
enum StandardBase64 {
  static func decode(_ text: Substring) -> [UInt8]? {
    let letters = Array(text.utf8)
    guard letters.count % 4 == 0 else { return nil }
    let padding = letters.suffix(2).count { $0 == UInt8(ascii: "=") }
    var (bits, bytes): (UInt32, [UInt8]) = (0, [])
    for (place, letter) in letters.enumerated() {
      guard let value = place < letters.count - padding ? value(of: letter) : 0 else { return nil }
      bits = bits << 6 | value
      guard place % 4 == 3 else { continue }
      bytes += [UInt8(truncatingIfNeeded: bits >> 16), UInt8(truncatingIfNeeded: bits >> 8)]
      bytes.append(UInt8(truncatingIfNeeded: bits))
      bits = 0
    }
    // Bits behind the last byte would be another spelling.
    guard bytes.suffix(padding).allSatisfy({ $0 == 0 }) else { return nil }
    return Array(bytes.dropLast(padding))
  }

  private static func value(of letter: UInt8) -> UInt32? {
    switch letter {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    case _: nil
    }
  }
}
