import Model

/// Reads a call of a connector.
extension StepReader {
  /// `name@major`.
  static func name(ofUse text: String) -> (name: String, major: String?) {
    guard let at = text.firstIndex(of: "@") else { return (text, nil) }
    return (String(text[..<at]), String(text[text.index(after: at)...]))
  }

  func call(_ kind: Node.Entry, _ map: MapReading) -> KindDraft {
    let path = map.place("uses")
    guard let text = draft.report.text(kind.value, path: path) else { return .unknown }
    let (name, major) = Self.name(ofUse: text)
    if name == Self.approval { return approve(kind, map) }
    let description = connectors.description(name, at: draft.steps[index].path)
    if description == nil {
      Self.checkKnown(name, at: kind.value.span, path: path, draft: draft, catalogue: connectors)
    }
    if let description, let major, Int(major) != description.major {
      draft.report.error(
        "unknown-connector", at: kind.value.span, path: path,
        Bilingual(
          "there is no version \(major) of \(name) here.", pt: "não há a versão \(major) de \(name) aqui."),
        remedy: Bilingual("Write \(name)@\(description.major).", pt: "Escreva \(name)@\(description.major)."))
    }
    var call = CallDraft(
      name: name, major: major.flatMap { Int($0) }, description: description, with: .map([], kind.keySpan),
      withSpan: map["with"]?.keySpan ?? kind.keySpan)
    if let entry = map["with"] { call.with = with(entry, map.place("with"), description) }
    if let description, case .map(let members, _) = call.with {
      draft.report.tellIdle(members, of: description, path: map.place("with"))
    }
    call.connection = reference("connection", map)
    call.credential = reference("credential", map)
    if let description { checkConnection(description, call, kind, map) }
    return .connector(call)
  }

  /// Says so where no connector has the name: a warning where only a server could know.
  static func checkKnown(
    _ name: String, at span: Range<Int>, path: String, draft: Draft, catalogue: ConnectorCatalogue
  ) {
    if catalogue[name] != nil { return }
    if catalogue.isOffline && !catalogue.isOurs(name) || catalogue.hasStandIns && path.hasPrefix("defaults.")
    {
      draft.report.warning(
        "unchecked-connector", at: span, path: path,
        Bilingual(
          "connector \(name) is not built in; whether a server has it was not checked.",
          pt: "connector \(name) não é embutido; não foi verificado se algum servidor o tem."),
        missing: catalogue.isOffline ? Missing("connector \(name)", .refused) : nil)
      return
    }
    draft.report.error(
      "unknown-connector", at: span, path: path,
      Bilingual("there is no connector \"\(name)\".", pt: "não existe o conector \"\(name)\"."),
      remedy: Suggestion.remedy(for: name, among: catalogue.names)
        ?? Bilingual("See esteira connector ls.", pt: "Veja esteira connector ls."),
      missing: catalogue.isOurs(name) ? nil : Missing("connector \(name)", .refused))
  }

  private func reference(_ key: String, _ map: MapReading) -> String? {
    guard let entry = map[key], let name = map.text(key) else { return nil }
    if Names.isConnection(name) { return name }
    draft.report.badName(name, at: entry.value.span, path: map.place(key))
    return nil
  }

  private func checkConnection(
    _ description: ConnectorDescription, _ call: CallDraft, _ kind: Node.Entry, _ map: MapReading
  ) {
    switch description.connection {
    case .none:
      guard let entry = map["connection"] else { return }
      draft.report.error(
        "key-without-effect", at: entry.keySpan, path: map.place("connection"),
        Bilingual("\(description.name) uses no connection.", pt: "\(description.name) não usa conexão."))
    case .optional: break
    case .required(let wanted):
      guard map["connection"] == nil else { return }
      draft.report.missingKey(
        "connection", at: kind.value.span, path: map.path,
        remedy: Bilingual(
          "\(description.name) needs a connection of the kind \(wanted.replacing("|", with: " or ")).",
          pt: "\(description.name) precisa de uma conexão do tipo \(wanted.replacing("|", with: " ou "))."))
    }
  }

  /// `with`: scripts are taken as they are, names of files are literal, all else may hold expressions.
  private func with(_ entry: Node.Entry, _ path: String, _ description: ConnectorDescription?)
    -> TemplateDraft
  {
    guard let map = MapReading(entry.value, path: path, report: draft.report) else {
      return .map([], entry.keySpan)
    }
    let members = map.entries.map { member in
      let place = map.place(member.key)
      let value: TemplateDraft
      if let description, description.verbatim.contains(member.key) {
        refuseExpressions(in: member.value, path: place)
        value = .literal(member.value.json, member.value.span)
      } else {
        value = draft.template(member.value, path: place, view: body(of: index), step: index)
        if let description, description.fileKeys.contains(member.key),
          !isOfMachine(value, description.machineKeys.contains(member.key))
        {
          files(member.value, value, path: place)
        }
      }
      return TemplateDraft.Member(key: member.key, keySpan: member.keySpan, value: value)
    }
    return .map(members, entry.value.span)
  }

  private func isOfMachine(_ value: TemplateDraft, _ isAllowed: Bool) -> Bool {
    guard isAllowed, case .literal(.string(let path), _) = value else { return false }
    return path.utf8.first == UInt8(ascii: "/")
  }

  private func body(of step: Int) -> View {
    View(part: .body, scope: draft.steps[step].scope, step: step, layer: .round)
  }

  private func refuseExpressions(in node: Node, path: String) {
    guard node.isScalar, let range = node.text.firstRange(ofUTF8: "${{") else { return }
    draft.report.error(
      "expression-in-script", at: draft.report.source.span(of: range, in: node), path: path,
      Bilingual("no expression may stand in a script.", pt: "não pode haver expressão dentro de um script."),
      remedy: Bilingual(
        "Pass the value with env: and read it as a variable: so data never becomes code.",
        pt: "Passe o valor por env: e leia como variável: assim dados nunca viram código."))
  }

  /// Files beside the pipeline: a text, a list of texts, or a map whose values may also be artifacts.
  private func files(_ node: Node, _ template: TemplateDraft, path: String) {
    switch template {
    case .literal(.string(let text), let span): file(text, at: span, path: path)
    case .literal: break
    case .expression, .text: _ = draft.report.isLiteral(node, path: path)
    case .list(let items, _):
      for (offset, item) in (node.items ?? []).enumerated() {
        files(item, items[offset], path: "\(path)[\(offset)]")
      }
    case .map(let members, _):
      for member in members {
        if case .literal(.string(let text), let span) = member.value {
          file(text, at: span, path: "\(path).\(member.key)")
        }
      }
    }
  }

  private func file(_ text: String, at span: Range<Int>, path: String) {
    draft.mentionFile(text, at: span, path: path)
  }
}

extension Draft {
  /// A path below the pipeline's folder; what follows a `#` names a part inside the file.
  func mentionFile(_ text: String, at span: Range<Int>, path: String) {
    let name = String(text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0])
    _ = mention(file: name, at: span, path: path)
  }
}
