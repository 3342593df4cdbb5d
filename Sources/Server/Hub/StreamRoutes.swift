import API
public import Access

/// The route of channels as server-sent events.
public struct StreamRoutes: Sendable {
  private let hub: Hub
  private let principal: @Sendable (Caller) -> Principal

  public init(_ hub: Hub, principal: @escaping @Sendable (Caller) -> Principal) {
    (self.hub, self.principal) = (hub, principal)
  }

  public var routes: [Route] {
    [
      .stream(
        StreamCalls.stream, id: \.id,
        with: { query, request, caller in
          try await hub.stream(query, last: request.lastEvent, as: principal(caller), request.language)
        })
    ]
  }
}
