import API
import Foundation
import Model
import Testing

@Suite("The OpenAPI document", .timeLimit(.minutes(1)))
struct OpenAPITests {
  static let document = OpenAPI.document(EndpointCatalog.shapes, version: "1.2.3")

  @Test("it has every endpoint once, with its permission and a name of its own")
  func complete() {
    var found: [String] = []
    var names: Set<String> = []
    for path in Self.document["paths"]?.object ?? JSONObject() {
      for method in path.value.object ?? JSONObject() {
        found.append("\(method.key.uppercased()) \(path.key) \(method.value["x-permission"]?.string ?? "")")
        names.insert(method.value["operationId"]?.string ?? "")
      }
    }
    let shapes = EndpointCatalog.shapes.map { "\($0.method.rawValue) \($0.path) \($0.permission)" }
    #expect(found.sorted() == shapes.sorted())
    #expect(names.count == shapes.count)
  }

  @Test("every reference leads somewhere, and every component is referred to")
  func references() {
    var references: Set<String> = []
    func collect(_ json: JSON) {
      if let reference = json["$ref"]?.string { references.insert(reference) }
      for item in json.array ?? [] { collect(item) }
      for member in json.object ?? JSONObject() { collect(member.value) }
    }
    collect(Self.document)
    var components: Set<String> = []
    for kind in ["schemas", "responses", "parameters"] {
      for key in Self.document["components"]?[kind]?.object?.keys ?? [] {
        components.insert("#/components/\(kind)/\(key)")
      }
    }
    #expect(references.subtracting(components) == [])
    #expect(components.subtracting(references) == [])
  }

  @Test("one name means one schema")
  func names() {
    var known: [String: JSON] = [:]
    func add(_ schema: Schema) {
      if let name = schema.name {
        #expect(known[name] == nil || known[name] == schema.json, "\(name)")
        if known.updateValue(schema.json, forKey: name) != nil { return }
      }
      for part in schema.parts { add(part) }
    }
    for shape in EndpointCatalog.shapes {
      add(shape.input)
      switch shape.output {
      case .json(let schema), .events(let schema): add(schema)
      case .bytes: break
      }
    }
    let names = Self.document["components"]?["schemas"]?.object?.keys ?? []
    #expect(!names.isEmpty && names == names.sorted())
  }

  @Test("the same endpoints give the same bytes")
  func deterministic() {
    let again = OpenAPI.document(EndpointCatalog.shapes, version: "1.2.3")
    #expect(again.serialized() == Self.document.serialized())
  }

  @Test("members travel in the path, the query of GET and DELETE, or the body of the others")
  func places() {
    let steps = Self.operation("get", "/api/v1/jobs/{id}/steps")
    let parameters = steps?["parameters"]?.array ?? []
    #expect(parameters.map { $0["name"]?.string } == ["id", "status", "parent", "limit", "cursor", "fields"])
    #expect(parameters.map { $0["in"]?.string } == ["path", "query", "query", "query", "query", "query"])
    #expect(parameters.map { $0["required"]?.bool } == [true, false, false, false, false, false])
    #expect(steps?["requestBody"] == nil)

    let cancel = Self.operation("post", "/api/v1/jobs/{id}/cancel")
    let body = cancel?["requestBody"]?["content"]?["application/json"]?["schema"]
    #expect(body?["properties"]?.object?.keys == ["reason"])
    #expect(body?["additionalProperties"] == false)
    #expect(cancel?["responses"]?["202"] != nil && cancel?["responses"]?["200"] == nil)

    let resolve = Self.operation("post", "/api/v1/jobs/{id}/steps/{path}/resolve")
    let variants = resolve?["requestBody"]?["content"]?["application/json"]?["schema"]?["oneOf"]?.array
    #expect(
      variants?.map { $0["properties"]?.object?.keys } == [["happened", "output"], ["happened"], ["fail"]])
    #expect(resolve?["parameters"]?[0]?["name"] == "id" && resolve?["parameters"]?[1]?["name"] == "path")

    #expect(Self.operation("post", "/api/v1/retention/run")?["requestBody"] == nil)
  }

  @Test("every input refuses what it does not name, but for what another system sends back")
  func closed() {
    let open = EndpointCatalog.shapes.filter { shape in
      let inputs = shape.input.json["oneOf"] == nil ? [shape.input] : shape.input.parts
      return !inputs.allSatisfy { $0.json["additionalProperties"] == false }
    }
    #expect(open.map(\.path) == [OutsideSignInCalls.callback.shape.path])
  }

  @Test("an endpoint says which problems it may answer")
  func problems() {
    func problems(_ method: String, _ path: String) -> [String] {
      (Self.operation(method, path)?["responses"]?.object ?? JSONObject()).filter { $0.value["$ref"] != nil }
        .map(\.key)
    }
    #expect(problems("get", "/api/v1/version") == ["400", "429", "503"])
    #expect(problems("get", "/api/v1/jobs") == ["400", "401", "403", "404", "414", "422", "429", "503"])
    #expect(
      problems("post", "/api/v1/pipelines:apply")
        == ["400", "401", "403", "404", "409", "412", "413", "415", "422", "429", "503"])
  }

  @Test("a definition that needs If-Match says so")
  func precondition() {
    let endpoint = Endpoint<NamePath, Nothing>(
      .put, "/things/{id}", .needs("things", "update"), "Changes a thing.", precondition: true)
    let document = OpenAPI.document([endpoint.shape], version: "1")
    let operation = document["paths"]?["/api/v1/things/{id}"]?["put"]
    #expect(operation?["parameters"]?[1]?["$ref"] == "#/components/parameters/IfMatch")
    #expect(operation?["responses"]?["428"] != nil && operation?["responses"]?["412"] != nil)
  }

  @Test("a body that is signed is bytes of any kind, with what names it in the path")
  func raw() {
    let hook = Self.operation("post", "/api/v1/hooks/{namespace}/{path}")
    #expect(hook?["parameters"]?.array?.map { $0["name"]?.string } == ["namespace", "path"])
    #expect(hook?["requestBody"]?["content"]?.object?.keys == ["*/*"])
    #expect(hook?["responses"]?["413"] != nil && hook?["responses"]?["415"] == nil)
  }

  @Test("streams and bytes have their media types, and open endpoints no security")
  func media() {
    let stream = Self.operation("get", "/api/v1/jobs/{id}/events/stream")?["responses"]?["200"]?["content"]
    #expect(stream?["text/event-stream"]?["x-event-data"]?["$ref"] == "#/components/schemas/JobEvent")
    #expect(
      Self.operation("get", "/api/v1/jobs/{id}/export")?["responses"]?["200"]?["content"]?["*/*"] != nil)
    #expect(Self.operation("get", "/api/v1/health")?["security"] == [])
    #expect(Self.operation("get", "/api/v1/jobs")?["security"]?.array?.count == 2)
  }

  @Test("the example of an endpoint is an input that it takes")
  func examples() throws {
    var count = 0
    for shape in EndpointCatalog.shapes {
      guard let example = shape.example else { continue }
      #expect(try Judge(shape.input).accepts(example), "\(shape.path)")
      count += 1
    }
    #expect(count > 0)
  }

  /// For checks by programs that read OpenAPI: `ESTEIRA_OPENAPI_OUT=FILE swift test --filter OpenAPITests`.
  @Test(
    "the document can be written to a file",
    .enabled(if: ProcessInfo.processInfo.environment["ESTEIRA_OPENAPI_OUT"] != nil))
  func written() throws {
    let path = try #require(ProcessInfo.processInfo.environment["ESTEIRA_OPENAPI_OUT"])
    try Data(Self.document.serialized()).write(to: URL(filePath: path))
    for (language, name) in [(Language.english, "en"), (.portuguese, "pt-BR")] {
      let page = APIReference.html(Self.document, language: language, nonce: "n0nce")
      try Data(page.utf8).write(to: URL(filePath: "\(path).\(name).html"))
    }
  }

  private static func operation(_ method: String, _ path: String) -> JSON? {
    document["paths"]?[path]?[method]
  }
}
