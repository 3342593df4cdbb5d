import API
import Crypto
import Engine
import Model

/// What comes from outside to triggers of kind `webhook`.
struct HookRoutes: Sendable {
  var backend: Backend

  /// Header fields that a job is told, and the bytes of all of them.
  private static let mostHeaders = 64
  private static let headerBytes = 16 << 10
  /// What may hold a secret never stands in a history.
  private static let secret: Set<String> = [
    "authorization", "proxy-authorization", "cookie", "x-api-key", "x-signature", "x-hub-signature",
    "x-hub-signature-256", "stripe-signature", "webhook-signature",
  ]

  var routes: [Route] {
    [
      .raw(HookCalls.deliver, in: .own) { path, caller in
        try await deliver(path, caller.request)
      }
    ]
  }

  private func deliver(_ path: HookPath, _ request: APIRequest) async throws(Problem) -> HookResult {
    let node = try backend.writer()
    let signed = SignedRequest(headers: request.headers, body: request.body, now: backend.now())
    guard let (hook, key) = try verified(node.triggers.hooks(in: path.namespace, path: path.path), signed)
    else { throw Self.unknown }
    let headers = Self.headers(request)
    let query = JSONObject(Self.once(request.query))
    func hand(_ key: String, _ body: JSON) async throws(Problem) -> HookResult {
      HookResult(
        try await node.deliver(
          HookMessage(hook: hook, key: key, body: body, headers: headers, query: query)))
    }
    guard hook.takesEvents else { return try await hand(key, try Self.body(request)) }
    let scheme = HookScheme(rawValue: hook.scheme)
    let incoming = try IncomingCloudEvents(request, headersAreProven: scheme?.provesHeaders ?? false)
    // One after the other, in their order. Where one is turned away the sender sends all again, and those
    // that were taken are known by their ids.
    var results: [HookResult] = []
    for event in incoming.events { results.append(try await hand(event.key, event.json)) }
    guard !incoming.isBatch, let only = results.first else {
      return HookResult(outcome: "batch", events: results)
    }
    return only
  }

  /// Each scheme is tried once for every request, with a secret that nobody knows where the path has no
  /// trigger of it: how long the answer takes does not tell what is there.
  private func verified(
    _ hooks: [Hook], _ request: SignedRequest
  ) throws(Problem) -> (hook: Hook, key: String)? {
    var found: (Hook, String)?
    for scheme in HookScheme.allCases {
      let hook = hooks.first { $0.scheme == scheme.rawValue }
      var secrets: [JSONObject] = []
      if let hook { secrets = try backend.hookSecrets(hook.pipeline.namespace, hook.credential) }
      let isReal = !secrets.isEmpty
      let key = scheme.delivery(of: request, secrets: isReal ? secrets : [Self.decoy])
      if isReal, let hook, let key, found == nil { found = (hook, key) }
    }
    return found
  }

  private static let decoy: JSONObject = {
    let word = JSON.string(Hex.encode(SecureRandom.bytes(32)))
    return ["secret": word, "token": word]
  }()

  /// JSON where the sender says so; else text.
  private static func body(_ request: APIRequest) throws(Problem) -> JSON {
    if request.body.isEmpty { return .null }
    let type = (request.contentType ?? "").prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    if type == "application/json" || type.hasSuffix("+json") {
      do throws(JSONError) { return try JSON(parsing: request.body) } catch { throw error.problem }
    }
    guard let text = String(validating: request.body, as: UTF8.self) else { throw notText }
    return .string(text)
  }

  private static func headers(_ request: APIRequest) -> JSONObject {
    var (headers, size) = (JSONObject(), 0)
    for (name, value) in request.headers.prefix(mostHeaders) where !secret.contains(name) {
      size += name.utf8.count + value.utf8.count
      if size > headerBytes { break }
      let earlier = headers[name]?.string
      headers[name] = .string(earlier.map { "\($0), \(value)" } ?? value)
    }
    return headers
  }

  /// The first of each name.
  private static func once(_ query: [(name: String, value: String)]) -> [(String, JSON)] {
    var seen: Set<ScalarString> = []
    return query.filter { seen.insert(ScalarString($0.name)).inserted }.map { ($0.name, .string($0.value)) }
  }

  private static let unknown = Problem(
    "unknown-hook",
    Bilingual(
      "There is no such webhook, or the request is not signed as it should be.",
      pt: "Não existe esse webhook, ou o pedido não está assinado como deveria."))

  private static let notText = Problem(
    "invalid-request",
    Bilingual("The body is neither JSON nor text.", pt: "O corpo não é JSON nem texto."))
}

extension HookResult {
  init(_ outcome: TriggerOutcome) {
    let result = TriggerResult(outcome, .english)
    self.init(outcome: result.outcome, job: result.jobs.first)
  }
}
