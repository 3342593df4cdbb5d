import Synchronization

/// What all loops of a server share: nothing that changes, but for counts.
final class ServerShared: Sendable {
  let limits: HTTPLimits
  let proxies: HTTPProxies
  let handler: HTTPServer.Handler
  let counts = ServerCounts()
  /// Open connections of all loops.
  let open = Counter()
  /// Nil where addresses have no limit.
  let addresses: AddressCounts?

  init(limits: HTTPLimits, proxies: HTTPProxies, handler: @escaping HTTPServer.Handler) {
    (self.limits, self.proxies, self.handler) = (limits, proxies, handler)
    addresses = limits.connectionsPerAddress.map(AddressCounts.init)
  }
}

/// `HTTPServer.Counts`, counted by all loops at once.
final class ServerCounts: Sendable {
  let connections = Counter()
  let requests = Counter()
  let refused = Counter()
  let droppedStreams = Counter()
  let crowdedOut = Counter()
  let webSockets = Counter()
  let failedHandshakes = Counter()

  var value: HTTPServer.Counts {
    HTTPServer.Counts(
      connections: connections.value, requests: requests.value,
      refused: refused.value, droppedStreams: droppedStreams.value,
      crowdedOut: crowdedOut.value, webSockets: webSockets.value,
      failedHandshakes: failedHandshakes.value)
  }
}

/// A number that any thread may change, and that orders nothing.
struct Counter: ~Copyable, Sendable {
  private let number = Atomic(0)

  func add(_ change: Int = 1) { number.add(change, ordering: .relaxed) }

  var value: Int { number.load(ordering: .relaxed) }
}

/// One loop as the tasks of its requests reach it.
final class LoopLink: Sendable {
  enum Message: Sendable {
    case respond(ConnectionID, HTTPResponse, StreamPipe?)
    case upgrade(ConnectionID, WebSocketUpgrade)
    /// A stream or a WebSocket has something to send, or room to read.
    case ready(ConnectionID)
    case stop(deadline: ContinuousClock.Instant)
  }

  let shared: ServerShared
  let mailbox: Mailbox<Message>
  let ended = Completion()

  init(_ shared: ServerShared, mailbox: Mailbox<Message>) {
    (self.shared, self.mailbox) = (shared, mailbox)
  }

  /// Runs the handler, then its stream or WebSocket. The task belongs to the connection, which cancels it.
  func start(_ request: HTTPRequest, on id: ConnectionID) -> Task<Void, Never> {
    Task {
      let response = await shared.handler(request)
        .fitted(to: request, compressedFrom: shared.limits.compressedFrom)
      switch response.body {
      case .stream(let stream) where request.method != "HEAD": await produce(stream, response, on: id)
      case .bytes, .stream: mailbox.post(.respond(id, response, nil))
      case .webSocket(let socket): await serve(socket, request, response, on: id)
      }
    }
  }

  private func produce(_ stream: HTTPStream, _ response: HTTPResponse, on id: ConnectionID) async {
    let pipe = StreamPipe(kind: stream.kind, limit: shared.limits.streamBuffer) { [mailbox] in
      mailbox.post(.ready(id))
    }
    mailbox.post(.respond(id, response, pipe))
    do {
      try await stream.produce(HTTPBodyWriter(pipe: pipe))
      pipe.end(.finished)
    } catch {
      pipe.end(.failed)
    }
  }

  private func serve(
    _ socket: HTTPWebSocket, _ request: HTTPRequest, _ response: HTTPResponse, on id: ConnectionID
  ) async {
    switch WebSocketHandshake.read(request, subprotocols: socket.subprotocols) {
    case .refused(let status, let reason):
      mailbox.post(.respond(id, WebSocketHandshake.answer(status: status, reason: reason), nil))
    case .agreed(let handshake):
      let pipe = WebSocketPipe(shared.limits.webSocket) { [mailbox] in mailbox.post(.ready(id)) }
      let upgrade = WebSocketUpgrade(handshake: handshake, headers: response.headers, pipe: pipe)
      mailbox.post(.upgrade(id, upgrade))
      await socket.serve(WebSocketConnection(pipe: pipe, subprotocol: handshake.subprotocol))
      pipe.finish()
    }
  }
}

/// Never used twice within a loop, so that a late message cannot reach another client.
struct ConnectionID: Hashable, Sendable {
  let token: UInt64
}
