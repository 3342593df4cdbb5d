import API
import Model
import Net

/// Pages for people that belong to no endpoint.
enum EdgePages {
  /// Made from the endpoints, and the same for as long as the process runs.
  static func document(_ version: String) -> JSON {
    OpenAPI.document(EndpointCatalog.shapes, version: version, cookie: SignInCookies.accessName)
  }

  /// The reference of the interface, whole in one page: nothing of it comes from elsewhere.
  static func reference(_ document: JSON, _ language: Language, nonce: String) -> HTTPResponse {
    let page = APIReference.html(document, language: language, nonce: nonce)
    let policy =
      "default-src 'none'; style-src 'nonce-\(nonce)'; script-src 'nonce-\(nonce)'; "
      + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return HTTPResponse(
      status: 200,
      headers: HTTPHeaders([
        ("content-type", "text/html; charset=utf-8"), ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
      ]), body: .bytes(Array(page.utf8)))
  }
}
