import CZlib
import Synchronization

/// gzip of answers.
enum Compression {
  /// Whether a client takes gzip: named with a weight above zero, or covered by `*`.
  static func isAccepted(_ headers: HTTPHeaders) -> Bool {
    var (gzip, any): (Bool?, Bool?) = (nil, nil)
    for token in headers.tokens("accept-encoding") {
      let parts = token.split(separator: ";", omittingEmptySubsequences: false).map { HTTPText.trimmed($0) }
      let isWanted = !parts.dropFirst().contains(where: isZeroWeight)
      switch parts[0] {
      case "gzip", "x-gzip": gzip = isWanted
      case "*": any = isWanted
      default: break
      }
    }
    return gzip ?? any ?? false
  }

  /// `q=0`, `q=0.0` and so on.
  private static func isZeroWeight(_ parameter: String) -> Bool {
    let bytes = Array(parameter.utf8.filter { $0 != 32 && $0 != 9 })
    return bytes.starts(with: "q=0".utf8)
      && bytes.dropFirst(3).allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") }
  }

  /// Text, and nothing that has to arrive piece by piece.
  static func isWorthwhile(_ contentType: String?) -> Bool {
    guard let contentType else { return false }
    let type = HTTPText.trimmed(contentType.prefix { $0 != ";" }).lowercased()
    if type == "text/event-stream" { return false }
    return type.hasPrefix("text/") || type.hasSuffix("+json") || type.hasSuffix("+xml")
      || type.hasSuffix("+yaml") || applications.contains(type)
  }

  private static let applications: Set<String> = [
    "application/json", "application/yaml", "application/x-yaml", "application/xml",
    "application/javascript", "application/x-ndjson", "application/jsonl",
  ]

  /// Nil where zlib has no memory.
  static func gzip(_ bytes: [UInt8]) -> [UInt8]? {
    guard var deflater = Deflater() else { return nil }
    return deflater.feed(bytes, isLast: true)
  }

  /// The same stream, compressed on its way; nil where zlib has no memory.
  static func gzip(_ stream: HTTPStream) -> HTTPStream {
    HTTPStream(stream.kind) { writer in
      guard let deflater = Deflater() else { throw HTTPStreamClosed() }
      let state = Mutex(deflater)
      try await stream.produce(
        HTTPBodyWriter { bytes async throws(HTTPStreamClosed) in
          try await writer.write(state.withLock { $0.feed(bytes, isLast: false) })
        })
      try await writer.write(state.withLock { $0.feed([], isLast: true) })
    }
  }
}

/// zlib's compressor, with the frame of gzip around.
struct Deflater: ~Copyable {
  private let stream: UnsafeMutablePointer<z_stream>
  /// A window of 16 KB: about 130 KB of memory, for one percent of size.
  private static let window: Int32 = 14
  private static let gzipFrame: Int32 = 16
  private static let memory: Int32 = 7
  private static let level: Int32 = 5
  private static let piece = 32 << 10

  init?() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let code = deflateInit2_(
      stream, Self.level, Z_DEFLATED, Self.window + Self.gzipFrame, Self.memory, Z_DEFAULT_STRATEGY,
      ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// What is ready to be sent, which may be nothing. After the last nothing may follow.
  mutating func feed(_ bytes: [UInt8], isLast: Bool) -> [UInt8] {
    var bytes = bytes
    var output: [UInt8] = []
    bytes.withUnsafeMutableBufferPointer { input in
      stream.pointee.next_in = input.baseAddress
      stream.pointee.avail_in = UInt32(clamping: input.count)
      var isFull = true
      while isFull {
        isFull = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.piece) { room in
          stream.pointee.next_out = room.baseAddress
          stream.pointee.avail_out = UInt32(room.count)
          deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
          let left = Int(stream.pointee.avail_out)
          output.append(contentsOf: room[..<(room.count - left)])
          return left == 0
        }
      }
    }
    return output
  }
}
