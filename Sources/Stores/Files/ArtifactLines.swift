public import Crypto
public import Model
internal import Synchronization

/// Reads the lines of artifacts for fan-outs: counts them once, and then finds any of them without reading
/// all that is before it.
///
/// Memory stays within an index for each of a few artifacts, and the lines that were asked for.
public final class ArtifactLines: Sendable {
  /// A line without its end has at most so many bytes.
  public static let lineLimit = 1 << 20
  /// Of so many artifacts the indexes are kept; of others they are made anew when they are needed.
  static let indexes = 8

  private struct Name: Hashable {
    var namespace: String
    var sha256: String
  }

  private struct Entry {
    var name: Name
    var index: Task<Result<LineIndex, Failure>, Never>
  }

  private let files: ArtifactFiles
  /// The one used last stands last.
  private let known = Mutex<[Entry]>([])

  public init(_ files: ArtifactFiles) { self.files = files }

  /// Reads all of the artifact and compares it with its name. Fails with `artifact-missing`,
  /// `artifact-damaged` or `line-too-long`.
  public func count(sha256: String, namespace: String, key: SymmetricKey) async throws(Failure) -> Int {
    try await index(sha256, namespace, key).count
  }

  /// The lines of these places. Fails with `not-utf8` where one is no text.
  public func read(
    _ lines: Range<Int>, sha256: String, namespace: String, key: SymmetricKey
  ) async throws(Failure) -> [String] {
    let index = try await index(sha256, namespace, key)
    guard lines.lowerBound >= 0, lines.upperBound <= index.count else {
      throw Failure(.data, code: "artifact-damaged", "The artifact \(sha256) has only \(index.count) lines.")
    }
    let reader = ArtifactReader(file: try files.place(of: sha256, namespace), sha256: sha256, key: key)
    return try await files.threads.run { () throws(Failure) in
      try LineSearch(index: index, lines: lines).run(reader)
    }
  }

  /// Those who ask at the same time wait for one reading.
  private func index(
    _ sha256: String, _ namespace: String, _ key: SymmetricKey
  ) async throws(Failure) -> LineIndex {
    let name = Name(namespace: namespace, sha256: sha256)
    let reader = ArtifactReader(file: try files.place(of: sha256, namespace), sha256: sha256, key: key)
    let task = known.withLock { known in
      let place = known.firstIndex { $0.name == name }
      let entry = place.map { known.remove(at: $0) } ?? Entry(name: name, index: make(reader))
      known.append(entry)
      if known.count > Self.indexes { known.removeFirst() }
      return entry.index
    }
    let result = await task.value
    if case .failure = result { known.withLock { $0.removeAll { $0.name == name } } }
    return try result.get()
  }

  private func make(_ reader: ArtifactReader) -> Task<Result<LineIndex, Failure>, Never> {
    let threads = files.threads
    return Task {
      do throws(Failure) {
        return .success(
          try await threads.run { () throws(Failure) in
            var index = LineIndex()
            try reader.read { bytes throws(Failure) in try index.add(bytes) }
            try index.end()
            return index
          })
      } catch {
        return .failure(error)
      }
    }
  }
}

/// Where lines begin: of every so many the place of the first byte.
///
/// When there are too many places every second one is given up, so that the index of 5 GiB is as small as
/// that of a megabyte.
struct LineIndex: Sendable {
  static let most = 32_768

  private(set) var count = 0
  /// Place `n` is that of line `n * step`.
  private(set) var places: [Int64] = []
  private(set) var step = 16
  private var position: Int64 = 0
  private var lineStart: Int64 = 0

  mutating func add(_ bytes: [UInt8]) throws(Failure) {
    for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
      try line(endingAt: position + Int64(offset))
      lineStart = position + Int64(offset) + 1
    }
    position += Int64(bytes.count)
    if position - lineStart > Int64(ArtifactLines.lineLimit) + 1 { throw tooLong }
  }

  /// The last line needs no newline; nothing after the last newline is no line.
  mutating func end() throws(Failure) {
    if position > lineStart { try line(endingAt: position) }
  }

  private mutating func line(endingAt end: Int64) throws(Failure) {
    // One more, for a carriage return that does not belong to the line.
    if end - lineStart > Int64(ArtifactLines.lineLimit) + 1 { throw tooLong }
    if count % step == 0 {
      places.append(lineStart)
      if places.count > Self.most {
        places = stride(from: 0, to: places.count, by: 2).map { places[$0] }
        step *= 2
      }
    }
    count += 1
  }

  private var tooLong: Failure {
    let limit = ArtifactLines.lineLimit
    return Failure(.data, code: "line-too-long", "Line \(count + 1) is longer than \(limit) bytes.")
  }
}

/// Takes a few lines out of an artifact.
private struct LineSearch {
  let index: LineIndex
  let lines: Range<Int>

  func run(_ reader: ArtifactReader) throws(Failure) -> [String] {
    if lines.isEmpty { return [] }
    let place = lines.lowerBound / index.step
    let begin = index.places[place]
    var line = place * index.step
    var found: [String] = []
    var current: [UInt8] = []
    try reader.read(from: begin) { start, bytes throws(Failure) in
      let skipped = Int(max(0, begin - start))
      for byte in bytes[min(skipped, bytes.count)...] {
        guard byte == UInt8(ascii: "\n") else {
          if line >= lines.lowerBound { current.append(byte) }
          continue
        }
        if line >= lines.lowerBound { found.append(try text(&current, line)) }
        line += 1
        if line == lines.upperBound { return false }
      }
      return true
    }
    if found.count < lines.count, !current.isEmpty { found.append(try text(&current, line)) }
    return found
  }

  private func text(_ bytes: inout [UInt8], _ line: Int) throws(Failure) -> String {
    defer { bytes.removeAll(keepingCapacity: true) }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    guard bytes.count <= ArtifactLines.lineLimit else {
      throw Failure(
        .data, code: "line-too-long", "Line \(line + 1) is longer than \(ArtifactLines.lineLimit) bytes.")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.data, code: "not-utf8", "Line \(line + 1) is not UTF-8 text.")
    }
    return text
  }
}
