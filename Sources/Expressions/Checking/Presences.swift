extension Checker {
  /// The fields that are surely there when a condition came out as `outcome`: `has(a.b) && …` makes `a.b`
  /// safe.
  func presences(in condition: Syntax, when outcome: Bool) -> Set<String> {
    switch condition.kind {
    case .has(let field): return outcome ? Set(path(field).map { [$0] } ?? []) : []
    case .all(let terms) where outcome:
      return terms.reduce(into: []) { $0.formUnion(presences(in: $1, when: true)) }
    case .any(let terms) where !outcome:
      return terms.reduce(into: []) { $0.formUnion(presences(in: $1, when: false)) }
    case .call(let name, nil, let arguments) where name.text == "!_" && arguments.count == 1:
      return presences(in: arguments[0], when: !outcome)
    case .literal, .name, .select, .index, .call, .list, .map, .message, .all, .any, .conditional,
      .comprehension, .bind, .optionalMap:
      return []
    }
  }

  /// Names a field so that only the same field has the same name; nil for what is not a chain of plain names.
  func path(_ syntax: Syntax) -> String? {
    guard let dotted = syntax.dottedName, let root = syntax.root else { return nil }
    if !root.isAbsolute, let local = scopes.last(where: { $0.name == root.name }) {
      return "#\(local.slot).\(dotted)"
    }
    return dotted
  }
}
