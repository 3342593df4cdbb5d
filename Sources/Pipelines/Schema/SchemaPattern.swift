import Expressions

/// A regular expression of a schema, which looks for its text anywhere unless it is anchored.
struct SchemaPattern: Sendable {
  let source: String
  private let pattern: Pattern

  /// Nil where RE2 does not read it.
  init?(_ source: String) {
    do throws(PatternError) { pattern = try Pattern(source) } catch { return nil }
    self.source = source
  }

  func isFound(in text: String) -> Bool { pattern.matches(text) }
}
