public import Crypto
public import Engine
public import Model

/// Compares the keys of a file with what the store keeps of each.
public enum KeyCheck {
  static let canary = Array("esteira".utf8)
  static let place = "canary"

  /// What only this key opens, for the store.
  public static func canary(of ring: KeyRing) -> [UInt8] { ring.seal(canary, place: place) }

  /// Whether the key that the row names is in the file and opens its canary; nil where it is not there.
  public static func opens(_ row: MasterKeyRow, _ file: KeyFile) -> Bool? {
    guard let ring = KeyRing(file.keys, active: row.id) else { return nil }
    // What does not open is the answer.
    return (try? ring.open(row.canary, place: place)) == canary
  }

  /// The ring with which the store works. Throws where a key that something is sealed under is missing, or
  /// is another one.
  public static func ring(
    _ file: KeyFile, _ rows: [MasterKeyRow], path: String
  ) throws(Problem) -> KeyRing {
    guard let active = rows.first(where: { $0.state == .active }) else { throw .masterKeyWrong(path) }
    var keys: [KeyID: SymmetricKey] = [:]
    for row in rows {
      switch opens(row, file) {
      case true?: keys[row.id] = file.keys[row.id]
      case false?: if row.state != .retired { throw .masterKeyWrong(path) }
      case nil: if row.state != .retired { throw .masterKeyAbsent(path, row.id.number, file.keys.count) }
      }
    }
    guard let ring = KeyRing(keys, active: active.id) else { throw .masterKeyWrong(path) }
    return ring
  }
}
