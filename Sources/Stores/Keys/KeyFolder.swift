internal import Crypto
internal import Glibc
internal import Model

/// The file of the keys on the disk.
enum KeyFolder {
  /// Nil where there is no file; one that others can read is refused.
  static func read(_ path: String, _ unlock: KeyUnlock) throws(Problem) -> KeyFile? {
    var bytes: [UInt8] = []
    do throws(FileError) {
      guard Folder.exists(path) else { return nil }
      guard try Folder.mode(of: path) & 0o077 == 0 else {
        throw FileError(call: "open", path: path, number: EPERM)
      }
      _ = try File.open(path, .read).read(into: &bytes, limit: KeyFile.largest + 1)
    } catch {
      throw error.number == EPERM ? .masterKeyExposed(path) : .dataFolder(path, "\(error)")
    }
    guard bytes.count <= KeyFile.largest else { throw .masterKeyWrong(path) }
    return try KeyFile(parsing: bytes, path: path, unlock: unlock)
  }

  /// Under another name until it is whole: one that is killed here leaves what was there before.
  static func write(_ keys: KeyFile, to path: String, in folder: String) throws(Problem) {
    let unfinished = path + ".new"
    do throws(FileError) {
      try Folder.remove(unfinished)
      let file = try File.open(unfinished, .create)
      try file.write(keys.bytes)
      try file.sync()
      try Folder.rename(unfinished, to: path)
      try Folder.sync(folder)
    } catch {
      throw .dataFolder(folder, "\(error)")
    }
  }

  /// The keys of a first start.
  static func made(_ path: String, _ unlock: KeyUnlock) throws(Problem) -> KeyFile {
    let keys = [KeyID.first: SymmetricKey.generate()]
    switch unlock.first {
    case .file: return KeyFile(keys)
    case .passphrase:
      guard let passphrase = try unlock.passphrase() else { throw .masterKeyLocked(path, .passphrase) }
      return KeyFile(keys, passphrase: PassphraseKey(passphrase))
    case .age:
      let identities = try unlock.identities()
      if identities.isEmpty { throw .masterKeyLocked(path, .age) }
      return KeyFile(keys, recipients: identities.map(\.recipient))
    }
  }
}
