import API
import Access
import Model
import Testing

@testable import Server

@Suite("Answers of which only some members are wanted", .timeLimit(.minutes(1)))
struct FieldSelectionTests {
  private func filled() async throws -> (server: TestServer, job: String) {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello]))
    return (server, try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~hello")).id)
  }

  private func get(
    _ server: TestServer, _ path: String, _ fields: String, _ more: (name: String, value: String)...,
    accept: String? = nil
  ) async throws -> (status: Int, type: String, json: JSON) {
    var request = APIRequest(.get, "/api/v1\(path)", query: [("fields", fields)] + more)
    request.accept = accept
    let response = await server.router.handle(request, actor: "local:test")
    return (response.status, response.contentType, try TestServer.json(response))
  }

  @Test("of a list each item has the wanted members alone, in their usual order")
  func list() async throws {
    let (server, job) = try await filled()
    let answer = try await get(server, "/jobs", "status,id", ("limit", "1"))
    #expect(answer.json == ["items": [["id": .string(job), "status": "success"]], "next_cursor": .null])
    #expect(answer.type == FieldSelection.contentType)
    // Kept pages of the same list are not mixed up.
    let whole = try await server.send(APIRequest(.get, "/api/v1/jobs", query: [("limit", "1")]))
    #expect(try JobItem(whole.json["items"]?[0] ?? .null).id == job)
    #expect(try await get(server, "/jobs", "id", ("limit", "1")).json["items"]?[0] == ["id": .string(job)])
  }

  @Test("of one thing the whole has the wanted members alone, and what it does not have stays away")
  func single() async throws {
    let (server, job) = try await filled()
    let answer = try await get(server, "/jobs/\(job)", "outputs,error")
    #expect(answer.json == ["outputs": ["text": "Hello, world"]])
    #expect(try await get(server, "/pipelines/demo~hello", "revision").json == ["revision": 1])
    let pipelines = try await get(server, "/pipelines", "name,revision").json
    #expect(pipelines["items"] == [["name": "hello", "revision": 1]])
  }

  @Test(
    "a name that is not there, none at all and one list too many are refused",
    arguments: [
      ("/jobs", "id,colour"), ("/jobs", ""), ("/jobs", "id,"), ("/pipelines/demo~hello", "items"),
      ("/jobs", Array(repeating: "id", count: 60).joined(separator: ",")),
    ])
  func refused(path: String, fields: String) async throws {
    let (server, _) = try await filled()
    let answer = try await get(server, path, fields)
    let document = try ProblemDocument(answer.json)
    #expect(answer.status == 400 && document.code == "invalid-request")
    #expect(document.errors.first?.pointer?.hasPrefix("/fields") == true)
  }

  @Test("it is given once, only where members can be wanted, and only of JSON")
  func misplaced() async throws {
    let (server, job) = try await filled()
    #expect(try await get(server, "/jobs", "id", ("fields", "status")).status == 400)
    #expect(try await get(server, "/version", "version").status == 400)
    #expect(try await get(server, "/jobs/\(job)/export", "id").status == 400)
    let yaml = try await get(server, "/pipelines/demo~hello", "title", accept: "application/yaml")
    #expect(yaml.status == 400)
    let change = APIRequest(.delete, "/api/v1/pipelines/demo~hello", query: [("fields", "id")])
    #expect(try await server.send(change).status == 400)
  }

  @Test("what may not be read at all is refused before the wish is looked at")
  func notAllowed() async throws {
    let (server, _) = try await filled()
    let nobody = Principal(kind: .person, id: "x", actor: "x", grants: [])
    let request = APIRequest(.get, "/api/v1/jobs", query: [("fields", "colour")])
    #expect(await server.router.handle(request, as: nobody).status == 403)
  }

  @Test("the document names the members that may be wanted, and what such an answer looks like")
  func document() throws {
    let jobs = OpenAPITests.document["paths"]?["/api/v1/jobs"]?["get"]
    let parameter = jobs?["parameters"]?.array?.first { $0["name"] == "fields" }
    let words = parameter?["schema"]?["items"]?["enum"]?.array ?? []
    #expect(words.contains("id") && words.contains("status") && parameter?["explode"] == false)
    let content = jobs?["responses"]?["200"]?["content"]
    #expect(content?["application/json"]?["schema"]?["$ref"] == "#/components/schemas/JobItemPage")
    let parts = content?[FieldSelection.contentType]?["schema"]?["properties"]?["items"]?["items"]
    #expect(parts?["required"] == nil && parts?["properties"]?["status"] != nil)
    let version = OpenAPITests.document["paths"]?["/api/v1/version"]?["get"]
    #expect(version?["parameters"] == nil)
  }
}
