import Engine
import Model
import Net

/// One request that tells people something in a chat, and what its answer says.
struct ChatCall {
  static let answerLimit = 1 << 20
  private var call: WebCall

  /// `address`: where the service is when no connection says otherwise. `path` may hold a secret, and is not
  /// shown.
  init(
    _ attempt: Attempt, _ address: String, _ path: String, shown: String
  ) throws(Failure) {
    let base = attempt.connection?.address["url"].map { $0.string ?? "" } ?? address
    let place = base.hasSuffix("/") ? String(base.dropLast()) : base
    call = try WebCall(attempt, method: "POST", url: place + path, shown: shown)
  }

  /// For a whole address that is a secret itself.
  init(_ attempt: Attempt, url: String, shown: String) throws(Failure) {
    call = try WebCall(attempt, method: "POST", url: url, shown: shown)
  }

  mutating func authorize(bearer token: String) {
    call.request.headers.set("authorization", "Bearer \(token)")
  }

  /// The answer, checked for its status; `refused` sees it before, where it is JSON.
  func post(
    _ client: CurlClient, _ body: JSON, refused: (IncomingResponse, JSON) -> Failure?
  ) async throws(Failure) -> JSON {
    var call = call
    call.request.body = body.serialized()
    call.request.headers.set("content-type", "application/json; charset=utf-8")
    (call.request.maxResponseBytes, call.request.maxRedirects) = (Self.answerLimit, 0)
    let response = try await call.perform(client)
    var answer = JSON.null
    do throws(JSONError) { answer = try JSON(parsing: response.body) } catch {
      // Not every answer is JSON; its status says enough then.
    }
    if let failure = refused(response, answer) { throw failure }
    try call.check(response)
    return answer
  }

  /// The one secret of the credential.
  static func secret(_ attempt: Attempt, _ type: String, _ member: String) throws(Failure) -> String {
    guard let credential = attempt.credential else {
      throw Failure(
        .credential, code: "unusable-credential", "The step has no credential; name one of the type \(type).")
    }
    guard credential.type == type, let secret = credential[member], !secret.reveal().isEmpty else {
      throw .incompleteCredential(credential.name, member)
    }
    return secret.reveal()
  }

  static let refusal = ConnectorDescription.FailureNote(
    .data, code: "chat-refused",
    Bilingual("the service refuses the message", pt: "o serviço recusa a mensagem"),
    remedy: Bilingual("The message has the service's words.", pt: "A mensagem traz as palavras do serviço."))

  static let notes = WebNotes.calling + [refusal]
}
