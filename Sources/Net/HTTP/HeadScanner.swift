/// Finds the end of a message's head, and refuses what two readers could understand in two ways before any
/// parser sees it: a CR or LF alone, folded lines, control characters. Bytes may come one by one.
struct HeadScanner {
  enum Refusal: Hashable, Sendable {
    case bareCarriageReturn, bareLineFeed, folded, control
    case lineTooLong, headTooLong, tooManyFields
  }

  enum Result: Hashable, Sendable {
    case incomplete
    /// The head has this many bytes, the empty line included.
    case complete(Int)
    case refused(Refusal)
  }

  let limit: Int
  let maxFields: Int
  private var scanned = 0
  private var lineStart = 0
  private var lines = 0
  private var previous: UInt8 = 0

  init(limit: Int, maxFields: Int) {
    self.limit = limit
    self.maxFields = maxFields
  }

  /// Looks at the bytes that came since the last call; `input` is the whole head so far.
  mutating func scan(_ input: UnsafeRawBufferPointer) -> Result {
    while scanned < input.count {
      guard scanned < limit else { return .refused(lines == 0 ? .lineTooLong : .headTooLong) }
      let byte = input[scanned]
      if let refusal = refusal(of: byte) { return .refused(refusal) }
      scanned += 1
      previous = byte
      guard byte == 10 else { continue }
      if scanned - lineStart == 2, lines > 0 { return .complete(scanned) }
      lines += 1
      lineStart = scanned
      if lines - 1 > maxFields { return .refused(.tooManyFields) }
    }
    return .incomplete
  }

  private func refusal(of byte: UInt8) -> Refusal? {
    if previous == 13, byte != 10 { return .bareCarriageReturn }
    switch byte {
    case 10 where previous != 13: return .bareLineFeed
    case 9, 32: return scanned == lineStart ? .folded : nil
    case 10, 13: return nil
    case 0..<32, 127: return .control
    default: return nil
    }
  }
}
