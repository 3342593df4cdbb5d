internal import Crypto
internal import Engine
internal import Model

/// Walks through the frames of a log. Logs are not synced, so a power cut may leave a hole in the middle:
/// what stands behind it is found again, and the hole is told.
struct LogScan: ~Copyable {
  enum Entry {
    case line(LogLine)
    /// So many bytes before what follows do not open.
    case gap(bytes: Int64)
  }

  /// Where the frames that open end.
  struct End {
    /// The number of the next frame.
    var frames = 0
    var bytes: Int64 = 0
    /// What stands behind the end does not open: a crash left it half written.
    var isTorn = false
  }

  private struct Found {
    var start: Int64
    var bytes: Int64
    var index: Int
  }

  /// More frames than this are not looked for in one hole: each of them is a try to open what follows.
  private static let mostLost = 4_096
  private static let window = 64 * 1024

  let job: ID<Job>
  let key: SymmetricKey
  private(set) var end = End()
  /// Whole frames that do not open, behind the end.
  private var skipped = 0
  private var position: Int64 = 0
  private var sealer = Sealer()
  private var plain: [UInt8] = []

  init(job: ID<Job>, key: SymmetricKey) { (self.job, self.key) = (job, key) }

  /// Goes on where another scan ended.
  init(job: ID<Job>, key: SymmetricKey, from end: End) {
    (self.job, self.key, self.end, position) = (job, key, end, end.bytes)
    self.end.isTorn = false
  }

  /// No frame opens, though more than one is whole: the key is another one, or the file is another's.
  var isForeign: Bool { end.frames == 0 && skipped > 1 }

  /// Hands out each entry until `receive` answers false, or behind the frame with which so many bytes were
  /// read.
  mutating func run(
    _ file: borrowing File, bytes limit: Int64 = .max, _ receive: (Entry) -> Bool
  ) throws(FileError) {
    var sealed: [UInt8] = []
    let start = position
    while end.bytes - start < limit {
      switch try Frames.next(of: file, into: &sealed) {
      case .end:
        end.isTorn = position > end.bytes
        return
      case .frame:
        let bytes = Int64(sealed.count + 4)
        let found = Found(start: position, bytes: bytes, index: end.frames + skipped)
        position += bytes
        if opens(sealed, found.index) {
          if !accept(found, receive) { return }
        } else {
          skipped += 1
        }
      case .torn:
        guard let found = try next(in: file) else {
          end.isTorn = true
          return
        }
        if !accept(found, receive) { return }
        try file.seek(to: position)
      }
    }
  }

  private mutating func accept(_ found: Found, _ receive: (Entry) -> Bool) -> Bool {
    let hole = found.start - end.bytes
    position = found.start + found.bytes
    (end.frames, end.bytes, skipped) = (found.index + 1, position, 0)
    if hole > 0, !receive(.gap(bytes: hole)) { return false }
    for line in LogRecord.lines(of: plain) where !receive(.line(line)) { return false }
    return true
  }

  /// The first frame behind the end that opens, wherever it begins.
  private mutating func next(in file: borrowing File) throws(FileError) -> Found? {
    let size = try file.size()
    var (base, bytes, sealed): (Int64, [UInt8], [UInt8]) = (end.bytes + 1, [], [])
    while base < size {
      try file.seek(to: base)
      // Lengths that lie across two windows are part of the first one.
      guard try file.read(into: &bytes, limit: Self.window + 3) else { return nil }
      for offset in 0..<max(0, min(bytes.count - 3, Self.window)) {
        let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
        let start = base + Int64(offset)
        guard Frames.lengths.contains(length), start + 4 + Int64(length) <= size else { continue }
        try file.seek(to: start + 4)
        guard try file.read(into: &sealed, limit: length), let index = index(of: sealed, at: start) else {
          continue
        }
        return Found(start: start, bytes: Int64(length + 4), index: index)
      }
      base += Int64(Self.window)
    }
    return nil
  }

  /// The number under which the frame opens, which depends on how many are lost before it.
  private mutating func index(of sealed: [UInt8], at start: Int64) -> Int? {
    let room = Int(start - end.bytes) / (Frames.lengths.lowerBound + 4)
    return (end.frames...end.frames + min(room + 1, Self.mostLost)).first { opens(sealed, $0) }
  }

  private mutating func opens(_ sealed: [UInt8], _ index: Int) -> Bool {
    plain.removeAll(keepingCapacity: true)
    let place = LogFile.place(job, index)
    do throws(UnsealError) {
      try sealer.open(sealed, 0..<sealed.count, key: key, additionalData: place, into: &plain)
      return true
    } catch {
      return false
    }
  }
}
