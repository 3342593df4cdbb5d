/// One server-sent event.
public struct ServerSentEvent: Hashable, Sendable {
  /// `message` where the server names none.
  public var event: String
  /// All data lines, joined by line feeds.
  public var data: String
  /// The last id that the stream has told, of this event or an earlier one.
  public var id: String?

  public init(event: String = "message", data: String, id: String? = nil) {
    self.event = event
    self.data = data
    self.id = id
  }
}

/// Cuts a `text/event-stream` into events; bytes may come in any pieces. Comments are passed over. An event
/// that is not closed by an empty line never happened, as the standard says.
public struct EventStreamParser: Sendable {
  /// Bytes of one event, or of one line.
  public static let longestEvent = 4 << 20

  /// The wait that the server asked for before a new connection.
  public private(set) var retry: Duration?
  private var line: [UInt8] = []
  private var endedWithCR = false
  private var isFirstLine = true
  private var name = ""
  private var data: [String] = []
  private var dataBytes = 0
  private var lastID: String?

  public init() {}

  /// The events that these bytes complete.
  public mutating func feed(_ bytes: some Sequence<UInt8>) throws(NetError) -> [ServerSentEvent] {
    var events: [ServerSentEvent] = []
    for byte in bytes {
      let isSecondHalf = endedWithCR && byte == 10
      endedWithCR = byte == 13
      if isSecondHalf { continue }
      if byte == 10 || byte == 13 {
        if let event = endLine() { events.append(event) }
      } else {
        line.append(byte)
      }
      guard line.count + dataBytes <= Self.longestEvent else { throw .tooLarge(limit: Self.longestEvent) }
    }
    return events
  }

  private mutating func endLine() -> ServerSentEvent? {
    if isFirstLine, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    isFirstLine = false
    defer { line.removeAll(keepingCapacity: true) }
    if line.isEmpty { return endEvent() }
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
    var value = line[colon...].dropFirst()
    if value.first == 32 { value = value.dropFirst() }
    take(String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
    return nil
  }

  private mutating func take(_ field: String, _ value: String) {
    switch field {
    case "event": name = value
    case "data":
      data.append(value)
      dataBytes += value.utf8.count + 1
    case "id" where !value.utf8.contains(0): lastID = value
    case "retry" where !value.isEmpty && value.utf8.allSatisfy({ (48...57).contains($0) }):
      retry = Int64(value).map { .milliseconds($0) } ?? retry
    default: break
    }
  }

  private mutating func endEvent() -> ServerSentEvent? {
    defer { (name, data, dataBytes) = ("", [], 0) }
    if data.isEmpty { return nil }
    return ServerSentEvent(
      event: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"), id: lastID)
  }
}
