import Net
import Testing

@testable import Server

@Suite("A call for which nobody has to sign in", .timeLimit(.minutes(1)))
struct OpenRouteTests {
  @Test("is answered whatever token comes with it: a client may still send one that has ended")
  func staleToken() async throws {
    let world = try await NetworkedServer()
    let stale = [("authorization", "Bearer of-yesterday")]
    let body = Array(#"{"name":"viewer","password":"\#(NetworkedServer.password)"}"#.utf8)
    let typed = stale + [("content-type", "application/json")]
    #expect(await world.ask("POST", "/api/v1/auth/login", typed, body: body).status == 200)
    for path in ["health", "version"] {
      #expect(await world.ask("GET", "/api/v1/\(path)", stale).status == 200)
    }
    // Where somebody has to, it is refused.
    let refused = await world.ask("GET", "/api/v1/jobs", stale)
    #expect(refused.status == 401)
    #expect(refused.code == "not-signed-in" || refused.code == "session-ended")
  }
}
