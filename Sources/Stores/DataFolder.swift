public import Crypto
internal import Glibc
public import Model

/// The folder of one node: its lock, key, store, artifacts and logs. Held by one process at a time.
public final class DataFolder: Sendable {
  public let path: String
  private let lock: FileLock

  public var databasePath: String { path + "/esteira.db" }
  public var socketPath: String { path + "/api.sock" }
  public var processPath: String { path + "/server.pid" }
  public var keyPath: String { path + "/master.key" }
  public var objectsPath: String { path + "/objects" }
  public var artifactsPath: String { path + "/artifacts" }
  public var logsPath: String { path + "/logs" }

  /// Makes the folder where it is missing, for its owner alone, and takes its lock until the value is let go.
  /// `already-running` where another process has it.
  public init(path: String) throws(Problem) {
    self.path = path
    do throws(FileError) {
      try Folder.make(path)
      // Also where somebody else has just made it.
      try Folder.syncName(of: path)
      try Folder.limitToOwner(path)
      // What is put there is on the disk when its step ends, and so must be the way to it.
      try Folder.make(path + "/objects")
    } catch {
      throw .dataFolder(path, "\(error)")
    }
    guard let lock = FileLock(path: path + "/lock") else {
      throw .alreadyRunning(path, process: Self.runningProcess(in: path))
    }
    self.lock = lock
    do throws(FileError) {
      try Folder.remove(processPath)
      try File.open(processPath, .create).write(Array("\(getpid())\n".utf8))
    } catch {
      throw .dataFolder(path, "\(error)")
    }
  }

  deinit {
    unlink(processPath)
  }

  /// The process that holds the folder at `path`, as it wrote itself down; nil where no file names one.
  public static func runningProcess(in path: String) -> Int32? {
    var bytes: [UInt8] = []
    guard let file = try? File.open(path + "/server.pid", .read),  // No file: nobody to name.
      (try? file.read(into: &bytes, limit: 32)) == true
    else { return nil }
    return Int32(String(decoding: bytes, as: UTF8.self).trimmingNewline)
  }

  /// Opens the store with its key. The first start makes both; after that a key that is missing or does not
  /// open the store's canary is an error, and no new one is ever made.
  public func open(now: Timestamp) throws(Problem) -> (store: SQLiteStore, key: MasterKey) {
    let key = MasterKey(try masterKey())
    let canary = key.seal(Self.canary, place: Self.canaryPlace)
    let store = try SQLiteStore(path: databasePath, canary: canary, now: now)
    try Self.check(key, against: store.kept(), path: keyPath)
    return (store, key)
  }

  /// For commands that only read, beside a running server or without one: takes no lock and makes nothing.
  ///
  /// `keyPath`: the key where it lies apart, as it does beside a backup.
  public static func openForReading(
    path: String, keyPath: String? = nil
  ) throws(Problem) -> (reader: SQLiteReader, key: MasterKey) {
    guard Folder.exists(path + "/esteira.db") else { throw .noStore(path) }
    let keyPath = keyPath ?? path + "/master.key"
    guard let key = try readKey(keyPath) else { throw .masterKeyMissing(keyPath) }
    let master = MasterKey(key)
    let reader = try SQLiteReader(path: path + "/esteira.db")
    try check(master, against: reader.kept(), path: keyPath)
    return (reader, master)
  }

  private static let canary = Array("esteira".utf8)
  private static let canaryPlace = "canary"

  private static func check(_ key: MasterKey, against kept: [UInt8]?, path: String) throws(Problem) {
    do throws(UnsealError) {
      guard try key.open(kept ?? [], place: canaryPlace) == canary else { throw UnsealError() }
    } catch {
      throw .masterKeyWrong(path)
    }
  }

  private func masterKey() throws(Problem) -> SymmetricKey {
    if let key = try Self.readKey(keyPath) { return key }
    if Folder.exists(databasePath) { throw .masterKeyMissing(keyPath) }
    let key = SymmetricKey.generate()
    // Under another name until it is whole: a start that is killed here leaves no key that opens nothing.
    let unfinished = keyPath + ".new"
    do throws(FileError) {
      try Folder.remove(unfinished)
      let file = try File.open(unfinished, .create)
      try file.write(key.reveal())
      try file.sync()
      try Folder.rename(unfinished, to: keyPath)
      try Folder.sync(path)
    } catch {
      throw .dataFolder(path, "\(error)")
    }
    return key
  }

  /// Nil where there is no file; a file that others can read, or of another size, is refused.
  private static func readKey(_ path: String) throws(Problem) -> SymmetricKey? {
    var bytes: [UInt8] = []
    do throws(FileError) {
      guard Folder.exists(path) else { return nil }
      guard try Folder.mode(of: path) & 0o077 == 0 else {
        throw FileError(call: "open", path: path, number: EPERM)
      }
      _ = try File.open(path, .read).read(into: &bytes, limit: SymmetricKey.byteCount + 1)
    } catch {
      throw error.number == EPERM ? .masterKeyExposed(path) : .dataFolder(path, "\(error)")
    }
    guard let key = SymmetricKey(bytes) else { throw .masterKeyWrong(path) }
    return key
  }
}

extension SQLiteStore {
  /// Nil where it cannot be read, which no key opens.
  fileprivate func kept() -> [UInt8]? { try? canary() }
}

extension SQLiteReader {
  fileprivate func kept() -> [UInt8]? { try? canary() }
}

extension String {
  fileprivate var trimmingNewline: Substring { hasSuffix("\n") ? dropLast() : self[...] }
}
