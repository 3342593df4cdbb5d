import Crypto
import Engine
import Model

/// Signs webhooks as Standard Webhooks 1.0 says. No message leaves unsigned.
enum WebhookSigning {
  /// As many secrets sign one message, the newest first.
  static let mostKeys = 5

  /// The keys of the credential that goes with the connection: of the newest version, then of those before it
  /// that may still be used. `whsec_` announces base64; any other secret is its own bytes.
  static func keys(_ credential: Credential?, of connection: String) throws(Failure) -> [[UInt8]] {
    guard let credential else {
      throw Failure(
        .credential, code: "no-secret",
        "The connection `\(connection)` has no credential, so the webhook cannot be signed.")
    }
    guard let secret = credential["secret"]?.reveal(), !secret.isEmpty else {
      throw .incompleteCredential(credential.name, "secret")
    }
    guard let newest = key(secret) else {
      throw Failure(
        .credential, code: "unusable-credential",
        "The secret of `\(credential.name)` begins with whsec_ and is no base64 behind it.")
    }
    // One that was never of use signs nothing now either.
    let former = credential.former.lazy.filter { $0.name == "secret" }.compactMap { key($0.secret.reveal()) }
    return [newest] + former.prefix(mostKeys - 1)
  }

  private static func key(_ secret: String) -> [UInt8]? {
    guard secret.hasPrefix("whsec_") else { return secret.isEmpty ? nil : Array(secret.utf8) }
    guard let key = Base64.decode(String(secret.dropFirst(6))), !key.isEmpty else { return nil }
    return key
  }

  /// The three headers, over the very bytes of the body: a signature of each key, with spaces between.
  static func headers(
    _ id: String, at seconds: Int64, _ body: [UInt8], keys: [[UInt8]]
  ) -> [(name: String, value: String)] {
    let signed = Array("\(id).\(seconds).".utf8) + body
    let signatures = keys.map { "v1,\(Base64.encode(HMACSHA256.code(key: $0, message: signed)))" }
    return [
      ("webhook-id", id), ("webhook-timestamp", "\(seconds)"),
      ("webhook-signature", signatures.joined(separator: " ")),
    ]
  }
}
