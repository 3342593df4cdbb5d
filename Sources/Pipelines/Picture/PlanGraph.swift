public import Model

extension Plan {
  /// The steps in the order in which they could run, one a line, what is inside further in; after an arrow
  /// what each waits for and why. An edge in brackets waits only for the end.
  public func graphText(_ language: Language) -> String {
    var lines = ["\(namespace)/\(name)"]
    for (word, scope) in topScopes {
      if let word { lines.append("  \(word):") }
      addText(scope, indent: word == nil ? 2 : 4, language, to: &lines)
    }
    return lines.joined(separator: "\n")
  }

  private func addText(_ scope: Int, indent: Int, _ language: Language, to lines: inout [String]) {
    for index in order(ofScope: scope) {
      let step = steps[index.position]
      let needs = step.needs.map { need in
        let name = steps[need.step.position].name
        let shown = need.strength == .strong ? name : "[\(name)]"
        return "\(shown) (\(reason(of: need, to: index.position)[language]))"
      }
      let tail = needs.isEmpty ? "" : "  <- " + needs.joined(separator: ", ")
      lines.append(String(repeating: " ", count: indent) + "\(step.name)  \(step.does)\(tail)")
      for (word, inner) in step.scopes {
        if let word { lines.append(String(repeating: " ", count: indent + 2) + "\(word):") }
        addText(inner, indent: indent + (word == nil ? 2 : 4), language, to: &lines)
      }
    }
  }

  /// For Graphviz. A dashed edge waits only for the end of a step.
  public func graphDOT(_ language: Language) -> String {
    var lines = [
      "digraph \(Self.quoted("\(namespace)/\(name)")) {",
      "  rankdir=TB; compound=true; edge [fontname=\"sans-serif\"];",
      "  node [shape=box, style=rounded, fontname=\"sans-serif\"];",
    ]
    for (word, scope) in topScopes {
      guard let word else {
        addDOT(scope, indent: 2, to: &lines)
        continue
      }
      addCluster(word, scope, indent: 2, to: &lines)
    }
    for (index, step) in steps.enumerated() {
      for need in step.needs {
        let label = Self.quoted(reason(of: need, to: index)[language])
        let style = need.strength == .weak ? ", style=dashed" : ""
        lines.append("  s\(need.step.position) -> s\(index) [label=\(label)\(style)];")
      }
    }
    return (lines + ["}"]).joined(separator: "\n")
  }

  private func addDOT(_ scope: Int, indent: Int, to lines: inout [String]) {
    let space = String(repeating: " ", count: indent)
    for index in scopes[scope].steps {
      let step = steps[index]
      lines.append("\(space)s\(index) [label=\(Self.quoted("\(step.name)\n\(step.does)"))];")
      for (word, inner) in step.scopes {
        addCluster(step.path + (word.map { ".\($0)" } ?? ""), inner, indent: indent, to: &lines)
        let first = scopes[inner].steps.first.map { "s\($0)" } ?? "s\(index)"
        lines.append("\(space)s\(index) -> \(first) [style=dotted, arrowhead=none, lhead=cluster\(inner)];")
      }
    }
  }

  private func addCluster(_ label: String, _ scope: Int, indent: Int, to lines: inout [String]) {
    let space = String(repeating: " ", count: indent)
    lines.append("\(space)subgraph cluster\(scope) {")
    lines.append("\(space)  label=\(Self.quoted(label));")
    addDOT(scope, indent: indent + 2, to: &lines)
    lines.append("\(space)}")
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.spelling(["\\": "\\\\", "\"": "\\\"", "\n": "\\n"]) + "\""
  }
}
