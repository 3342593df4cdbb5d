import Engine
import Synchronization

/// Takes both streams of a program: whole into the log, line by line, and their beginnings for the output.
final class StreamCapture: Sendable {
  /// How much of a stream stands in the output.
  static let keptLimit = 65_536
  /// Longer lines are logged in pieces of this size.
  static let lineLimit = 65_536

  struct Kept: Sendable {
    var bytes: [UInt8] = []
    var isTruncated = false
    fileprivate var line: [UInt8] = []

    /// Ill-formed UTF-8 repaired, the half scalar of a cut left out, newlines at the end too.
    var text: String {
      var end = bytes.endIndex
      if isTruncated { end = Self.lastBorder(of: bytes) }
      while end > 0, bytes[end - 1] == UInt8(ascii: "\n") || bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
      return String(decoding: bytes[..<end], as: UTF8.self)
    }

    private static func lastBorder(of bytes: [UInt8]) -> Int {
      guard let lead = bytes.lastIndex(where: { $0 & 0xC0 != 0x80 }), bytes[lead] >= 0xC0 else {
        return bytes.endIndex
      }
      let length = bytes[lead] >= 0xF0 ? 4 : bytes[lead] >= 0xE0 ? 3 : 2
      return lead + length > bytes.endIndex ? lead : bytes.endIndex
    }
  }

  private let log: @Sendable (LogLevel, String) -> Void
  private let kept = Mutex((output: Kept(), errors: Kept()))

  private let masks: Mutex<(output: Masking.Stream, errors: Masking.Stream)>

  /// `mask` hides secrets before anything is cut: half a secret is one too.
  init(log: @escaping @Sendable (LogLevel, String) -> Void, mask: Masking = .none) {
    self.log = log
    masks = Mutex((mask.stream(), mask.stream()))
  }

  var output: Kept { kept.withLock { $0.output } }
  var errors: Kept { kept.withLock { $0.errors } }

  /// The last line of the error stream, which mostly tells why; what a credential holds is hidden there.
  var lastWords: String { errors.text.split(separator: "\n").last.map { ": \($0.prefix(300))" } ?? "" }

  func receive(_ stream: ChildStream, _ bytes: ArraySlice<UInt8>) {
    let masked = masks.withLock { masks in
      switch stream {
      case .output: masks.output.take(bytes)
      case .errors: masks.errors.take(bytes)
      }
    }
    keep(masked[...], of: stream)
  }

  private func keep(_ bytes: ArraySlice<UInt8>, of stream: ChildStream) {
    let lines = kept.withLock { kept in
      switch stream {
      case .output: kept.output.take(bytes)
      case .errors: kept.errors.take(bytes)
      }
    }
    for line in lines { write(line, of: stream) }
  }

  /// Logs what came after the last newline.
  func finish() {
    let rest = masks.withLock { ($0.output.finish(), $0.errors.finish()) }
    keep(rest.0[...], of: .output)
    keep(rest.1[...], of: .errors)
    let (output, errors) = kept.withLock { kept in
      defer { (kept.output.line, kept.errors.line) = ([], []) }
      return (kept.output.line, kept.errors.line)
    }
    if !output.isEmpty { write(output, of: .output) }
    if !errors.isEmpty { write(errors, of: .errors) }
  }

  private func write(_ line: [UInt8], of stream: ChildStream) {
    var line = line[...]
    if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
    log(stream == .output ? .info : .warn, String(decoding: line, as: UTF8.self))
  }
}

extension StreamCapture.Kept {
  /// The lines that are whole now.
  fileprivate mutating func take(_ new: ArraySlice<UInt8>) -> [[UInt8]] {
    let room = StreamCapture.keptLimit - bytes.count
    bytes.append(contentsOf: new.prefix(room))
    if new.count > room { isTruncated = true }
    var lines: [[UInt8]] = []
    var rest = new
    while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
      line.append(contentsOf: rest[..<newline])
      lines += pieces()
      lines.append(line)
      line = []
      rest = rest[(newline + 1)...]
    }
    line.append(contentsOf: rest)
    return lines + pieces()
  }

  private mutating func pieces() -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    while line.count > StreamCapture.lineLimit {
      pieces.append(Array(line.prefix(StreamCapture.lineLimit)))
      line.removeFirst(StreamCapture.lineLimit)
    }
    return pieces
  }
}
