public import API
public import Access
import Model

/// Finds the route of a request, reads its input, and turns every failure into an RFC 9457 answer.
///
/// The same router answers requests of the socket and those of `esteira run`, which has no socket.
public struct Router: Sendable {
  public let routes: [Route]
  private let table: RouteTable
  private let audit: CallAudit
  public static let bodyLimit = 32 << 20

  public init(_ routes: [Route], audit: CallAudit = .none) {
    (self.routes, table, self.audit) = (routes, RouteTable(routes), audit)
  }

  /// The answer for the owner of the data folder.
  public func handle(_ request: APIRequest, actor: String) async -> APIResponse {
    await handle(request, as: .local(actor))
  }

  public func handle(_ request: APIRequest, as principal: Principal) async -> APIResponse {
    do {
      return try await answer(request, principal)
    } catch let error as WireError {
      return Self.refuse(Self.problem(of: error), request, items: [Self.item(of: error, request.language)])
    } catch let error as InvalidPipeline {
      return Self.refuse(error.problem, request, items: error.items)
    } catch let problem as Problem {
      return Self.refuse(problem, request)
    } catch {
      return Self.refuse(Self.unexpected(error), request)
    }
  }

  private func answer(_ request: APIRequest, _ principal: Principal) async throws -> APIResponse {
    let (route, parameters) = try find(request)
    var caller = Caller(principal: principal, request: request)
    let answer: Route.Answer
    do {
      // Before anything of the input is read, so that whoever may not call at all learns nothing from it.
      if route.shape.permission != .open, principal.kind == .anonymous { throw Gate.notSignedIn }
      answer = try route.admit(try Self.input(of: request, parameters, route.shape.body), &caller)
    } catch let problem as Problem {
      try await audit.refused(route, caller, parameters, problem)
      throw problem
    }
    return try await audit.run(route, answer, caller, parameters)
  }

  private func find(_ request: APIRequest) throws(Problem) -> (Route, [(String, String)]) {
    switch table.find(request.method, request.path) {
    case .route(let route, let parameters): return (route, parameters)
    case .otherMethods(let allowed): throw Self.wrongMethod(request, allowed)
    case .nothing: throw Self.noRoute(request.path)
    }
  }

  /// One object: the body or the query, then the members of the path, which win. Of a raw body only those.
  private static func input(
    of request: APIRequest, _ parameters: [(String, String)], _ body: Shape.Body
  ) throws -> JSON {
    var object = JSONObject()
    if case .raw(let limit) = body {
      guard request.body.count <= limit else { throw bodyTooLarge(limit) }
      for (name, value) in parameters { object[name] = .string(value) }
      return .object(object)
    }
    guard request.body.count <= bodyLimit else { throw bodyTooLarge(bodyLimit) }
    if !request.body.isEmpty {
      do throws(JSONError) {
        guard case .object(let body) = try JSON(parsing: request.body) else {
          throw JSONError(
            offset: 0, line: 1, column: 1,
            message: Bilingual("The body must be an object.", pt: "O corpo deve ser um objeto."))
        }
        object = body
      } catch {
        throw error.problem
      }
    }
    for (name, value) in request.query { object[name] = .string(value) }
    for (name, value) in parameters { object[name] = .string(value) }
    return .object(object)
  }

  static func refuse(_ problem: Problem, _ request: APIRequest, items: [FindingItem] = []) -> APIResponse {
    let document = ProblemDocument(
      status: ProblemStatus.of(problem.code), code: problem.code, detail: problem.message[request.language],
      remedy: problem.remedy?[request.language], requestID: request.requestID, errors: items)
    return APIResponse(
      status: document.status, contentType: ProblemDocument.contentType,
      body: .bytes(document.json.serialized()))
  }

  private static func item(of error: WireError, _ language: Language) -> FindingItem {
    FindingItem(code: "invalid-request", message: error.message[language], pointer: error.pointer)
  }
}

extension Router {
  private static func bodyTooLarge(_ limit: Int) -> Problem {
    Problem(
      "request-too-large",
      Bilingual(
        "The request is larger than \(limit >> 20) MiB.", pt: "O pedido é maior que \(limit >> 20) MiB."))
  }

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
