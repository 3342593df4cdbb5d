public import Model

/// Something that `validate` found in a pipeline file, with its place and its remedy.
public struct Finding: Sendable, Hashable {
  public enum Severity: Sendable, Hashable { case error, warning }

  public var severity: Severity
  /// A stable word such as `unknown-step`; `docs/errors/<code>.md` explains it.
  public var code: String
  /// From 1.
  public var line: Int
  /// From 1, in Unicode scalars.
  public var column: Int
  /// The keys that lead to the place, such as `steps.count.value`; empty for the file as a whole.
  public var path: String
  public var message: Bilingual
  public var remedy: Bilingual?
  /// The line of the source; of a very long one the part around the place.
  public var sourceLine: String
  /// What the caret underlines: offsets in the Unicode scalars of `sourceLine`, never empty.
  public var caret: Range<Int>
  /// Where the finding is about something that this build lacks.
  public var missing: Missing?

  public init(
    severity: Severity = .error, code: String, line: Int, column: Int, path: String, message: Bilingual,
    remedy: Bilingual? = nil, sourceLine: String, caret: Range<Int>, missing: Missing? = nil
  ) {
    (self.severity, self.code, self.line, self.column) = (severity, code, line, column)
    (self.path, self.message, self.remedy) = (path, message, remedy)
    (self.sourceLine, self.caret, self.missing) = (sourceLine, caret, missing)
  }

  /// The finding as a person reads it: the place, the sentence, the line with a caret, and the remedy.
  /// Lines end with a newline, the last one not.
  public func rendered(file: String, language: Language) -> String {
    let place = path.isEmpty ? "" : " \(path)"
    var lines = [
      "\(file):\(line):\(column): \(severityWord(language))[\(code)]\(place): \(message[language])"
    ]
    let window = SourceWindow(line: sourceLine, caret: caret)
    if !window.text.isEmpty {
      lines.append("  " + window.text)
      let indent = String(repeating: " ", count: window.caret.lowerBound)
      lines.append("  " + indent + String(repeating: "^", count: window.caret.count))
    }
    if let remedy { lines.append("  " + remedy[language]) }
    return lines.joined(separator: "\n")
  }

  private func severityWord(_ language: Language) -> String {
    switch (severity, language) {
    case (.error, .english): "error"
    case (.error, .portuguese): "erro"
    case (.warning, .english): "warning"
    case (.warning, .portuguese): "aviso"
    }
  }
}

/// The part of a long line that is worth showing: at most 110 columns, with the caret in it.
struct SourceWindow {
  static let width = 110
  private static let before = 60

  let text: String
  let caret: Range<Int>

  init(line: String, caret: Range<Int>) {
    var scalars = line.unicodeScalars.map { $0 == "\t" || $0.value < 32 ? " " : $0 }
    while scalars.last == " " { scalars.removeLast() }
    let first = min(caret.lowerBound, scalars.count)
    guard scalars.count > Self.width else {
      (text, self.caret) = (Self.string(scalars[...]), Self.clip(first..<caret.upperBound, to: scalars.count))
      return
    }
    let start = max(0, min(first - Self.before, scalars.count - Self.width))
    let end = min(scalars.count, start + Self.width)
    var shown = Array(scalars[start..<end])
    if start > 0 { shown[0] = "…" }
    if end < scalars.count { shown[shown.count - 1] = "…" }
    text = Self.string(shown[...])
    self.caret = Self.clip((first - start)..<max(first, caret.upperBound) - start, to: shown.count)
  }

  /// At least one column, at most to the end of the text.
  private static func clip(_ range: Range<Int>, to count: Int) -> Range<Int> {
    range.lowerBound..<max(range.lowerBound + 1, min(range.upperBound, count))
  }

  private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }
}
