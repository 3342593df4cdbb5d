internal import Model

/// What can be wrong with the file of the keys.
extension Problem {
  static func masterKeyLocked(_ path: String, _ protection: KeyProtection) -> Problem {
    let isPassphrase = protection == .passphrase
    return Problem(
      "master-key-locked",
      isPassphrase
        ? Bilingual(
          "The key \(path) is under a passphrase, and none is at hand.",
          pt: "A chave \(path) está sob uma frase secreta, e não há nenhuma à mão.")
        : Bilingual(
          "The key \(path) is encrypted with age, and no identity is at hand.",
          pt: "A chave \(path) está cifrada com age, e não há nenhuma identidade à mão."),
      remedy: unlocking)
  }

  static func masterKeyUnopened(_ path: String, _ protection: KeyProtection) -> Problem {
    let isPassphrase = protection == .passphrase
    return Problem(
      "master-key-locked",
      isPassphrase
        ? Bilingual(
          "The passphrase does not open the key \(path).", pt: "A frase secreta não abre a chave \(path).")
        : Bilingual(
          "The age identity does not open the key \(path).",
          pt: "A identidade age não abre a chave \(path)."),
      remedy: unlocking)
  }

  private static let unlocking = Bilingual(
    "Name its file in ESTEIRA_KEY_PASSPHRASE_FILE or ESTEIRA_KEY_IDENTITY_FILE, or give it as a systemd "
      + "credential (docs/credentials.md).",
    pt: "Indique o arquivo em ESTEIRA_KEY_PASSPHRASE_FILE ou ESTEIRA_KEY_IDENTITY_FILE, ou dê-o como "
      + "credencial do systemd (docs/credentials.pt-BR.md).")

  /// One of several keys; where there is none of the file at all the whole file is an older one.
  static func masterKeyAbsent(_ path: String, _ id: UInt32, _ count: Int) -> Problem {
    Problem(
      "master-key-wrong",
      Bilingual(
        "The key \(path) holds \(count) \(count == 1 ? "key" : "keys"), and not number \(id) of the store "
          + "beside it.",
        pt: "A chave \(path) contém \(count) \(count == 1 ? "chave" : "chaves"), e não a de número \(id) do "
          + "armazenamento ao lado dela."),
      remedy: Bilingual(
        "Put back the key file as it was after the last `esteira key rotate`.",
        pt: "Recoloque o arquivo de chaves como estava após o último `esteira key rotate`."))
  }
}
