import Model

/// Collects what is found in one file.
///
/// Places and remedies are worked out only for what is kept: a hostile file may have a fault in every byte.
final class Report {
  static let maxFindings = 200

  let source: SourceText
  private var found: [(offset: Int, finding: Finding)] = []
  /// Also those that are no longer kept.
  private(set) var errorCount = 0

  init(source: SourceText) { self.source = source }

  var hasErrors: Bool { errorCount > 0 }
  var isFull: Bool { found.count >= Self.maxFindings }

  func error(
    _ code: String, at span: @autoclosure () -> Range<Int>, path: String, _ message: Bilingual,
    remedy: @autoclosure () -> Bilingual? = nil, missing: Missing? = nil
  ) {
    errorCount += 1
    guard !isFull else { return }
    add(.error, code, span(), path, message, remedy(), missing)
  }

  func warning(
    _ code: String, at span: @autoclosure () -> Range<Int>, path: String, _ message: Bilingual,
    remedy: @autoclosure () -> Bilingual? = nil, missing: Missing? = nil
  ) {
    guard !isFull else { return }
    add(.warning, code, span(), path, message, remedy(), missing)
  }

  private func add(
    _ severity: Finding.Severity, _ code: String, _ span: Range<Int>, _ path: String, _ message: Bilingual,
    _ remedy: Bilingual?, _ missing: Missing?
  ) {
    let (line, column) = source.position(of: span.lowerBound)
    let (text, caret) = source.line(showing: span)
    let finding = Finding(
      severity: severity, code: code, line: line, column: column, path: path, message: message,
      remedy: remedy, sourceLine: text, caret: caret, missing: missing)
    found.append((span.lowerBound, finding))
  }

  /// In the order of the file. What stands at one place and says the same thing is said once: an anchor or a
  /// default that several steps use is wrong only once.
  var findings: [Finding] {
    struct Same: Hashable {
      let offset: Int
      let code: String
      let message: Bilingual
    }
    var seen = Set<Same>()
    let sorted = found.enumerated().sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }
    return sorted.map(\.element).compactMap { offset, finding in
      let same = Same(offset: offset, code: finding.code, message: finding.message)
      return seen.insert(same).inserted ? finding : nil
    }
  }
}
