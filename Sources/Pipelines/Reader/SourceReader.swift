import Model

/// Reads the text of a pipeline file into a tree of nodes that know their places.
///
/// Text that begins with `{` is JSON, anything else the YAML profile of `docs/pipeline-format.md`: the core
/// schema of YAML 1.2, one document, no tags, no merge keys, no duplicate keys.
enum SourceReader {
  static let maxBytes = 1 << 20
  static let maxDepth = 64
  /// Nodes that aliases add to the tree, all together.
  static let maxExpanded = 10_000

  /// The text without a byte order mark, and its tree.
  static func read(_ bytes: [UInt8]) -> (source: SourceText, tree: Result<Node, ReadingError>) {
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    let source = SourceText(bytes)
    do throws(ReadingError) {
      try check(bytes)
      let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
      if first == UInt8(ascii: "{") {
        var reader = JSONNodeReader(bytes)
        return (source, .success(try reader.readAll()))
      }
      var reader = YAMLNodeReader(bytes)
      return (source, .success(try reader.readAll()))
    } catch {
      return (source, .failure(error))
    }
  }

  private static func check(_ bytes: [UInt8]) throws(ReadingError) {
    if bytes.count > maxBytes {
      throw ReadingError(
        "file-too-large",
        Bilingual(
          "the file has \(bytes.count) bytes; a pipeline file has at most 1 MiB.",
          pt: "o arquivo tem \(bytes.count) bytes; um arquivo de pipeline tem no máximo 1 MiB."),
        remedy: Bilingual(
          "Move long scripts and data to files beside the pipeline.",
          pt: "Leve scripts longos e dados para arquivos ao lado do pipeline."), at: 0..<1)
    }
    guard let bad = firstInvalid(bytes) else { return }
    throw ReadingError(
      "not-utf8",
      Bilingual("the text is not UTF-8 from here on.", pt: "o texto não é UTF-8 a partir daqui."),
      remedy: Bilingual("Save the file as UTF-8.", pt: "Salve o arquivo em UTF-8."), at: bad..<bad + 1)
  }

  /// The offset of the first byte that is no UTF-8.
  private static func firstInvalid(_ bytes: [UInt8]) -> Int? {
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    var (low, high) = (0, bytes.count)
    while low + 1 < high {
      let middle = (low + high) / 2
      // A cut inside a character would look like a fault, so the cut moves to its start.
      var cut = middle
      while cut > low, bytes[cut] & 0b1100_0000 == 0b1000_0000 { cut -= 1 }
      guard cut > low else { break }
      if String(validating: bytes[low..<cut], as: UTF8.self) != nil { low = cut } else { high = cut }
    }
    return low
  }
}

/// Whether a key or an alias goes too far, in the words of both readers.
enum ReadingFault {
  static func tooDeep(at span: Range<Int>) -> ReadingError {
    ReadingError(
      "too-deep",
      Bilingual(
        "lists and maps nest more than \(SourceReader.maxDepth) deep here.",
        pt: "há mais de \(SourceReader.maxDepth) níveis de listas e mapas aqui."), at: span)
  }

  static func duplicateKey(_ key: String, at span: Range<Int>) -> ReadingError {
    ReadingError(
      "duplicate-key",
      Bilingual(
        "the key \"\(key)\" stands twice in one map.",
        pt: "a chave \"\(key)\" aparece duas vezes no mesmo mapa."),
      remedy: Bilingual("Remove or rename one of them.", pt: "Remova ou renomeie uma delas."), at: span)
  }

  static func noNumber(_ text: String, at span: Range<Int>) -> ReadingError {
    ReadingError(
      "bad-number",
      Bilingual(
        "\(text) is not a number that can be stored.", pt: "\(text) não é um número que possa ser guardado."),
      remedy: Bilingual("Put it in quotes to mean text.", pt: "Ponha entre aspas se for um texto."), at: span)
  }
}
