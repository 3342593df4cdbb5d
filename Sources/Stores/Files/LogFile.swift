internal import Crypto
internal import Engine
internal import Model

/// One job's log on the disk: frames of records. The frame's number and the job are authenticated.
enum LogFile {
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

  /// Hands each line, and each hole between lines, to `receive` until it answers false. What does not open at
  /// the end of the file is what a crash left; a file of which nothing opens fails as `log-damaged`.
  @discardableResult
  static func scan(
    _ path: String, job: ID<Job>, key: SymmetricKey, _ receive: (LogScan.Entry) -> Bool
  ) throws(Failure) -> LogScan.End {
    var scan = LogScan(job: job, key: key)
    guard Folder.exists(path) else { return scan.end }
    do throws(FileError) { try scan.run(File.open(path, .read), receive) } catch { throw failure(error) }
    if scan.isForeign {
      throw Failure(.data, code: "log-damaged", "Nothing of the log of job \(job) can be read.")
    }
    return scan.end
  }

  /// The entries behind the end of an earlier scan, whole frames of them until there are so many bytes.
  static func scan(
    _ path: String, job: ID<Job>, key: SymmetricKey, from end: LogScan.End, bytes: Int64,
    _ receive: (LogScan.Entry) -> Void
  ) throws(Failure) -> LogScan.End {
    var scan = LogScan(job: job, key: key, from: end)
    guard Folder.exists(path) else { return scan.end }
    do throws(FileError) {
      let file = try File.open(path, .read)
      try file.seek(to: end.bytes)
      try scan.run(file, bytes: bytes) { entry in
        receive(entry)
        return true
      }
    } catch { throw failure(error) }
    if scan.isForeign {
      throw Failure(.data, code: "log-damaged", "Nothing of the log of job \(job) can be read.")
    }
    return scan.end
  }

  static func cut(_ path: String, at end: LogScan.End) throws(Failure) {
    guard end.isTorn else { return }
    do throws(FileError) { try File.open(path, .update).truncate(to: end.bytes) } catch {
      throw failure(error)
    }
  }

  static func place(_ job: ID<Job>, _ index: Int) -> [UInt8] { Frames.place(job.bytes, index) }

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
