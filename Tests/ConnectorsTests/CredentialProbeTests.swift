import Connectors
import Engine
import Model
import Net
import Testing

@Suite("A test of a credential", .timeLimit(.minutes(1)))
struct CredentialProbeTests {
  private let bearer = Credential(name: "c", type: "bearer", values: [("token", Secret("t0ken-of-ana"))])

  @Test(
    "asks once through the connection, and says no more than the answer does",
    arguments: [(200, true), (204, true), (401, false), (403, false), (404, nil), (302, nil), (500, nil)]
      as [(Int, Bool?)])
  func statuses(_ status: Int, _ passed: Bool?) async throws {
    let site = try Site { request in
      var response = HTTPResponse(status: status)
      if status == 302 { response.headers.set("location", "/elsewhere") }
      return response
    }
    let finding = await CredentialProbe(site.client, now: { Timestamp(microseconds: 0) }).ask(
      bearer, site.connection("c"), path: "/me?x=1")
    #expect(finding.passed == passed && finding.note.contains("answered \(status)"))
    #expect(!finding.note.contains("x=1"), "A query may hold what nobody else should read.")
    #expect(site.asked.map(\.target) == ["/me?x=1"], "A redirect is not followed.")
    #expect(site.asked.first?.headers["authorization"] == "Bearer t0ken-of-ana")
    await site.stop()
  }

  @Test("goes nowhere that the connection does not allow, and shows no secret")
  func egress() async throws {
    let site = try Site { _ in HTTPResponse(status: 200) }
    let closed = site.connection("c", allow: [])
    let finding = await CredentialProbe(site.client, now: { Timestamp(microseconds: 0) }).ask(
      bearer, closed, path: nil)
    #expect(finding.passed == false && site.asked.isEmpty)
    let leading = site.connection("c", base: site.url + "/t0ken-of-ana", allow: [])
    let masked = await CredentialProbe(site.client, now: { Timestamp(microseconds: 0) }).ask(
      bearer, leading, path: nil)
    #expect(!masked.note.contains("t0ken"))
    await site.stop()
  }

  @Test("an OAuth client asks for a token, with its secret in the header")
  func client() async throws {
    let site = try Site { request in
      HTTPResponse(status: request.headers["authorization"] == "Basic YSUyRmI6cyUyMDNjcmV0" ? 200 : 401)
    }
    let client = Credential(
      name: "c", type: "oauth2_client",
      values: [
        ("token_url", Secret(site.url + "/token")), ("client_id", Secret("a/b")),
        ("client_secret", Secret("s 3cret")), ("scope", Secret("read")),
      ])
    let finding = await CredentialProbe(site.client, now: { Timestamp(microseconds: 0) }).ask(
      client, site.connection(), path: nil)
    #expect(finding.passed == true, "\(finding.note)")
    #expect(
      site.asked.map { String(decoding: $0.body, as: UTF8.self) } == [
        "grant_type=client_credentials&scope=read"
      ])
    #expect(
      await CredentialProbe(site.client, now: { Timestamp(microseconds: 0) }).ask(client, nil, path: nil)
        .passed == false, "No egress.")
    await site.stop()
  }

  @Test("what cannot be tried is not asked for")
  func others() async throws {
    let site = try Site { _ in HTTPResponse(status: 200) }
    let key = Credential(name: "c", type: "ssh_key", values: [("private_key", Secret("k"))])
    #expect(
      await CredentialProbe(site.client, now: { Timestamp(microseconds: 0) }).ask(
        key, site.connection("c"), path: nil
      ).passed == nil)
    #expect(
      await CredentialProbe(site.client, now: { Timestamp(microseconds: 0) }).ask(bearer, nil, path: nil)
        .passed == nil)
    #expect(site.asked.isEmpty)
    await site.stop()
  }
}
