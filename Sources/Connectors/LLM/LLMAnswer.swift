import Model
import Net
import Synchronization

/// What a model said, put together from one answer or from the events of a stream.
struct LLMAnswer: Sendable {
  private(set) var text = ""
  private(set) var refusal = ""
  private(set) var usage: LLMUsage?
  private(set) var model: String?
  private(set) var finishReason: String?
  /// The stream said that it is over, or the answer came whole.
  private(set) var isWhole = false
  /// In the service's words, where it failed in the middle of a stream.
  private(set) var fault: String?
  private var tools: [(id: String, name: String, arguments: String)] = []

  static let mostTools = 128

  /// `[{id, name, arguments}]`; arguments that are no JSON stay a text.
  var toolCalls: [JSON] {
    tools.map { tool in
      let arguments = (try? JSON(parsing: Array(tool.arguments.utf8))) ?? .string(tool.arguments)
      return ["id": .string(tool.id), "name": .string(tool.name), "arguments": arguments]
    }
  }

  var bytes: Int { text.utf8.count + tools.reduce(0) { $0 + $1.arguments.utf8.count } }

  /// Of an answer without a stream.
  mutating func take(whole json: JSON) {
    take(json, "message")
    isWhole = finishReason != nil
  }

  /// One event of a stream.
  mutating func take(event data: String) {
    if data == "[DONE]" {
      isWhole = true
      return
    }
    // A line that is no JSON is a comment of some proxy.
    guard let json = try? JSON(parsing: Array(data.utf8)) else { return }
    if let error = json["error"], !error.isNull {
      fault = error["message"]?.string ?? error.text
      return
    }
    take(json, "delta")
  }

  private mutating func take(_ json: JSON, _ key: String) {
    if let usage = LLMUsage(json["usage"]) { self.usage = usage }
    if let model = json["model"]?.string { self.model = model }
    guard let choice = json["choices"]?[0] else { return }
    if let reason = choice["finish_reason"]?.string { finishReason = reason }
    guard let said = choice[key] else { return }
    text += said["content"]?.string ?? ""
    refusal += said["refusal"]?.string ?? ""
    for (place, call) in (said["tool_calls"]?.array ?? []).enumerated() {
      let index = call["index"]?.int.map { Int(clamping: $0) } ?? place
      guard (0..<Self.mostTools).contains(index) else { continue }
      while tools.count <= index { tools.append(("", "", "")) }
      if let id = call["id"]?.string { tools[index].id = id }
      if let name = call["function"]?["name"]?.string { tools[index].name += name }
      tools[index].arguments += call["function"]?["arguments"]?.string ?? ""
    }
  }
}

/// Reads an answer while it comes: a stream of events, or one JSON value.
final class LLMReader: Sendable {
  private struct State {
    var answer = LLMAnswer()
    var parser = EventStreamParser()
    var isStream = false
    var body: [UInt8] = []
  }

  private let state = Mutex(State())

  /// What came so far.
  var answer: LLMAnswer { state.withLock { $0.answer } }
  /// Of an answer that is no stream.
  var body: [UInt8] { state.withLock { $0.body } }

  func begin(_ status: Int, _ headers: HTTPHeaders) {
    let type = ContentType(headers["content-type"] ?? "").type
    state.withLock { $0.isStream = status == 200 && type == "text/event-stream" }
  }

  func take(_ bytes: [UInt8]) throws(NetError) {
    try state.withLock { state throws(NetError) in
      guard state.isStream else {
        state.body += bytes
        return
      }
      for event in try state.parser.feed(bytes) { state.answer.take(event: event.data) }
    }
  }

  func finish(_ status: Int) {
    state.withLock { state in
      guard !state.isStream, status == 200, let json = try? JSON(parsing: state.body) else { return }
      state.answer.take(whole: json)
    }
  }
}
