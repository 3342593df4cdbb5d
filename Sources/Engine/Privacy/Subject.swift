public import Crypto
internal import Model
internal import Pipelines
@_spi(_Unicode) internal import Swift

/// The identifier of a person (a CPF, an address, a name) in the one form in which it is compared. It is the
/// plain text, so it is in memory only, and never stored, logged or shown.
public struct Subject: Sendable, Hashable {
  /// Bytes of an identifier; a longer text is none.
  public static let longest = 1_024
  /// Marked values of one job. One that has more is not admitted, since nobody would find it by the rest.
  public static let mostOfJob = 1_000

  private let text: String

  /// White space around it goes, upper and lower case are one, and so are composed and combining letters
  /// (NFC). Of digits with nothing but punctuation between them, the digits count alone: `123.456.789-09` and
  /// `12345678909` are one. Nil: it identifies nobody.
  public init?(_ text: String) {
    guard text.utf8.count <= Self.longest * 4 else { return nil }
    let scalars = text.unicodeScalars
    let digits = scalars.compactMap { Self.digit($0) }
    if !digits.isEmpty, scalars.allSatisfy({ Self.digit($0) != nil || Self.isBetweenDigits($0) }) {
      self.text = digits.map { String($0) }.joined()
    } else {
      var trimmed = Self.folded(text)[...]
      while trimmed.first?.properties.isWhitespace == true { trimmed.removeFirst() }
      while trimmed.last?.properties.isWhitespace == true { trimmed.removeLast() }
      self.text = String(Substring(trimmed))
    }
    guard self.text.utf8.count <= Self.longest,
      self.text.unicodeScalars.contains(where: { $0.properties.isAlphabetic || Self.digit($0) != nil })
    else { return nil }
  }

  /// Also of a number.
  init?(_ value: JSON) { self.init(value.string ?? value.text) }

  /// Of both cases, since `ß` has two letters in the one and a final sigma its own form in the other.
  private static func folded(_ text: String) -> String.UnicodeScalarView {
    var folded = String.UnicodeScalarView()
    for scalar in text.uppercased().lowercased()._nfc { folded.append(scalar) }
    return folded
  }

  private static func digit(_ scalar: Unicode.Scalar) -> Int? {
    let properties = scalar.properties
    guard properties.numericType == .decimal else { return nil }
    return properties.numericValue.map { Int($0) }
  }

  private static let betweenDigits: Set<Unicode.GeneralCategory> = [
    .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
    .finalPunctuation, .otherPunctuation, .mathSymbol, .spaceSeparator,
  ]

  private static func isBetweenDigits(_ scalar: Unicode.Scalar) -> Bool {
    betweenDigits.contains(scalar.properties.generalCategory) || scalar.properties.isWhitespace
  }

  /// What stands for it in the store: nobody can try out whose it is without the key.
  public func mark(_ key: SymmetricKey) -> SubjectMark {
    SubjectMark(HMACSHA256.code(key: key.reveal(), message: Array(text.utf8)))
  }

  /// Digits of an identifier that are looked for across other digits, too; fewer stand in many a number.
  private static let tellingDigits = 6

  /// Whether a text of people names it, as a word of its own or with other punctuation: such a text must not
  /// be kept.
  public func stands(in other: String) -> Bool {
    if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return digitsStand(in: other) }
    let folded = String(Self.folded(other))
    return folded.ranges(of: text).contains { range in
      !Self.isWord(folded[..<range.lowerBound].last) && !Self.isWord(folded[range.upperBound...].first)
    }
  }

  private func digitsStand(in other: String) -> Bool {
    let numbers = other.unicodeScalars.split { Self.digit($0) == nil }.map { number in
      number.compactMap { Self.digit($0) }.map { String($0) }.joined()
    }
    return numbers.contains(text) || text.utf8.count >= Self.tellingDigits && numbers.joined().contains(text)
  }

  private static func isWord(_ character: Character?) -> Bool {
    character.map { $0.isLetter || $0.isNumber } ?? false
  }
}

/// HMAC-SHA-256 of an identifier under its namespace's key of subjects.
public struct SubjectMark: Sendable, Hashable {
  public var bytes: [UInt8]
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Enough to tell one from another in the audit.
  public var short: String { "hmac:" + Hex.encode(bytes.prefix(8)) }
}

/// That a job is about a person, and which input says so. Without an input: the job that called it, or that
/// it repeats, is.
public struct SubjectUse: Sendable, Hashable {
  public var subject: SubjectMark
  public var input: String
  public init(subject: SubjectMark, input: String) { (self.subject, self.input) = (subject, input) }
}

/// A person that a prepared job is about, before the key is at hand.
struct NamedSubject: Hashable, Sendable {
  var subject: Subject
  var input: String

  /// Those that the marked inputs of a job name, each once.
  static func all(of plan: Plan, in context: JSON) throws(Problem) -> [NamedSubject] {
    var (found, seen): ([NamedSubject], Set<NamedSubject>) = ([], [])
    for input in plan.inputs where input.schema.marksPersonalData {
      for value in input.schema.personalValues(in: context["inputs"]?[input.name] ?? .null) {
        guard let subject = Subject(value) else { continue }
        let named = NamedSubject(subject: subject, input: input.name)
        if seen.insert(named).inserted { found.append(named) }
      }
    }
    guard found.count <= Subject.mostOfJob else { throw .tooManySubjects(found.count) }
    return found
  }
}
