import Model

/// The canonical layout of a pipeline file: the same values in the same order, with its comments.
public enum PipelineFormat {
  public enum Outcome: Sendable {
    case formatted(String)
    /// It cannot be read at all, or its layout is beyond this formatter; nothing was changed.
    case refused(Finding)
  }

  /// Rounds after which a layout must no longer change; files of people need one.
  private static let rounds = 4

  /// What is written has the same values as what was read, and would be written the same again; both are
  /// checked each time.
  public static func canonical(_ bytes: [UInt8]) -> Outcome {
    let (source, tree) = SourceReader.read(bytes)
    let root: Node
    switch tree {
    case .success(let node): root = node
    case .failure(let error): return .refused(finding(error, source))
    }
    guard let text = settled(source, root) else {
      return .refused(
        finding(
          ReadingError(
            "layout-not-known",
            Bilingual(
              "this file is laid out in a way that cannot be rewritten.",
              pt: "este arquivo tem um leiaute que não pode ser reescrito."),
            remedy: Bilingual(
              "Take unusual YAML out of it: explicit keys (?), or comments inside of a value.",
              pt: "Retire o YAML incomum dele: chaves explícitas (?), ou comentários dentro de um valor."),
            at: 0..<1), source))
    }
    return .formatted(text)
  }

  /// The text of the last round. Nil where a round cannot be written, changes a value, or none is the last.
  private static func settled(_ source: SourceText, _ root: Node) -> String? {
    let values = root.json.text
    var (source, root, before) = (source, root, String?.none)
    for _ in 0...rounds {
      guard let text = text(source, root) else { return nil }
      if text == before { return text }
      let (next, tree) = SourceReader.read(Array(text.utf8))
      guard case .success(let again) = tree, again.json.text == values else { return nil }
      (source, root, before) = (next, again, text)
    }
    return nil
  }

  private static func text(_ source: SourceText, _ root: Node) -> String? {
    let first = source.bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    if first == UInt8(ascii: "{") { return root.json.prettyText + "\n" }
    guard var reader = LayoutReader(source), let layout = reader.read() else { return nil }
    var writer = LayoutWriter(layout, LayoutComments(source, layout), source)
    return writer.text()
  }

  private static func finding(_ error: ReadingError, _ source: SourceText) -> Finding {
    let (line, column) = source.position(of: error.span.lowerBound)
    let (text, caret) = source.line(showing: error.span)
    return Finding(
      code: error.code, line: line, column: column, path: "", message: error.message, remedy: error.remedy,
      sourceLine: text, caret: caret)
  }
}
