import Crypto
import Model

/// The key that an exported file must be signed with, as people give it.
enum ExportKey {
  /// Nil where none is given: then the file's own is taken.
  static func read(_ digits: String?) throws(Problem) -> Ed25519.PublicKey? {
    guard let digits else { return nil }
    if let key = Hex.decode(digits).flatMap({ Ed25519.PublicKey($0) }) { return key }
    throw Problem(
      "invalid-export", Bilingual("A key has 64 hex digits.", pt: "Uma chave tem 64 dígitos hexadecimais."))
  }
}
