import Model

/// Reads `call:`, which starts a job of another pipeline, and `end:`, which closes this one.
extension StepReader {
  func subJob(_ kind: Node.Entry, path: String) -> KindDraft {
    guard let map = MapReading(kind.value, path: path, report: report) else { return .unknown }
    map.check(.call)
    guard let entry = map["pipeline"] else {
      report.missingKey("pipeline", at: kind.keySpan, path: path)
      return .unknown
    }
    guard let text = report.text(entry.value, path: map.place("pipeline")) else { return .unknown }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard (1...2).contains(parts.count), parts.allSatisfy(Names.isID) else {
      report.error(
        "bad-name", at: entry.value.span, path: map.place("pipeline"),
        Bilingual("\"\(text)\" names no pipeline.", pt: "\"\(text)\" não é o nome de um pipeline."),
        remedy: Bilingual(
          "Write namespace/name, or the name of one in the own namespace.",
          pt: "Escreva namespace/nome, ou o nome de um do próprio namespace."))
      return .unknown
    }
    var call = SubJobDraft(
      namespace: parts.count == 2 ? parts[0] : draft.head.namespace, pipeline: parts[parts.count - 1],
      inputsPath: map.place("inputs"))
    if let entry = map["inputs"] {
      call.inputs = draft.template(entry.value, path: call.inputsPath, view: body, step: index)
    }
    call.revision = map["revision"].flatMap { revision($0.value, path: map.place("revision")) }
    if let entry = map["detach"] {
      call.detach = report.bool(entry.value, path: map.place("detach")) ?? false
    }
    return .call(call)
  }

  private func revision(_ node: Node, path: String) -> Int? {
    if case .int(let number) = node.content, number > 0 { return Int(number) }
    report.wrongKind(
      node, path: path, wanted: Bilingual("a whole number above 0", pt: "um número inteiro acima de 0"))
    return nil
  }

  private static let statuses: [JobStatus] = [.success, .partial, .failed, .cancelled]

  func end(_ kind: Node.Entry, path: String) -> KindDraft {
    guard let map = MapReading(kind.value, path: path, report: report) else { return .unknown }
    map.check(.end)
    guard let entry = map["status"] else {
      report.missingKey("status", at: kind.keySpan, path: path)
      return .unknown
    }
    let words = Self.statuses.map(\.word)
    guard let word = report.word(entry.value, path: map.place("status"), among: words),
      let status = Self.statuses.first(where: { $0.word == word })
    else { return .unknown }
    var end = EndDraft(status: status, outputsPath: map.place("outputs"))
    if let entry = map["class"] {
      let path = map.place("class")
      if status != .failed {
        report.error(
          "key-without-effect", at: entry.keySpan, path: path,
          Bilingual("only status: failed has a class.", pt: "só status: failed tem uma classe."))
      }
      end.errorClass =
        report.word(entry.value, path: path, among: ErrorClass.allCases.map(\.rawValue))
        .flatMap(ErrorClass.init(rawValue:)) ?? .data
    }
    end.message = map["message"].map {
      draft.template($0.value, path: map.place("message"), view: body, step: index)
    }
    end.outputs = map["outputs"].map {
      draft.template($0.value, path: end.outputsPath, view: body, step: index)
    }
    return .end(end)
  }
}
