internal import Crypto
internal import Engine
internal import Model

/// One job's log on the disk: frames of records. The frame's number and the job are authenticated.
enum LogFile {
  /// Where the whole frames end.
  struct End {
    var frames = 0
    var bytes: Int64 = 0
    var isTorn = false
  }

  static func prepare(_ folder: String) throws(Failure) {
    do throws(FileError) { try Folder.make(folder) } catch { throw failure(error) }
  }

  static func append(
    _ plain: [UInt8], index: Int, to path: String, job: ID<Job>, key: SymmetricKey
  ) throws(Failure) {
    var sealer = Sealer()
    var frame: [UInt8] = []
    Frames.append(plain, place: place(job, index), key: key, sealer: &sealer, to: &frame)
    do throws(FileError) {
      let file = try File.open(path, .update)
      try file.truncate(to: file.size())  // Goes to the end.
      try file.write(frame)
    } catch {
      throw failure(error)
    }
  }

  /// Hands each line to `receive` until it answers false. What does not open at the end of the file is what a
  /// crash left; what does not open before the end fails as `log-damaged`.
  @discardableResult
  static func scan(
    _ path: String, job: ID<Job>, key: SymmetricKey, _ receive: (LogLine) -> Bool
  ) throws(Failure) -> End {
    var end = End()
    guard Folder.exists(path) else { return end }
    var sealer = Sealer()
    var (sealed, plain): ([UInt8], [UInt8]) = ([], [])
    var isDamaged = false
    do throws(FileError) {
      let file = try File.open(path, .read)
      scanning: while true {
        let next = try Frames.next(of: file, into: &sealed)
        end.isTorn = next == .torn || isDamaged
        guard next == .frame else { return end }
        if isDamaged { break scanning }
        plain.removeAll(keepingCapacity: true)
        guard open(sealed, place(job, end.frames), key, &sealer, into: &plain) else {
          isDamaged = true
          continue
        }
        end.frames += 1
        end.bytes += Int64(sealed.count + 4)
        for line in LogRecord.lines(of: plain) where !receive(line) { return end }
      }
    } catch {
      throw failure(error)
    }
    throw Failure(.data, code: "log-damaged", "The log of job \(job) is damaged in the middle.")
  }

  private static func open(
    _ sealed: [UInt8], _ place: [UInt8], _ key: SymmetricKey, _ sealer: inout Sealer,
    into plain: inout [UInt8]
  ) -> Bool {
    do throws(UnsealError) {
      try sealer.open(sealed, 0..<sealed.count, key: key, additionalData: place, into: &plain)
      return true
    } catch {
      return false
    }
  }

  static func cut(_ path: String, at end: End) throws(Failure) {
    guard end.isTorn else { return }
    do throws(FileError) { try File.open(path, .update).truncate(to: end.bytes) } catch {
      throw failure(error)
    }
  }

  private static func place(_ job: ID<Job>, _ index: Int) -> [UInt8] { Frames.place(job.bytes, index) }

  private static func failure(_ error: FileError) -> Failure {
    Failure(
      error.isFull ? .transient : .internal, code: "log-store", "The log cannot be kept or read: \(error).")
  }
}

/// One line as bytes: time (8), node (4), attempt (4), length (4), level (1), text.
enum LogRecord {
  static let overhead = 21

  static func append(_ line: LogLine, to bytes: inout [UInt8]) {
    append(UInt64(bitPattern: line.at.microseconds), 8, to: &bytes)
    append(UInt64(line.node), 4, to: &bytes)
    append(UInt64(UInt32(truncatingIfNeeded: line.attempt)), 4, to: &bytes)
    append(UInt64(line.message.utf8.count), 4, to: &bytes)
    bytes.append(line.level.rawValue)
    bytes.append(contentsOf: line.message.utf8)
  }

  static func lines(of bytes: [UInt8]) -> [LogLine] {
    var (lines, start): ([LogLine], Int) = ([], 0)
    while start + overhead <= bytes.count {
      let size = Int(number(bytes, start + 16, 4))
      let text = start + overhead..<min(start + overhead + size, bytes.count)
      lines.append(
        LogLine(
          at: Timestamp(microseconds: Int64(bitPattern: number(bytes, start, 8))),
          level: LogLevel(rawValue: bytes[start + 20]) ?? .info, node: UInt32(number(bytes, start + 8, 4)),
          attempt: Int(number(bytes, start + 12, 4)), message: String(decoding: bytes[text], as: UTF8.self)))
      start = text.upperBound
    }
    return lines
  }

  private static func append(_ number: UInt64, _ count: Int, to bytes: inout [UInt8]) {
    for byte in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * byte))) }
  }

  private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> UInt64 {
    bytes[start..<start + count].reduce(0) { $0 << 8 | UInt64($1) }
  }
}
