public import API
public import Model

/// Who calls, and how answers to them are worded.
public struct Caller: Sendable {
  /// Such as `local:ana`.
  public var actor: String
  public var language: Language

  public init(actor: String, language: Language) { (self.actor, self.language) = (actor, language) }
}

/// An endpoint with what answers it. It can only be made from an endpoint, so it always has a permission.
public struct Route: Sendable {
  public let shape: Shape
  let segments: [Segment]
  let answer: @Sendable (JSON, APIRequest, Caller) async throws -> APIResponse

  enum Segment: Sendable, Hashable {
    case literal(String)
    case parameter(String)
  }

  private init(
    _ shape: Shape, answer: @escaping @Sendable (JSON, APIRequest, Caller) async throws -> APIResponse
  ) {
    (self.shape, self.answer) = (shape, answer)
    segments = shape.path.split(separator: "/").map { part in
      part.first == "{" ? .parameter(String(part.dropFirst().dropLast())) : .literal(String(part))
    }
  }

  /// The answer's status is 200 unless `status` says otherwise for an output.
  static func answer<Input, Output>(
    _ endpoint: Endpoint<Input, Output>, status: @escaping @Sendable (Output) -> Int = { _ in 200 },
    with handle: @escaping @Sendable (Input, Caller) async throws -> Output
  ) -> Route {
    Route(endpoint.shape) { json, _, caller in
      let output = try await handle(try Input(json), caller)
      return APIResponse(status: status(output), json: output.json)
    }
  }

  /// The id of an event is what `Last-Event-ID` gives back.
  static func stream<Input, Element>(
    _ endpoint: StreamEndpoint<Input, Element>, id: @escaping @Sendable (Element) -> String,
    with handle: @escaping @Sendable (Input, APIRequest, Caller) async throws -> AsyncStream<Element>
  ) -> Route {
    Route(endpoint.shape) { json, request, caller in
      let elements = try await handle(try Input(json), request, caller)
      let events = AsyncThrowingStream<APIEvent, any Error> { continuation in
        let relay = Task {
          for await element in elements {
            continuation.yield(APIEvent(id: id(element), data: element.json.text))
          }
          continuation.finish()
        }
        continuation.onTermination = { _ in relay.cancel() }
      }
      return APIResponse(contentType: "text/event-stream", body: .events(events))
    }
  }

  static func bytes<Input>(
    _ endpoint: BytesEndpoint<Input>,
    with handle: @escaping @Sendable (Input, Caller) async throws -> APIResponse
  ) -> Route {
    Route(endpoint.shape) { json, _, caller in try await handle(try Input(json), caller) }
  }

  /// The parameters of the path, or nil where it is another route's.
  func parameters(of path: [Substring]) -> [(String, String)]? {
    guard path.count == segments.count else { return nil }
    var parameters: [(String, String)] = []
    for (segment, part) in zip(segments, path) {
      guard let text = Percent.decode(part) else { return nil }
      switch segment {
      case .literal(let literal): if ScalarString(literal) != ScalarString(text) { return nil }
      case .parameter(let name): if text.isEmpty { return nil } else { parameters.append((name, text)) }
      }
    }
    return parameters
  }
}
