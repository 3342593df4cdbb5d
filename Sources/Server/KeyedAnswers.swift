import API
import Access
import Model

extension Router {
  /// Runs a handler once for a key: what was answered before is answered again, without doing it again.
  func once(
    _ request: APIRequest, _ principal: Principal, _ work: () async throws -> APIResponse
  ) async throws -> APIResponse {
    guard let keys, let key = request.idempotencyKey, request.method == .post, principal.kind != .anonymous
    else { return try await work() }
    let keyed = KeyedRequest(
      key: key, principal: principal.actor, route: "\(request.method.rawValue) \(request.path)",
      content: Self.content(of: request))
    switch try await keys.reserve(keyed) {
    case .answered(let answer): return try Self.again(answer)
    case .mine: break
    }
    let response: APIResponse
    do {
      response = try await work()
    } catch {
      keys.release(keyed)
      throw error
    }
    if let answer = Self.kept(response) { await keys.settle(keyed, answer) } else { keys.release(keyed) }
    return response
  }

  /// Query, type and body, each with its length, so that no two requests are one.
  private static func content(of request: APIRequest) -> [UInt8] {
    var bytes: [UInt8] = []
    for part in request.query.flatMap({ [$0.name, $0.value] }) + [request.contentType ?? ""] {
      bytes += Array("\(part.utf8.count):\(part)".utf8)
    }
    return bytes + Array("\(request.body.count):".utf8) + request.body
  }

  /// Nil of an answer that cannot be given again: a stream, or one that is too large.
  private static func kept(_ response: APIResponse) -> KeptAnswer? {
    guard case .bytes(let bytes) = response.body, bytes.count <= KeptAnswer.longestBody,
      (200..<300).contains(response.status)
    else { return nil }
    return KeptAnswer(
      status: response.status, contentType: response.contentType, entityTag: response.entityTag,
      location: response.location, body: response.isShownOnce ? nil : bytes)
  }

  private static func again(_ answer: KeptAnswer) throws(Problem) -> APIResponse {
    guard let body = answer.body else { throw shownOnce }
    var response = APIResponse(status: answer.status, contentType: answer.contentType, body: .bytes(body))
    (response.entityTag, response.location) = (answer.entityTag, answer.location)
    response.headers.append(("idempotency-replayed", "true"))
    return response
  }

  private static let shownOnce = Problem(
    "shown-once",
    Bilingual(
      "The request was done. Its answer held a secret, which is shown only once.",
      pt: "O pedido foi feito. A resposta tinha um segredo, que só aparece uma vez."),
    remedy: Bilingual(
      "Take away what was made, and make it again with another key.",
      pt: "Remova o que foi criado, e crie de novo com outra chave."))
}
