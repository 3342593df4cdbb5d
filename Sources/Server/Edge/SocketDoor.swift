import API
import Access
import Model
import Net

/// Opens WebSockets on the hub.
struct SocketDoor: Sendable {
  static let path = "/api/v1/ws"
  static let subprotocol = "esteira.v1"

  var hub: Hub
  var origins: OwnOrigins

  /// A browser sends its cookie with a WebSocket of any page, and asks nobody first: so a page of another
  /// site is refused, also where no cookie came with it.
  func open(_ request: HTTPRequest, as principal: Principal, _ language: Language) throws(Problem)
    -> HTTPResponse
  {
    let comesFromPage = request.headers["origin"] != nil
    let hasCookie = principal.kind == .person && request.headers["authorization"] == nil
    if comesFromPage || hasCookie, !origins.sent(request) { throw Doorkeeper.foreignOrigin }
    let hub = hub
    return HTTPResponse(
      status: 200,
      body: .webSocket(
        HTTPWebSocket(subprotocols: [Self.subprotocol]) { connection in
          await hub.serve(HubPeer(connection), as: principal, language)
        }))
  }
}

extension HubPeer {
  init(_ connection: WebSocketConnection) {
    self.init(
      trySend: { connection.trySend(.text($0)) },
      send: { text in
        do throws(WebSocketSendError) {
          try await connection.send(text)
          return true
        } catch { return false }
      },
      receive: {
        switch await connection.receive() {
        case .text(let text)?: text
        // The protocol is text; what is not is as wrong as text that is no message.
        case .binary?: ""
        case nil: nil
        }
      }, close: { connection.close(WebSocketClose($0, $1)) })
  }
}
