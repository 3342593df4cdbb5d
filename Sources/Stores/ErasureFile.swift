public import Engine
public import Model

/// The erasures of a data folder in a file beside its store, one a line; of an id the last line counts.
///
/// A backup is older than what is erased after it. This file goes into every backup and is small, so that it
/// can be kept elsewhere too: wherever an older store meets it, what was erased is erased again.
public struct ErasureFile: Sendable {
  public static let name = "erasures.jsonl"
  private static let longest = 256 << 20

  private let folder: String
  private var path: String { folder + "/" + Self.name }

  public init(folder: String) { self.folder = folder }

  /// In the order of their first lines; none where there is no file.
  public func read() throws(Problem) -> [Erasure] {
    guard Folder.exists(path) else { return [] }
    var bytes: [UInt8] = []
    do throws(FileError) {
      let file = try File.open(path, .read)
      let size = try file.size()
      guard size <= Int64(Self.longest) else { throw FileError(call: "read", path: path, number: 27) }
      _ = try file.read(into: &bytes, limit: Int(size))
    } catch { throw .dataFolder(folder, "\(error)") }
    var (order, found): ([ID<Erasure>], [ID<Erasure>: Erasure]) = ([], [:])
    for (number, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .enumerated() where line.last == UInt8(ascii: "}")
    {
      // A line without an end was cut off by a crash: the store knows of it.
      guard let erasure = (try? JSON(parsing: Array(line))).flatMap({ Erasure($0) }) else {
        throw .dataFolder(folder, "line \(number + 1) of \(Self.name) is damaged")
      }
      if found.updateValue(erasure, forKey: erasure.id) == nil { order.append(erasure.id) }
    }
    return order.compactMap { found[$0] }
  }

  /// Adds lines, which are durable when this returns.
  public func add(_ erasures: [Erasure]) throws(Problem) {
    if erasures.isEmpty { return }
    let isNew = !Folder.exists(path)
    // Behind a line that a crash cut off, too.
    let text = erasures.map { "\n\($0.json.text)\n" }.joined()
    do throws(FileError) {
      let file = try File.open(path, .append)
      try file.write(Array(text.utf8))
      try file.sync()
      if isNew { try Folder.sync(folder) }
    } catch { throw .dataFolder(folder, "\(error)") }
  }

  /// Before a node reads the store: what the file knows and the store does not is erased again, and what only
  /// the store knows is written down.
  public func settle(with store: SQLiteStore) throws(Problem) {
    let told = try read()
    do throws(StoreError) {
      let known = try store.erasures(in: nil, before: nil, limit: .max)
      let (knownIDs, toldIDs) = (Set(known.map(\.id)), Set(told.map(\.id)))
      try store.replay(told.filter { !knownIDs.contains($0.id) })
      let untold = known.filter { !toldIDs.contains($0.id) }
      if untold.isEmpty { return }
      do throws(Problem) { try add(untold.reversed()) } catch {
        throw .unavailable(error.message.english)
      }
    } catch { throw .dataFolder(folder, "\(error)") }
  }
}
