import CLI
import CSystem
import Crypto
import Glibc
import Model
import Stores

// Where the passphrase or the identity of the key file comes from: never from an argument, nor from the
// value of a variable. A variable only names a file.
extension KeyUnlock {
  static let passphraseVariable = "ESTEIRA_KEY_PASSPHRASE_FILE"
  static let identityVariable = "ESTEIRA_KEY_IDENTITY_FILE"
  /// As `LoadCredential=` of systemd names them.
  static let passphraseCredential = "esteira-passphrase"
  static let identityCredential = "esteira-identity"

  /// The file that a variable names, a credential of systemd, or a person at the terminal; the last only for
  /// the passphrase of a key file that is there.
  static var system: KeyUnlock {
    let passphrase = file(passphraseVariable, passphraseCredential)
    let identity = file(identityVariable, identityCredential)
    return KeyUnlock(
      first: identity != nil ? .age : passphrase != nil ? .passphrase : .file,
      passphrase: { () throws(Problem) in
        guard let passphrase else { return Terminal.secret("Passphrase of the master key: ") }
        return try secret(passphrase)
      },
      identities: { () throws(Problem) in
        guard let identity else { return [] }
        guard let found = AgeIdentity.all(inFile: try SecretFile.read(identity)) else {
          throw wrong(identity, Bilingual("it is no age identity", pt: "não é uma identidade age"))
        }
        return found
      })
  }

  /// Its first line.
  static func secret(_ path: String) throws(Problem) -> [UInt8] {
    let line = Array(try SecretFile.read(path).prefix { $0 != 0x0A && $0 != 0x0D })
    if line.isEmpty { throw wrong(path, Bilingual("it is empty", pt: "está vazio")) }
    return line
  }

  private static func file(_ variable: String, _ credential: String) -> String? {
    if let path = Places.environment(variable), !path.isEmpty { return path }
    guard let folder = Places.environment("CREDENTIALS_DIRECTORY"), !folder.isEmpty else { return nil }
    let path = folder + "/" + credential
    return access(path, F_OK) == 0 ? path : nil
  }

  static func wrong(_ path: String, _ reason: Bilingual) -> Problem {
    Problem(
      "master-key-locked",
      Bilingual(
        "\(path) does not unlock the master key: \(reason.english).",
        pt: "\(path) não destranca a chave mestra: \(reason.portuguese)."),
      remedy: Bilingual(
        "Put the passphrase or the identity there, readable by its owner alone.",
        pt: "Coloque lá a frase secreta ou a identidade, legível só pelo dono."))
  }
}

/// A small file with a secret.
enum SecretFile {
  static let largest = 64 * 1_024

  /// One that others can read or write is refused, unless it is no plain file, such as a pipe.
  static func read(
    _ path: String, or wrong: (String, Bilingual) -> Problem = KeyUnlock.wrong
  ) throws(Problem) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw wrong(path, .systemReason(errno)) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw wrong(path, .systemReason(errno)) }
    if status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 {
      throw wrong(path, Bilingual("others can read it", pt: "outros podem lê-lo"))
    }
    var bytes = [UInt8](repeating: 0, count: largest)
    var length = 0
    while length < largest {
      let count = bytes[length...].withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw wrong(path, .systemReason(errno)) }
      if count == 0 { return Array(bytes.prefix(length)) }
      length += count
    }
    throw wrong(path, Bilingual("it is larger than 64 KiB", pt: "tem mais de 64 KiB"))
  }
}

/// A person at the controlling terminal.
enum Terminal {
  /// One line without an echo; nil where there is no terminal.
  static func secret(_ prompt: String) -> [UInt8]? {
    let file = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var settings = termios()
    guard tcgetattr(file, &settings) == 0 else { return nil }
    var silent = settings
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(file, TCSAFLUSH, &silent)
    defer {
      tcsetattr(file, TCSAFLUSH, &settings)
      write("\n", to: file)
    }
    write(prompt, to: file)
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < 4_096, read(file, &byte, 1) == 1, byte != 0x0A { line.append(byte) }
    return line.isEmpty ? nil : line
  }

  private static func write(_ text: String, to file: Int32) {
    let bytes = Array(text.utf8)
    // A terminal that went away is seen by the read.
    _ = Glibc.write(file, bytes, bytes.count)
  }
}

extension DataFolder {
  /// With what unlocks the key on this machine. More exact than the one of `Stores`, so it is the one that
  /// the program calls.
  func open(now: Timestamp) throws(Problem) -> (store: SQLiteStore, key: KeyRing) {
    try open(now: now, unlock: .system)
  }

  static func openForReading(path: String) throws(Problem) -> (reader: SQLiteReader, key: KeyRing) {
    try openForReading(path: path, keyPath: nil, unlock: .system)
  }

  static func openForReading(
    path: String, keyPath: String?
  ) throws(Problem) -> (reader: SQLiteReader, key: KeyRing) {
    try openForReading(path: path, keyPath: keyPath, unlock: .system)
  }
}
