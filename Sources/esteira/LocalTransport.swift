import API
import CLI
import Model
import Server

/// Requests to a router of this very process: of `esteira run`, and of commands that only read.
struct LocalTransport: Transport {
  let router: Router
  let actor: String
  var endsWithCommand = false
  let whenClosed: @Sendable () async -> Void

  func send(_ request: APIRequest) async throws(Problem) -> APIResponse {
    await router.handle(request, actor: actor)
  }

  func close() async { await whenClosed() }
}
