public import Crypto
internal import Engine
internal import Glibc
public import Model
internal import Synchronization

/// The folder of one node: its lock, key, store, artifacts and logs. Held by one process at a time.
public final class DataFolder: Sendable {
  public let path: String
  private let lock: FileLock
  private let keys = Mutex<KeyFile?>(nil)

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

  /// Opens the store with its keys. The first start makes both; after that a key that is missing or does not
  /// open its canary is an error, and no new one is ever made.
  public func open(
    now: Timestamp, unlock: KeyUnlock = .none
  ) throws(Problem) -> (store: SQLiteStore, key: KeyRing) {
    let file = try keyFile(unlock)
    guard let first = file.keys[.first] ?? file.keys.values.first else { throw .masterKeyWrong(keyPath) }
    let store = try SQLiteStore(
      path: databasePath, canary: KeyCheck.canary(of: KeyRing(first)), now: now)
    let ring = try KeyCheck.ring(file, store.kept(), path: keyPath)
    keys.withLock { $0 = file }
    return (store, ring)
  }

  /// For commands that only read, beside a running server or without one: takes no lock and makes nothing.
  ///
  /// `keyPath`: the key where it lies apart, as it does beside a backup.
  public static func openForReading(
    path: String, keyPath: String? = nil, unlock: KeyUnlock = .none
  ) throws(Problem) -> (reader: SQLiteReader, key: KeyRing) {
    guard Folder.exists(path + "/esteira.db") else { throw .noStore(path) }
    let keyPath = keyPath ?? path + "/master.key"
    guard let file = try KeyFolder.read(keyPath, unlock) else { throw .masterKeyMissing(keyPath) }
    let reader = try SQLiteReader(path: path + "/esteira.db")
    return (reader, try KeyCheck.ring(file, reader.kept(), path: keyPath))
  }

  /// The keys of the file at `path` as they are.
  public static func keys(at path: String, unlock: KeyUnlock = .none) throws(Problem) -> KeyFile {
    guard let file = try KeyFolder.read(path, unlock) else { throw .masterKeyMissing(path) }
    return file
  }

  /// Writes a file of keys that is not there yet, for its owner alone.
  public static func export(_ file: KeyFile, to path: String) throws(Problem) {
    if Folder.exists(path) { throw .dataFolder(path, "it exists already") }
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    try KeyFolder.write(file, to: path, in: folder.isEmpty ? "/" : folder)
  }

  /// How the file of the keys is protected; nil before the store is open.
  public var protection: KeyProtection? { keys.withLock { $0?.protection } }

  /// Changes the file of the keys; durable when this returns. The same protection stays.
  public func changeKeys(_ change: (inout [KeyID: SymmetricKey]) -> Void) throws(Problem) {
    guard var file = keys.withLock({ $0 }) else { throw .masterKeyMissing(keyPath) }
    change(&file.keys)
    try KeyFolder.write(file, to: keyPath, in: path)
    keys.withLock { $0 = file }
  }

  private func keyFile(_ unlock: KeyUnlock) throws(Problem) -> KeyFile {
    if let file = try KeyFolder.read(keyPath, unlock) { return file }
    if Folder.exists(databasePath) { throw .masterKeyMissing(keyPath) }
    let file = try KeyFolder.made(keyPath, unlock)
    try KeyFolder.write(file, to: keyPath, in: path)
    return file
  }
}

extension SQLiteStore {
  /// Empty where it cannot be read, which no key opens.
  fileprivate func kept() -> [MasterKeyRow] { (try? masterKeys()) ?? [] }
}

extension SQLiteReader {
  fileprivate func kept() -> [MasterKeyRow] { (try? masterKeys()) ?? [] }
}

extension String {
  fileprivate var trimmingNewline: Substring { hasSuffix("\n") ? dropLast() : self[...] }
}
