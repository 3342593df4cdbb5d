import Engine
import Model

/// Messages to clients as text.
///
/// A job's sequence number is that of the stored decision times `parts`, and the place of the change in it:
/// so every change has its own, and a client that gives it back misses nothing and sees nothing twice.
enum HubText {
  /// More changes than one decision has, whose text is bounded.
  static let parts: Int64 = 1_024

  static func sequence(_ place: JobChange.Place) -> Int64 {
    Int64(place.sequence) * parts + min(Int64(place.part), parts - 1)
  }

  /// Behind all of the stored decision.
  static func end(of sequence: UInt32) -> Int64 { Int64(sequence) * parts + parts - 1 }

  static func message(
    _ type: String, _ channel: String?, _ sequence: Int64?, at time: Timestamp, _ payload: JSONObject
  ) -> String {
    var object = JSONObject([("type", .string(type))])
    object["channel"] = channel.map { .string($0) }
    object["seq"] = sequence.map { .int($0) }
    object["timestamp"] = .string(time.rfc3339)
    object["payload"] = .object(payload)
    return JSON.object(object).text
  }

  static func ack(
    _ id: JSON?, _ channel: String, _ sequence: Int64?, _ snapshot: JSON?, at time: Timestamp
  ) -> String {
    var payload = JSONObject([("channel", .string(channel))])
    payload["id"] = id
    payload["seq"] = sequence.map { .int($0) }
    payload["snapshot"] = snapshot
    return message("ack", channel, sequence, at: time, payload)
  }

  static func error(
    _ fault: HubFault, id: JSON?, _ channel: String?, _ language: Language, at time: Timestamp
  ) -> String {
    var payload = JSONObject([
      ("code", .string(fault.rawValue)), ("message", .string(fault.text[language])),
    ])
    payload["id"] = id
    return message("error", channel, nil, at: time, payload)
  }

  /// The client was slow: it has to subscribe again.
  static func lagged(_ channel: String, dropped: Int?, after sequence: Int64, at time: Timestamp) -> String {
    var payload = JSONObject([("channel", .string(channel))])
    payload["dropped"] = dropped.map { .int(Int64($0)) }
    payload["resume_after"] = .int(sequence)
    return message("lagged", channel, nil, at: time, payload)
  }

  /// In place of messages that were left out and that nobody has to fetch.
  static func thinned(
    _ topic: HubTopic, count: Int, after sequence: Int64, at time: Timestamp
  ) -> String {
    switch topic {
    case .logs(let job), .lines(let job):
      return message(
        "log", topic.name, nil, at: time,
        [
          "job_id": .string(job.description), "level": "WARN",
          "message": .string("\(count) lines were left out here: the client was slow."),
          "metadata": ["thinned": .int(Int64(count)), "resume_after": .int(sequence)],
        ])
    case .job, .pipeline, .namespace, .labels, .global, .asks, .rows:
      return message("progress", topic.name, nil, at: time, ["thinned": .int(Int64(count))])
    }
  }

  static func pong(_ id: JSON?, at time: Timestamp) -> String {
    var payload = JSONObject()
    payload["id"] = id
    return message("pong", nil, nil, at: time, payload)
  }

  static func closing(_ end: HubEnd, after pause: Duration, at time: Timestamp) -> String {
    message(
      "closing", nil, nil, at: time,
      ["reason": .string(end.rawValue), "reconnect_after_ms": .int(pause.microseconds / 1_000)])
  }
}
