import Engine
import Model
import Net

/// Cloudflare's REST API, for one attempt.
///
/// https://developers.cloudflare.com/api/
enum CloudflareAPI {
  static let kind = "cloudflare"
  private static let standard = "https://api.cloudflare.com/client/v4"

  /// An account, and the address where it is asked for.
  struct Place: Sendable {
    var service: ServiceCall
    /// Nil: the connection stands for no Cloudflare at all.
    var account: String?
    var namespace: String?
  }

  static func place(_ attempt: Attempt, _ client: CurlClient) throws(Failure) -> Place {
    let place = try ServicePlace(
      attempt.connection, kind: kind, members: ["account_id", "namespace_id", "url"],
      example:
        "{account_id: 023e105f4ecef8ad9ca31a8372d0c353, namespace_id: 0f2ac74b498b48028cb68387c421e279}")
    var service = ServiceCall("Cloudflare", attempt, client, base: try place.text("url") ?? standard)
    service.headers = try WebCall.proof(of: attempt.credential).map { [$0] } ?? []
    let (account, namespace) = (try place.text("account_id"), try place.text("namespace_id"))
    for id in [account, namespace].compactMap(\.self) where !isID(id) {
      throw place.invalid("`\(id.prefix(80))`, which is no id of 32 hex digits")
    }
    return Place(service: service, account: account, namespace: namespace)
  }

  static func isID(_ text: String) -> Bool {
    text.utf8.count == 32 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  /// `10009: get: 'key not found'`
  static func words(_ answer: ServiceCall.Answer) -> String? {
    guard let error = answer.json["errors"]?[0] else { return nil }
    return "\(error["code"]?.text ?? "?"): \(error["message"]?.string ?? "")"
  }
}
