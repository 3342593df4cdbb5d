public import Crypto
public import Model

/// The master keys as they lie in a file: 32 bytes for a single key without protection, as every first start
/// writes it; else text that lists them, plain, under a passphrase, or as a file of age.
public struct KeyFile: Sendable {
  /// A file of keys is smaller than this.
  static let largest = 1 << 20
  private static let listFormat = "esteira-keys/1"
  private static let sealedFormat = "esteira-sealed-keys/1"

  public var keys: [KeyID: SymmetricKey]
  private let guardian: Guardian

  /// What protects the keys, kept so that they can be written again without asking.
  private enum Guardian: Sendable {
    case none
    case passphrase(PassphraseKey)
    case age([AgeRecipient])
  }

  public var protection: KeyProtection {
    switch guardian {
    case .none: .file
    case .passphrase: .passphrase
    case .age: .age
    }
  }

  /// Without protection.
  public init(_ keys: [KeyID: SymmetricKey]) { (self.keys, guardian) = (keys, .none) }

  public init(_ keys: [KeyID: SymmetricKey], passphrase: PassphraseKey) {
    (self.keys, guardian) = (keys, .passphrase(passphrase))
  }

  public init(_ keys: [KeyID: SymmetricKey], recipients: [AgeRecipient]) {
    (self.keys, guardian) = (keys, .age(recipients))
  }

  /// `path` is for what is said of a file that does not open.
  public init(parsing bytes: [UInt8], path: String, unlock: KeyUnlock) throws(Problem) {
    if let key = SymmetricKey(bytes) {
      self.init([.first: key])
    } else if bytes.starts(with: Array("age-encryption.org/".utf8))
      || bytes.starts(with: Array("-----BEGIN AGE".utf8))
    {
      try self.init(age: bytes, path, unlock)
    } else {
      guard let json = try? JSON(parsing: bytes) else { throw .masterKeyWrong(path) }
      if json["format"]?.string == Self.sealedFormat {
        try self.init(sealed: json, path, unlock)
      } else {
        self.init(try Self.list(json, path))
      }
    }
  }

  public var bytes: [UInt8] {
    switch guardian {
    case .none:
      if keys.count == 1, let only = keys[.first] { return only.reveal() }
      return list
    case .passphrase(let key): return Self.text(of: PassphraseBox(list, key: key))
    case .age(let recipients): return Age.encrypt(list, to: recipients)
    }
  }
}

// Its parts.
extension KeyFile {
  private init(age bytes: [UInt8], _ path: String, _ unlock: KeyUnlock) throws(Problem) {
    let identities = try unlock.identities()
    guard !identities.isEmpty else { throw .masterKeyLocked(path, .age) }
    guard let plain = try? Age.decrypt(bytes, with: identities), let json = try? JSON(parsing: plain) else {
      throw .masterKeyUnopened(path, .age)
    }
    self.init(try Self.list(json, path), recipients: identities.map(\.recipient))
  }

  private init(sealed json: JSON, _ path: String, _ unlock: KeyUnlock) throws(Problem) {
    guard let box = Self.box(json) else { throw .masterKeyWrong(path) }
    guard let passphrase = try unlock.passphrase() else { throw .masterKeyLocked(path, .passphrase) }
    guard let key = box.key(passphrase) else { throw .masterKeyWrong(path) }
    guard let plain = try? box.open(key), let list = try? JSON(parsing: plain) else {
      throw .masterKeyUnopened(path, .passphrase)
    }
    self.init(try Self.list(list, path), passphrase: key)
  }

  private static func list(_ json: JSON, _ path: String) throws(Problem) -> [KeyID: SymmetricKey] {
    var keys: [KeyID: SymmetricKey] = [:]
    guard json["format"]?.string == listFormat else { throw .masterKeyWrong(path) }
    for entry in json["keys"]?.array ?? [] {
      guard let id = entry["id"]?.int.flatMap({ UInt32(exactly: $0) }), id > 0,
        let key = entry["key"]?.string.flatMap(Hex.decode).flatMap(SymmetricKey.init),
        keys.updateValue(key, forKey: KeyID(id)) == nil
      else { throw .masterKeyWrong(path) }
    }
    if keys.isEmpty { throw .masterKeyWrong(path) }
    return keys
  }

  private var list: [UInt8] {
    let entries = keys.sorted { $0.key < $1.key }.map { id, key in
      JSON.object(
        JSONObject([("id", .int(Int64(id.number))), ("key", .string(Hex.encode(key.reveal())))]))
    }
    let list = JSONObject([("format", .string(Self.listFormat)), ("keys", .array(entries))])
    return JSON.object(list).serialized() + [0x0A]
  }

  private static func text(of box: PassphraseBox) -> [UInt8] {
    let kdf = JSONObject([
      ("name", .string("pbkdf2-sha256")), ("iterations", .int(Int64(box.iterations))),
      ("salt", .string(Base64.encode(box.salt))),
    ])
    let file = JSONObject([
      ("format", .string(sealedFormat)), ("kdf", .object(kdf)), ("cipher", .string("aes-256-gcm")),
      ("nonce", .string(Base64.encode(box.nonce))), ("sealed", .string(Base64.encode(box.sealed))),
      ("tag", .string(Base64.encode(box.tag))),
    ])
    return JSON.object(file).serialized() + [0x0A]
  }

  private static func box(_ json: JSON) -> PassphraseBox? {
    func bytes(_ value: JSON?) -> [UInt8]? { value?.string.flatMap(Base64.decode) }
    guard json["kdf"]?["name"]?.string == "pbkdf2-sha256", json["cipher"]?.string == "aes-256-gcm",
      let iterations = json["kdf"]?["iterations"]?.int, let salt = bytes(json["kdf"]?["salt"]),
      let nonce = bytes(json["nonce"]), let sealed = bytes(json["sealed"]), let tag = bytes(json["tag"])
    else { return nil }
    return PassphraseBox(
      iterations: Int(clamping: iterations), salt: salt, nonce: nonce, sealed: sealed, tag: tag)
  }
}
