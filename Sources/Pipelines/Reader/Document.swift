public import Model

extension JSON {
  /// Reads a small definition file, such as a connection: YAML in the profile of pipeline files, or JSON.
  public init(definition bytes: [UInt8]) throws(Problem) {
    let (source, tree) = SourceReader.read(bytes)
    switch tree {
    case .success(let root): self = root.json
    case .failure(let error):
      let line = source.position(of: error.span.lowerBound).line
      throw Problem(
        error.code,
        Bilingual("Line \(line): \(error.message.english)", pt: "Linha \(line): \(error.message.portuguese)"),
        remedy: error.remedy)
    }
  }
}
