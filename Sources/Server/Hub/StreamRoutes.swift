import API

/// The route of channels as server-sent events.
public struct StreamRoutes: Sendable {
  private let hub: Hub

  public init(_ hub: Hub) { self.hub = hub }

  public var routes: [Route] {
    [
      .stream(
        StreamCalls.stream, in: .granted, id: \.id,
        with: { query, caller in
          try await hub.stream(
            query, last: caller.request.lastEvent, as: caller.principal, caller.language)
        })
    ]
  }
}
