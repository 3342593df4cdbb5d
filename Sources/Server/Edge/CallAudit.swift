public import API
public import Access
public import Model

/// What the audit keeps of one call.
public struct CallEntry: Sendable {
  public enum Outcome: Sendable, Hashable {
    case done, read
    /// Not allowed, or the caller's fault.
    case refused(code: String)
    case failed(code: String)
  }

  public var principal: Principal
  /// Such as `pipelines:update`.
  public var action: String
  /// Such as `pipelines`.
  public var kind: String
  public var resource: String
  /// Empty: of none.
  public var namespace: String
  public var before: JSON?
  public var after: JSON?
  public var request: APIRequest
}

/// Keeps the calls that change or read what is sensitive. A change is told before it happens and again when
/// it is known what came of it, so that none is missing after a crash (decision 0014).
public struct CallAudit: Sendable {
  /// Before a change. Where this throws, there is no change.
  public var begin: @Sendable (CallEntry) async throws(Problem) -> UInt64
  /// What came of that change. It cannot be undone any more, so this does not throw.
  public var end: @Sendable (_ intent: UInt64, CallEntry, CallEntry.Outcome) async -> Void
  /// A read, or a refusal.
  public var tell: @Sendable (CallEntry, CallEntry.Outcome) async throws(Problem) -> Void

  public init(
    begin: @escaping @Sendable (CallEntry) async throws(Problem) -> UInt64,
    end: @escaping @Sendable (UInt64, CallEntry, CallEntry.Outcome) async -> Void,
    tell: @escaping @Sendable (CallEntry, CallEntry.Outcome) async throws(Problem) -> Void
  ) { (self.begin, self.end, self.tell) = (begin, end, tell) }

  /// For a store that is only read, and for `run` beside no server.
  public static let none = CallAudit(
    begin: { (_) throws(Problem) in 0 }, end: { _, _, _ in }, tell: { (_, _) throws(Problem) in })
}

extension CallAudit {
  /// Runs a handler with its rows around it.
  func run(
    _ route: Route, _ answer: Route.Answer, _ caller: Caller, _ parameters: [(String, String)]
  ) async throws -> APIResponse {
    switch route.shape.audit {
    case .nothing: return try await answer(caller)
    case .read:
      try await tell(entry(route.shape, caller, parameters), .read)
      return try await answer(caller)
    case .change:
      let intent = try await begin(entry(route.shape, caller, parameters))
      do {
        let response = try await answer(caller)
        await end(intent, entry(route.shape, caller, parameters), .done)
        return response
      } catch {
        await end(intent, entry(route.shape, caller, parameters), Self.outcome(of: error))
        throw error
      }
    }
  }

  /// Who was not let in, to what is kept at all.
  func refused(
    _ route: Route, _ caller: Caller, _ parameters: [(String, String)], _ problem: Problem
  ) async throws(Problem) {
    guard route.shape.audit != .nothing, ["not-allowed", "not-signed-in"].contains(problem.code) else {
      return
    }
    try await tell(entry(route.shape, caller, parameters), .refused(code: problem.code))
  }

  private static func outcome(of error: any Error) -> CallEntry.Outcome {
    switch error {
    case let problem as Problem:
      ProblemStatus.of(problem.code) >= 500 ? .failed(code: problem.code) : .refused(code: problem.code)
    case is WireError, is InvalidPipeline, is InvalidSearch: .refused(code: "invalid-request")
    case _: .failed(code: "internal")
    }
  }

  private func entry(_ shape: Shape, _ caller: Caller, _ parameters: [(String, String)]) -> CallEntry {
    let note = caller.note.content
    let kind = shape.path.split(separator: "/").dropFirst(2).first.map(String.init) ?? ""
    let resource = note.resource ?? parameters.map(\.1).joined(separator: "/")
    let namespace = note.namespace ?? caller.place ?? ""
    return CallEntry(
      principal: caller.principal, action: Self.action(shape),
      kind: kind.split(separator: ":").first.map(String.init) ?? kind,
      resource: resource, namespace: namespace, before: note.before, after: note.after,
      request: caller.request)
  }

  private static func action(_ shape: Shape) -> String {
    switch shape.permission {
    case .needs(let resource, let verb): "\(resource):\(verb)"
    case .open, .signedIn: "\(shape.method.rawValue.lowercased()) \(shape.path)"
    }
  }
}
