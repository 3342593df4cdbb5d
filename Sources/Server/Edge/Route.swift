public import API
import Access
import Model

extension Caller {
  /// The members that are wanted of an answer, with the media type that says whether it is whole.
  func answer(_ json: JSON, status: Int = 200) -> APIResponse {
    guard let fields else { return APIResponse(status: status, json: json) }
    return APIResponse(
      status: status, contentType: FieldSelection.contentType,
      body: .bytes(fields.taken(from: json).serialized()))
  }
}

/// An endpoint with what answers it. It can only be made from an endpoint, so it has a permission, and only
/// with a scope, so it is known where the permission is asked.
public struct Route: Sendable {
  public let shape: Shape
  let segments: [Segment]
  /// Reads the input and lets the caller through, or throws; what comes back answers.
  let admit: @Sendable (JSON, inout Caller) throws -> Answer

  typealias Answer = @Sendable (Caller) async throws -> APIResponse

  enum Segment: Sendable, Hashable {
    case literal(String)
    case parameter(String)
  }

  init<Input: Wire>(
    _ shape: Shape, _ scope: Scope<Input>,
    answer: @escaping @Sendable (Input, Caller) async throws -> APIResponse
  ) {
    self.shape = shape
    segments = shape.path.split(separator: "/").map { part in
      part.first == "{" ? .parameter(String(part.dropFirst().dropLast())) : .literal(String(part))
    }
    admit = { json, caller in
      let input = try Input(json)
      let places = try scope.places(input, caller)
      if case .namespace(let name, _)? = places.first { caller.place = name }
      caller.reach = try Gate.check(shape.permission, caller.principal, at: places)
      return { caller in try await answer(input, caller) }
    }
  }

  /// The answer's status is the endpoint's only one, unless `status` says which for an output.
  static func answer<Input, Output>(
    _ endpoint: Endpoint<Input, Output>, in scope: Scope<Input>,
    status: (@Sendable (Output) -> Int)? = nil,
    with handle: @escaping @Sendable (Input, Caller) async throws -> Output
  ) -> Route {
    let only = onlyStatus(endpoint.shape, status != nil)
    return Route(endpoint.shape, scope) { input, caller in
      let output = try await handle(input, caller)
      if caller.isDryRun { caller.note.rehearsed() }
      if endpoint.shape.success == [204] { return .nothing }
      // Of what is only shown nothing is there that could be named.
      if endpoint.shape.takesDryRun, caller.isDryRun { return caller.answer(output.json) }
      var response = caller.answer(output.json, status: status?(output) ?? only)
      response.entityTag = (output as? any Tagged)?.tag
      // What was only looked at is where the caller found it.
      if response.status == 201 || response.status == 202 {
        response.location = (output as? any Located)?.location
      }
      response.isShownOnce = Output.self is any ShownOnce.Type
      return response
    }
  }

  /// Where an answer is more than its output: it sets cookies, or says that something is not over yet.
  static func reply<Input, Output>(
    _ endpoint: Endpoint<Input, Output>, in scope: Scope<Input>,
    with handle: @escaping @Sendable (Input, Caller) async throws -> APIResponse
  ) -> Route {
    Route(endpoint.shape, scope) { input, caller in
      var response = try await handle(input, caller)
      response.isShownOnce = Output.self is any ShownOnce.Type
      return response
    }
  }

  /// One that this process cannot answer.
  static func closed(_ shape: Shape, _ problem: Problem) -> Route {
    Route(shape, Scope<JSON>.own) { _, _ in throw problem }
  }

  /// The id of an event is what `Last-Event-ID` gives back.
  static func stream<Input, Element>(
    _ endpoint: StreamEndpoint<Input, Element>, in scope: Scope<Input>,
    id: @escaping @Sendable (Element) -> String,
    with handle: @escaping @Sendable (Input, Caller) async throws -> AsyncStream<Element>
  ) -> Route {
    Route(endpoint.shape, scope) { input, caller in
      let elements = Pull(try await handle(input, caller))
      let events = AsyncThrowingStream<APIEvent, any Error> {
        await elements.next().map { APIEvent(id: id($0), data: $0.json.text) }
      }
      return APIResponse(contentType: "text/event-stream", body: .events(events))
    }
  }

  /// The bytes of the body are `caller.request.body`.
  static func raw<Input, Output>(
    _ endpoint: RawEndpoint<Input, Output>, in scope: Scope<Input>,
    with handle: @escaping @Sendable (Input, Caller) async throws -> Output
  ) -> Route {
    let status = onlyStatus(endpoint.shape, false)
    return Route(endpoint.shape, scope) { input, caller in
      let output = try await handle(input, caller)
      return APIResponse(status: status, json: output.json)
    }
  }

  /// An endpoint with several says for each output which it is; 200 of one that can be rehearsed is that of
  /// the rehearsal.
  private static func onlyStatus(_ shape: Shape, _ isSaid: Bool) -> Int {
    let own = shape.success.filter { $0 != 200 || !shape.takesDryRun || shape.success.count == 1 }
    precondition(isSaid || own.count == 1, "\(shape.path) has several statuses")
    return own[0]
  }

  static func bytes<Input>(
    _ endpoint: BytesEndpoint<Input>, in scope: Scope<Input>,
    with handle: @escaping @Sendable (Input, Caller) async throws -> APIResponse
  ) -> Route {
    Route(endpoint.shape, scope) { input, caller in try await handle(input, caller) }
  }
}
