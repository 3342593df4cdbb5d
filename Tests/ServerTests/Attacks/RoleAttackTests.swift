import Net
import Testing

@testable import Server

/// Windmill CVE-2026-22683: an operator could call what was meant for admins (ASVS V8.2.1). `RoleMatrixTests`
/// has every role against every endpoint; here is what could pass by it.
@Suite("Attacks by calling what is meant for others", .timeLimit(.minutes(1)))
struct RoleAttackTests {
  @Test("an input that names no place asks for the permission all the same")
  func noPlace() async throws {
    let world = try await NetworkedServer()
    let calls = [
      ("pipelines:apply", #"{"files":[{"name":"x","source":""}]}"#),
      ("dead-letters:replay", #"{"filter":{"fingerprint":"x"}}"#),
      ("dead-letters:discard", #"{"filter":{"fingerprint":"x"},"reason":"x"}"#),
    ]
    for (path, body) in calls {
      let answer = await world.ask("POST", "/api/v1/\(path)", as: "viewer", body: Array(body.utf8))
      #expect(answer.status == 403, "\(path) \(answer.text)")
    }
  }
}
