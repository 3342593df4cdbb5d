public import API
import Model

/// Finds the route of a request, reads its input, and turns every failure into an RFC 9457 answer.
///
/// The same router answers requests of the socket and those of `esteira run`, which has no socket.
public struct Router: Sendable {
  public let routes: [Route]
  public static let bodyLimit = 32 << 20

  public init(_ routes: [Route]) { self.routes = routes }

  public func handle(_ request: APIRequest, actor: String) async -> APIResponse {
    let caller = Caller(actor: actor, language: request.language)
    do {
      let (route, input) = try find(request)
      return try await route.answer(input, request, caller)
    } catch let error as WireError {
      return refuse(Self.problem(of: error), request, items: [item(of: error, caller.language)])
    } catch let error as InvalidPipeline {
      return refuse(error.problem, request, items: error.items)
    } catch let problem as Problem {
      return refuse(problem, request)
    } catch {
      return refuse(Self.unexpected(error), request)
    }
  }

  private func find(_ request: APIRequest) throws -> (Route, JSON) {
    let path = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    var allowed: [String] = []
    for route in routes {
      guard let parameters = route.parameters(of: Array(path)) else { continue }
      guard route.shape.method == request.method else {
        allowed.append(route.shape.method.rawValue)
        continue
      }
      let body = try Self.body(of: request)
      return (route, try route.shape.input(path: parameters, query: request.query, body: body))
    }
    throw allowed.isEmpty ? Self.noRoute(request.path) : Self.wrongMethod(request, allowed)
  }

  /// The object that the body holds; an empty one where there is none.
  private static func body(of request: APIRequest) throws(Problem) -> JSONObject {
    guard request.body.count <= bodyLimit else { throw bodyTooLarge }
    if request.body.isEmpty { return JSONObject() }
    do throws(JSONError) {
      guard case .object(let body) = try JSON(parsing: request.body) else {
        throw JSONError(
          offset: 0, line: 1, column: 1,
          message: Bilingual("The body must be an object.", pt: "O corpo deve ser um objeto."))
      }
      return body
    } catch {
      throw error.problem
    }
  }

  private func refuse(_ problem: Problem, _ request: APIRequest, items: [FindingItem] = []) -> APIResponse {
    let document = ProblemDocument(
      status: ProblemStatus.of(problem.code), code: problem.code, detail: problem.message[request.language],
      remedy: problem.remedy?[request.language], requestID: request.requestID, errors: items)
    return APIResponse(
      status: document.status, contentType: ProblemDocument.contentType,
      body: .bytes(document.json.serialized()))
  }

  private func item(of error: WireError, _ language: Language) -> FindingItem {
    FindingItem(code: "invalid-request", message: error.message[language], pointer: error.pointer)
  }
}

extension Router {
  private static let bodyTooLarge = Problem(
    "request-too-large",
    Bilingual(
      "The request is larger than \(bodyLimit >> 20) MiB.",
      pt: "O pedido é maior que \(bodyLimit >> 20) MiB."))

  private static func problem(of error: WireError) -> Problem {
    Problem("invalid-request", error.message)
  }

  private static func noRoute(_ path: String) -> Problem {
    Problem(
      "unknown-endpoint",
      Bilingual("There is no endpoint \(path) here.", pt: "Não existe aqui o endereço \(path)."))
  }

  private static func wrongMethod(_ request: APIRequest, _ allowed: [String]) -> Problem {
    let words = allowed.joined(separator: ", ")
    return Problem(
      "wrong-method",
      Bilingual(
        "\(request.path) does not take \(request.method.rawValue).",
        pt: "\(request.path) não aceita \(request.method.rawValue)."),
      remedy: Bilingual("It takes \(words).", pt: "Aceita \(words)."))
  }

  private static func unexpected(_ error: any Error) -> Problem {
    Problem(
      "internal",
      Bilingual("The server failed: \(error).", pt: "O servidor falhou: \(error)."),
      remedy: Bilingual("`esteira doctor` shows its state.", pt: "`esteira doctor` mostra o estado dele."))
  }
}
