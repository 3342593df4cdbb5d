import Engine
import Model

// Log lines as messages. There may be ten thousand a second, so their text is put together without a tree.
extension HubText {
  /// `number` counts the lines of the job's log from 1.
  static func entry(
    _ line: HubLogs.Line, _ number: Int, path: String, of job: ID<Job>, in topic: HubTopic
  ) -> HubEntry {
    var sequence: Int64?
    if case .logs = topic { sequence = Int64(number) }
    let spoken = SpokenLine(line)
    var text = text(spoken, line, number, path, job, topic, sequence)
    var message = spoken
    while text.utf8.count > HubLimits.messageOut, message.shorten() {
      text = self.text(message, line, number, path, job, topic, sequence)
    }
    return HubEntry(
      sequence: sequence, text: text,
      kind: .log(HubEntry.Line(level: spoken.level, path: ScalarString(path), attempt: line.attempt)))
  }

  private static func text(
    _ spoken: SpokenLine, _ line: HubLogs.Line, _ number: Int, _ path: String, _ job: ID<Job>,
    _ topic: HubTopic, _ sequence: Int64?
  ) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(spoken.message.utf8.count + 320)
    func add(_ text: String) { bytes.append(contentsOf: text.utf8) }
    add("{\"type\":\"log\",\"channel\":")
    JSON.string(topic.name).write(to: &bytes)
    if let sequence {
      add(",\"seq\":")
      JSON.int(sequence).write(to: &bytes)
    }
    add(",\"timestamp\":")
    JSON.string(line.at.rfc3339).write(to: &bytes)
    add(",\"payload\":{\"job_id\":")
    JSON.string(job.description).write(to: &bytes)
    if !path.isEmpty {
      add(",\"step_id\":")
      JSON.string(path).write(to: &bytes)
    }
    add(",\"attempt\":")
    JSON.int(Int64(line.attempt)).write(to: &bytes)
    add(",\"offset\":")
    JSON.int(Int64(number)).write(to: &bytes)
    add(",\"level\":")
    JSON.string(spoken.level.word).write(to: &bytes)
    add(",\"message\":")
    JSON.string(spoken.message).write(to: &bytes)
    if let metadata = spoken.metadata {
      add(",\"metadata\":")
      JSON.object(metadata).write(to: &bytes)
    }
    add("}}")
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// What a line says. A program that logs one JSON object `{"level", "message", "metadata"?}` a line is
/// understood; SUCCESS, which is no level here, becomes INFO with `metadata.outcome`.
struct SpokenLine {
  var level: LogLevel
  var message: String
  var metadata: JSONObject?

  init(_ line: HubLogs.Line) {
    (level, message) = (line.level, line.message)
    // A line that only looks like JSON is told as it is.
    guard line.message.utf8.first == UInt8(ascii: "{"), line.message.utf8.last == UInt8(ascii: "}"),
      let json = try? JSON(parsing: Array(line.message.utf8)), let word = json["level"]?.string,
      let text = json["message"]?.string, let (level, outcome) = Self.level(word)
    else { return }
    (self.level, message, metadata) = (level, text, json["metadata"]?.object)
    if let outcome {
      metadata = metadata ?? JSONObject()
      metadata?["outcome"] = .string(outcome)
    }
  }

  private static func level(_ word: String) -> (LogLevel, outcome: String?)? {
    switch word.uppercased() {
    case "SUCCESS": (.info, "success")
    case "DEBUG": (.debug, nil)
    case "INFO": (.info, nil)
    case "WARN", "WARNING": (.warn, nil)
    case "ERROR", "CRITICAL": (.error, nil)
    case _: nil
    }
  }

  /// Leaves out the metadata first, then half of the message. False where nothing is left to take away.
  mutating func shorten() -> Bool {
    if metadata?["left_out"] == nil, metadata != nil {
      metadata = ["left_out": .bool(true)]
      return true
    }
    guard message.utf8.count > 64 else { return false }
    message = String(message.unicodeScalars.prefix(message.unicodeScalars.count / 2)) + "…"
    return true
  }
}
