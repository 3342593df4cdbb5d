import Model

/// Texts that have a form; the raw value is the pattern that the schema tells.
///
/// No pattern engine stands behind a reader: `accepts` says the same in code, and a test compares the two.
public enum TextForm: String, Sendable, Hashable, CaseIterable {
  /// `namespace~name`.
  case namespacedName = "^[^~]+~[^~]+$"
  /// `namespace~pipeline~trigger`, or without the trigger.
  case scheduleName = "^[^~]+~[^~]+(~[^~]+)?$"
  /// One of a list that a query takes, which commas separate.
  case listed = "^[^,]+$"
  /// Of SHA-256, in hex digits.
  case sha256 = "^[0-9a-f]{64}$"
  /// `90s`, `5m`, `1d12h`, `250ms`: at most 273 years.
  case duration =
    "^([0-9]{1,5}d)?([0-9]{1,5}h)?([0-9]{1,6}m)?([0-9]{1,7}([.][0-9]{1,9})?s)?([0-9]{1,7}ms)?$"
  /// RFC 4648 with padding, no bit that the length does not use.
  case base64 =
    "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"
  /// A path of this server with its query: a browser takes `//host` and `/\host` for another's.
  case localPath = #"^/([!-.0-\[\]-~][!-\[\]-~]*)?$"#
  /// `team=x,env!=dev`: what `LabelCondition` reads.
  case labelConditions =
    #"""
    ^((([^\\,=]|\\[^=])([^\\,=]|\\[^=])+|([^\\,=!]|\\[^=!]))\\?=([^\\,]|\\[\s\S])*\#
    (,(([^\\,=]|\\[^=])([^\\,=]|\\[^=])+|([^\\,=!]|\\[^=!]))\\?=([^\\,]|\\[\s\S])*)*\\?)?$
    """#

  /// `CODE NAMESPACE/PIPELINE STEP`, as `error.fingerprint` of a job shows it.
  case fingerprint = #"^[^ ]+ [^ /]+/[^ /]+( [\s\S]*)?$"#

  /// Of a namespace, as files name them.
  case namespace = "^[a-z0-9][a-z0-9-]{0,62}$"
  /// Of a job's label, as files name them.
  case labelName = "^[a-z][a-z0-9_]{0,62}$"

  public var longest: Int {
    switch self {
    case .labelName, .namespace: 63
    case .namespacedName, .scheduleName, .listed: Schema.Member.longestName
    case .sha256: 64
    case .duration: Schema.Member.shortText
    case .localPath: 500
    case .base64: Int.max
    case .labelConditions, .fingerprint: Schema.Member.longestNote
    }
  }

  public func accepts(_ text: String) -> Bool {
    switch self {
    case .namespacedName: Self.parts(of: text) == 2
    case .labelName: Self.isLabelName(text)
    case .namespace: Self.isNamespace(text)
    case .scheduleName: (2...3).contains(Self.parts(of: text))
    case .listed: !text.isEmpty && !text.utf8.contains(UInt8(ascii: ","))
    case .sha256:
      text.utf8.count == 64
        && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    case .duration: Self.isDuration(text)
    case .localPath: Self.isLocalPath(text)
    case .base64: Base64.decode(text) != nil
    case .labelConditions: LabelCondition.areConditions(text)
    case .fingerprint: Self.isFingerprint(text)
    }
  }

  /// What a sentence calls it.
  var words: Bilingual {
    switch self {
    case .namespacedName: Bilingual("namespace~name", pt: "espaço~nome")
    case .namespace:
      Bilingual(
        "small letters, digits and -, not - first", pt: "letras minúsculas, dígitos e -, sem - no começo")
    case .labelName:
      Bilingual(
        "named with small letters, digits and _, a letter first",
        pt: "nomeado com letras minúsculas, dígitos e _, começando por letra")
    case .scheduleName: Bilingual("namespace~pipeline~trigger", pt: "espaço~pipeline~gatilho")
    case .listed: Bilingual("a word without a comma", pt: "uma palavra sem vírgula")
    case .sha256: Bilingual("a SHA-256 of 64 hex digits", pt: "um SHA-256 de 64 dígitos hexadecimais")
    case .duration: Bilingual("a duration such as 90s or 1d", pt: "uma duração como 90s ou 1d")
    case .base64: Bilingual("base64", pt: "base64")
    case .localPath: Bilingual("a path such as /docs", pt: "um caminho como /docs")
    case .labelConditions:
      Bilingual("name=value or name!=value, with commas", pt: "nome=valor ou nome!=valor, com vírgulas")
    case .fingerprint:
      Bilingual(
        "CODE NAMESPACE/PIPELINE STEP, as `error.fingerprint` of a job shows it",
        pt: "CÓDIGO ESPAÇO/PIPELINE PASSO, como `error.fingerprint` de um job mostra")
    }
  }

  /// Between `~`; none where one of them is empty.
  private static func parts(of text: String) -> Int {
    let parts = text.utf8.split(separator: UInt8(ascii: "~"), omittingEmptySubsequences: false)
    return parts.contains(where: \.isEmpty) ? 0 : parts.count
  }

  private static func isFingerprint(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count > 1, !parts[0].isEmpty else { return false }
    let names = parts[1].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return names.count == 2 && names.allSatisfy { !$0.isEmpty }
  }

  private static func isLabelName(_ text: String) -> Bool {
    func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    return (1...63).contains(text.utf8.count) && text.utf8.first.map(isLetter) == true
      && text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_") }
  }

  private static func isNamespace(_ text: String) -> Bool {
    let hyphen = UInt8(ascii: "-")
    return (1...63).contains(text.utf8.count) && text.utf8.first != hyphen
      && text.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (0x30...0x39).contains($0) || $0 == hyphen
      }
  }

  private static func isLocalPath(_ text: String) -> Bool {
    let (slash, backslash) = (UInt8(ascii: "/"), UInt8(ascii: "\\"))
    return text.utf8.first == slash && text.utf8.dropFirst().first != slash
      && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != backslash }
  }

  private static func isDuration(_ text: String) -> Bool {
    var rest = text.utf8[...]
    for (unit, most) in [("d", 5), ("h", 5), ("m", 6), ("s", 7), ("ms", 7)] {
      var after = rest
      let digits = after.prefix { (0x30...0x39).contains($0) }
      guard (1...most).contains(digits.count) else { continue }
      after.removeFirst(digits.count)
      if unit == "s", after.first == UInt8(ascii: ".") {
        let decimals = after.dropFirst().prefix { (0x30...0x39).contains($0) }
        guard (1...9).contains(decimals.count) else { return false }
        after.removeFirst(decimals.count + 1)
      }
      let letters = after.prefix { !(0x30...0x39).contains($0) }
      if letters.elementsEqual(unit.utf8) { rest = after.dropFirst(letters.count) }
    }
    return rest.isEmpty
  }
}
