import API
import Model

/// Calls endpoints over a transport, and turns error answers into failures of the command.
struct Client: Sendable {
  var transport: any Transport
  var language: Language

  /// `seen`: the tag of the definition that the change is made on.
  func call<Input, Output>(
    _ endpoint: Endpoint<Input, Output>, _ input: Input, seen tag: String? = nil
  ) async throws -> Output {
    let response = try await answer(to: endpoint.shape, input.json, seen: tag)
    guard case .bytes(let bytes) = response.body else { throw Self.wrongAnswer(endpoint.shape) }
    do {
      // Without a body there is nothing to say.
      if response.status == 204 { return try Output(.object(JSONObject())) }
      return try Output(try JSON(parsing: bytes))
    } catch {
      throw Self.wrongAnswer(endpoint.shape)
    }
  }

  /// All pages of a list, at most `limit` items.
  func items<Item>(
    limit: Int, page: (_ cursor: String?, _ limit: Int) async throws -> Page<Item>
  ) async throws -> [Item] {
    var (items, cursor): ([Item], String?) = ([], nil)
    repeat {
      let next = try await page(cursor, min(limit - items.count, Page<Item>.limits.upperBound))
      items += next.items
      cursor = next.nextCursor
    } while cursor != nil && items.count < limit
    return items
  }

  func follow<Input, Element>(
    _ endpoint: StreamEndpoint<Input, Element>, _ input: Input
  ) async throws -> AsyncThrowingStream<APIEvent, any Error> {
    let response = try await answer(to: endpoint.shape, input.json)
    guard case .events(let events) = response.body else { throw Self.wrongAnswer(endpoint.shape) }
    return events
  }

  func bytes<Input>(
    _ endpoint: BytesEndpoint<Input>, _ input: Input, to sink: ([UInt8]) throws -> Void
  ) async throws {
    switch try await answer(to: endpoint.shape, input.json).body {
    case .bytes(let bytes): try sink(bytes)
    case .chunks(_, let chunks): for try await chunk in chunks { try sink(chunk) }
    case .events: throw Self.wrongAnswer(endpoint.shape)
    }
  }

  private func answer(
    to shape: Shape, _ input: JSON, seen tag: String? = nil
  ) async throws -> APIResponse {
    var request = APIRequest(shape, input: input, language: language)
    request.ifMatch = tag.map { "\"\($0)\"" }
    let response = try await transport.send(request)
    if (200..<300).contains(response.status) { return response }
    guard case .bytes(let bytes) = response.body, let json = try? JSON(parsing: bytes),
      let document = try? ProblemDocument(json)
    else { throw Self.wrongAnswer(shape) }
    throw document
  }

  static func wrongAnswer(_ shape: Shape) -> Problem {
    Problem(
      "wrong-answer",
      Bilingual(
        "\(shape.method.rawValue) \(shape.path) answered something that this program does not understand.",
        pt: "\(shape.method.rawValue) \(shape.path) respondeu algo que este programa não entende."),
      remedy: Bilingual(
        "Is the server of another version? `esteira version` shows both.",
        pt: "O servidor é de outra versão? `esteira version` mostra as duas."))
  }
}

extension Invocation {
  /// Opens the transport for the time of the work.
  func withClient<Result>(
    _ access: Access, _ choice: ServerChoice? = nil, _ work: (Client) async throws -> Result
  ) async throws -> Result {
    let transport = try await bench.connect(access, try choice ?? server)
    do {
      let result = try await work(Client(transport: transport, language: language))
      await transport.close()
      return result
    } catch {
      await transport.close()
      throw error
    }
  }
}
