import Crypto
import Engine
import Model

/// Signs webhooks as Standard Webhooks 1.0 says. No message leaves unsigned.
enum WebhookSigning {
  /// The key of the credential that goes with the connection. `whsec_` announces base64; any other secret is
  /// its own bytes.
  static func key(_ credential: Credential?, of connection: String) throws(Failure) -> [UInt8] {
    guard let credential else {
      throw Failure(
        .credential, code: "no-secret",
        "The connection `\(connection)` has no credential, so the webhook cannot be signed.")
    }
    guard let secret = credential["secret"]?.reveal(), !secret.isEmpty else {
      throw .incompleteCredential(credential.name, "secret")
    }
    guard secret.hasPrefix("whsec_") else { return Array(secret.utf8) }
    guard let key = Base64.decode(String(secret.dropFirst(6))), !key.isEmpty else {
      throw Failure(
        .credential, code: "unusable-credential",
        "The secret of `\(credential.name)` begins with whsec_ and is no base64 behind it.")
    }
    return key
  }

  /// The three headers, over the very bytes of the body.
  static func headers(
    _ id: String, at seconds: Int64, _ body: [UInt8], key: [UInt8]
  ) -> [(name: String, value: String)] {
    let code = HMACSHA256.code(key: key, message: Array("\(id).\(seconds).".utf8) + body)
    return [
      ("webhook-id", id), ("webhook-timestamp", "\(seconds)"),
      ("webhook-signature", "v1,\(Base64.encode(code))"),
    ]
  }
}
