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
  /// Nil: no key is looked at.
  let keys: IdempotencyKeys?
  public static let bodyLimit = 32 << 20

  public init(_ routes: [Route], audit: CallAudit = .none, keys: IdempotencyKeys? = nil) {
    (self.routes, table, self.audit, self.keys) = (routes, RouteTable(routes), audit, keys)
  }

  /// The answer for the owner of the data folder.
  public func handle(_ request: APIRequest, actor: String) async -> APIResponse {
    await handle(request, as: .local(actor))
  }

  public func handle(_ request: APIRequest, as principal: Principal) async -> APIResponse {
    await handle(request, to: find(request.method, request.path), as: principal)
  }

  /// `found`: where the method and the path of the request lead.
  func handle(
    _ request: APIRequest, to found: RouteTable.Found, as principal: Principal
  ) async -> APIResponse {
    do {
      return try await answer(request, found, principal)
    } catch let error as WireError {
      return Self.refuse(Self.problem(of: error), request, items: [Self.item(of: error, request.language)])
    } catch let error as InvalidPipeline {
      return Self.refuse(error.problem, request, items: error.items)
    } catch let error as InvalidSearch {
      return Self.refuse(error.problem, request, items: [error.item])
    } catch let problem as Problem {
      return refuse(problem, request)
    } catch {
      return Self.refuse(Self.unexpected(error), request)
    }
  }

  private func answer(
    _ request: APIRequest, _ found: RouteTable.Found, _ principal: Principal
  ) async throws -> APIResponse {
    let (route, parameters) = try route(of: found, request)
    var caller = Caller(principal: principal, request: request)
    let answer: Route.Answer
    do {
      // Before anything of the input is read, so that whoever may not call at all learns nothing from it.
      try Gate.checkAtAll(route.shape.permission, principal)
      var query: [(name: String, value: String)]
      (caller.fields, query) = try route.shape.selection(in: request.query)
      (caller.isDryRun, query) = try route.shape.rehearsal(in: query)
      let input = try Self.input(of: request, query, to: route.shape, parameters)
      answer = try route.admit(route.shape.rehearsed(input, caller.isDryRun), &caller)
    } catch let problem as Problem {
      try await audit.refused(route, caller, parameters, problem)
      throw problem
    }
    let admitted = caller
    // What is signed names its delivery by itself.
    if route.shape.rawBodyLimit != nil { return try await audit.run(route, answer, admitted, parameters) }
    return try await once(request, principal) {
      try await audit.run(route, answer, admitted, parameters)
    }
  }

  func find(_ method: Shape.Method, _ path: String) -> RouteTable.Found { table.find(method, path) }

  private func route(
    of found: RouteTable.Found, _ request: APIRequest
  ) throws(Problem) -> (Route, [(String, String)]) {
    switch found {
    case .route(let route, let parameters): return (route, parameters)
    case .otherMethods: throw wrongMethod(request, request.method.rawValue)
    case .nothing: throw Self.noRoute(request.path)
    }
  }

  /// Of a raw body only what the path names: the rest is the sender's.
  private static func input(
    of request: APIRequest, _ query: [(name: String, value: String)], to shape: Shape,
    _ parameters: [(String, String)]
  ) throws -> JSON {
    let limit = shape.rawBodyLimit ?? bodyLimit
    guard request.body.count <= limit else { throw bodyTooLarge(limit) }
    if shape.rawBodyLimit != nil { return try shape.input(path: parameters, query: [], body: JSONObject()) }
    let body = request.body.isEmpty ? JSONObject() : try RequestBody.members(of: request, to: shape)
    return try shape.input(path: parameters, query: query, body: body)
  }

  /// A method that no endpoint has, such as OPTIONS.
  func refuse(method: String, _ request: APIRequest) -> APIResponse {
    let isThere = !table.methods(at: request.path).isEmpty
    return refuse(isThere ? wrongMethod(request, method) : Self.noRoute(request.path), request)
  }

  /// A method that is not taken is told with those that are, also for programs (RFC 9110, 15.5.6).
  private func refuse(_ problem: Problem, _ request: APIRequest) -> APIResponse {
    var response = Self.refuse(problem, request, items: [])
    if problem.code == "wrong-method" {
      response.headers.append(("allow", table.methods(at: request.path).joined(separator: ", ")))
    }
    return response
  }

  static func refuse(_ problem: Problem, _ request: APIRequest, items: [FindingItem] = []) -> APIResponse {
    let document = ProblemDocument(
      status: ProblemStatus.of(problem.code), code: problem.code, detail: problem.message[request.language],
      remedy: problem.remedy?[request.language], requestID: request.requestID, errors: items)
    var response = APIResponse(
      status: document.status, contentType: ProblemDocument.contentType,
      body: .bytes(document.json.serialized()))
    if let wait = problem.wait {
      response.headers.append(("retry-after", String(max(1, (wait.microseconds + 999_999) / 1_000_000))))
    }
    return response
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
      Bilingual("There is no endpoint \(path) here.", pt: "Não existe aqui o endereço \(path)."),
      remedy: Bilingual("GET /docs shows all that there are.", pt: "GET /docs mostra todos os que existem."))
  }

  private func wrongMethod(_ request: APIRequest, _ method: String) -> Problem {
    let words = table.methods(at: request.path).joined(separator: ", ")
    return Problem(
      "wrong-method",
      Bilingual("\(request.path) does not take \(method).", pt: "\(request.path) não aceita \(method)."),
      remedy: Bilingual("It takes \(words).", pt: "Aceita \(words)."))
  }

  private static func unexpected(_ error: any Error) -> Problem {
    Problem(
      "internal",
      Bilingual("The server failed: \(error).", pt: "O servidor falhou: \(error)."),
      remedy: Bilingual("`esteira doctor` shows its state.", pt: "`esteira doctor` mostra o estado dele."))
  }
}
