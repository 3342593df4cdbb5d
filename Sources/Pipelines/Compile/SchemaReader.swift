import Model

/// Reads the schemas that stand in a file, or in one beside it.
extension Draft {
  /// A schema as a map. No expression may stand in it: its rules are fixed when the pipeline is applied.
  func schema(_ node: Node, path: String) -> JSONSchema? {
    guard node.entries != nil else {
      report.wrongKind(node, path: path, wanted: Bilingual("a JSON Schema", pt: "um JSON Schema"))
      return nil
    }
    guard isWithoutExpressions(node, path: path) else { return nil }
    do throws(SchemaFaults) {
      return try JSONSchema(node.json)
    } catch {
      for fault in error.faults { tell(fault, in: node, path: path) }
      return nil
    }
  }

  /// A map, or the path of a file beside the pipeline. A file that is missing is reported with all others.
  func schemaOrFile(_ node: Node, path: String) -> JSONSchema? {
    guard node.string != nil else { return schema(node, path: path) }
    guard let name = report.text(node, path: path) else { return nil }
    guard mention(file: name, at: node.span, path: path), let bytes = readFile(name) else { return nil }
    let (_, tree) = SourceReader.read(bytes)
    switch tree {
    case .failure(let error): badSchemaFile(name, error.message, at: node.span, path: path)
    case .success(let root):
      do throws(SchemaFaults) {
        return try JSONSchema(root.json)
      } catch {
        if let fault = error.faults.first { badSchemaFile(name, fault.message, at: node.span, path: path) }
      }
    }
    return nil
  }

  func tell(_ fault: SchemaViolation, in node: Node, path: String) {
    let place = node.following(fault.path)
    let key = fault.path.last.flatMap { last in
      node.following(Array(fault.path.dropLast())).node.entries?.first { $0.key == last }?.keySpan
    }
    let steps = fault.path.map { "." + $0 }.joined()
    report.error("bad-schema", at: key ?? place.node.span, path: path + steps, fault.message)
  }

  private func badSchemaFile(_ name: String, _ why: Bilingual, at span: Range<Int>, path: String) {
    report.error(
      "bad-schema", at: span, path: path,
      Bilingual(
        "\(name) is no JSON Schema: \(why.continuing.english)",
        pt: "\(name) não é um JSON Schema: \(why.continuing.portuguese)"))
  }

  private func isWithoutExpressions(_ node: Node, path: String) -> Bool {
    switch node.content {
    case .null, .bool, .int, .double: true
    case .string: report.isLiteral(node, path: path)
    case .list(let items):
      items.enumerated().allSatisfy { isWithoutExpressions($1, path: "\(path)[\($0)]") }
    case .map(let entries):
      entries.allSatisfy { isWithoutExpressions($0.value, path: "\(path).\($0.key)") }
    }
  }

  /// Notes a file beside the pipeline. False, and said, where it would lie outside the pipeline's folder.
  func mention(file name: String, at span: Range<Int>, path: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let isInside = !name.isEmpty && !parts.contains("..") && !parts.contains("") && !parts.contains(".")
    guard isInside, !name.utf8.contains(0), !name.contains("\\") else {
      report.error(
        "bad-path", at: span, path: path,
        Bilingual(
          "\"\(name)\" is no path below the pipeline's folder.",
          pt: "\"\(name)\" não é um caminho dentro da pasta do pipeline."),
        remedy: Bilingual("Write it like scripts/collect.py.", pt: "Escreva como scripts/coleta.py."))
      return false
    }
    head.files.append(FileMention(name: name, span: span, path: path))
    return true
  }
}
