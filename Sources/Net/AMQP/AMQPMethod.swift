/// What the broker says, as far as this client listens.
enum AMQPMethod: Hashable {
  case start(mechanisms: String)
  case tune(channels: UInt16, frame: UInt32, heartbeat: UInt16)
  case opened
  case closed(code: UInt16, text: String)
  case closeDone
  case blocked
  case unblocked
  case channelOpened
  case channelClosed(code: UInt16, text: String)
  case channelCloseDone
  case declared(queue: String, messages: UInt32)
  case bound
  case prefetchSet
  case consuming(tag: String)
  /// The broker takes the consumer away: its queue was deleted, or moves.
  case cancelled(tag: String)
  case cancelDone
  case confirmsOn
  case delivered(tag: UInt64, isRedelivered: Bool, exchange: String, routingKey: String)
  case returned(code: UInt16, text: String)
  case acknowledged(tag: UInt64, multiple: Bool)
  case refused(tag: UInt64, multiple: Bool)
  case other(UInt32)
}

/// The numbers of class and method, as the protocol has them.
enum AMQPNumber {
  static let start: UInt32 = 0x000A_000A
  static let startOk: UInt32 = 0x000A_000B
  static let tune: UInt32 = 0x000A_001E
  static let tuneOk: UInt32 = 0x000A_001F
  static let open: UInt32 = 0x000A_0028
  static let openOk: UInt32 = 0x000A_0029
  static let close: UInt32 = 0x000A_0032
  static let closeOk: UInt32 = 0x000A_0033
  static let blocked: UInt32 = 0x000A_003C
  static let unblocked: UInt32 = 0x000A_003D
  static let channelOpen: UInt32 = 0x0014_000A
  static let channelOpenOk: UInt32 = 0x0014_000B
  static let channelClose: UInt32 = 0x0014_0028
  static let channelCloseOk: UInt32 = 0x0014_0029
  static let declare: UInt32 = 0x0032_000A
  static let declareOk: UInt32 = 0x0032_000B
  static let bind: UInt32 = 0x0032_0014
  static let bindOk: UInt32 = 0x0032_0015
  static let qos: UInt32 = 0x003C_000A
  static let qosOk: UInt32 = 0x003C_000B
  static let consume: UInt32 = 0x003C_0014
  static let consumeOk: UInt32 = 0x003C_0015
  static let cancel: UInt32 = 0x003C_001E
  static let cancelOk: UInt32 = 0x003C_001F
  static let publish: UInt32 = 0x003C_0028
  static let basicReturn: UInt32 = 0x003C_0032
  static let deliver: UInt32 = 0x003C_003C
  static let ack: UInt32 = 0x003C_0050
  static let nack: UInt32 = 0x003C_0078
  static let select: UInt32 = 0x0055_000A
  static let selectOk: UInt32 = 0x0055_000B
  /// Of the class `basic`.
  static let basic: UInt16 = 60
}

/// A piece of the stream: what frames are, and how they are cut out of it.
struct AMQPFrame: Hashable {
  enum Kind: UInt8 {
    case method = 1
    case header = 2
    case body = 3
    case heartbeat = 8
  }
  var kind: Kind
  var channel: UInt16
  var payload: [UInt8]

  static let end: UInt8 = 0xCE
  /// Bytes around a payload.
  static let overhead = 8

  var encoded: [UInt8] {
    var bytes = [kind.rawValue, UInt8(channel >> 8), UInt8(channel & 0xFF)]
    bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: payload.count >> $0) }
    bytes += payload
    bytes.append(Self.end)
    return bytes
  }
}

/// Cuts what a broker sends into frames.
struct AMQPFrames {
  private var bytes: [UInt8] = []
  private let limit: Int

  /// `limit`: bytes of one frame.
  init(limit: Int) { self.limit = limit }

  mutating func feed(_ more: [UInt8]) throws(NetError) -> [AMQPFrame] {
    bytes += more
    var (frames, place) = ([AMQPFrame](), 0)
    while bytes.count - place >= 7 {
      // A broker that does not speak this version answers with the one that it speaks.
      if bytes[place] == UInt8(ascii: "A") { throw .protocolError("it is no broker of AMQP 0-9-1") }
      let size = bytes[(place + 3)..<(place + 7)].reduce(0) { $0 << 8 | Int($1) }
      guard size + AMQPFrame.overhead <= limit else { throw .tooLarge(limit: limit) }
      guard bytes.count - place >= size + AMQPFrame.overhead else { break }
      guard let kind = AMQPFrame.Kind(rawValue: bytes[place]), bytes[place + 7 + size] == AMQPFrame.end else {
        throw .protocolError("a frame of AMQP is broken")
      }
      let channel = UInt16(bytes[place + 1]) << 8 | UInt16(bytes[place + 2])
      frames.append(
        AMQPFrame(kind: kind, channel: channel, payload: Array(bytes[(place + 7)..<(place + 7 + size)])))
      place += size + AMQPFrame.overhead
    }
    bytes.removeFirst(place)
    return frames
  }
}
