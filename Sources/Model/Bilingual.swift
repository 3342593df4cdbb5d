/// The languages that people read here. Codes, JSON and names never change with them.
public enum Language: String, Sendable, CaseIterable {
  case english = "en"
  case portuguese = "pt-BR"
}

/// One sentence in both languages, written side by side so that neither is forgotten.
public struct Bilingual: Sendable, Hashable {
  public var english: String
  public var portuguese: String

  public init(_ english: String, pt portuguese: String) {
    (self.english, self.portuguese) = (english, portuguese)
  }

  public subscript(language: Language) -> String {
    switch language {
    case .english: english
    case .portuguese: portuguese
    }
  }
}

/// What a user is told when something is wrong: the fact with its name, and the remedy.
public struct Problem: Error, Sendable, Hashable {
  /// A stable word such as `unknown-step`; `docs/errors/<code>.md` explains it.
  public var code: String
  public var message: Bilingual
  public var remedy: Bilingual?
  /// After how long the same may be asked again, where that is known.
  public var wait: Duration?

  public init(_ code: String, _ message: Bilingual, remedy: Bilingual? = nil, wait: Duration? = nil) {
    (self.code, self.message, self.remedy, self.wait) = (code, message, remedy, wait)
  }
}
