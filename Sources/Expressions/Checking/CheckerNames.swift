import Model

extension Checker {
  /// A name of comprehension variables, of the environment, or of a type.
  mutating func name(_ syntax: Syntax) -> Typed {
    guard case .name(let text, let isAbsolute) = syntax.kind else { return unknown(syntax) }
    if !isAbsolute, let local = scopes.last(where: { $0.name == text }) {
      return Typed(node: fitted(Local(slot: local.slot), local.type), type: local.type)
    }
    return resolved(text, isAbsolute: isAbsolute, at: syntax.range) ?? unknown(syntax)
  }

  /// What a whole dotted name stands for; nil where it is not declared.
  private mutating func resolved(_ name: String, isAbsolute: Bool, at range: Range<Int>) -> Typed? {
    for candidate in environment.candidates(for: name, isAbsolute: isAbsolute) {
      if let type = environment.variables[candidate] {
        return Typed(node: fitted(variable(candidate, at: range), type), type: type)
      }
    }
    return Environment.types.contains(name) ? Typed(node: Constant(value: .type(name)), type: .type) : nil
  }

  private mutating func variable(_ name: String, at range: Range<Int>) -> any Node {
    let slot: Int
    if let known = variables.firstIndex(of: name) {
      slot = known
      isReused = true
    } else {
      slot = variables.count
      variables.append(name)
    }
    if !scopes.isEmpty { isReused = true }
    return Variable(slot: slot, name: name, range: range)
  }

  /// See `Fitted`.
  func fitted(_ node: any Node, _ type: CELType) -> any Node {
    type == .double || type == .int ? Fitted(operand: node, wantsDouble: type == .double) : node
  }

  mutating func select(_ syntax: Syntax, _ operand: Syntax, _ field: Syntax.Name, isOptional: Bool) -> Typed {
    if !isOptional, let whole = declared(syntax) { return whole }
    if let dotted = operand.dottedName, let root = operand.root, !isLocal(root),
      !isKnown(operand, dotted, root)
    {
      return unknown(isOptional ? operand : syntax)
    }
    let base = check(operand)
    let isSafe = isOptional || present.contains(path(syntax) ?? "")
    let type = fieldType(of: base.type, field, isSafe: isSafe)
    let node = Selection(operand: base.node, field: field.text, isOptional: isOptional, range: syntax.range)
    if isOptional, case .optional = type { return Typed(node: node, type: type) }
    return Typed(node: fitted(node, type), type: isOptional ? .optional(type) : type)
  }

  /// A dotted name that is declared as a whole, such as `steps.fetch.output`.
  private mutating func declared(_ syntax: Syntax) -> Typed? {
    guard let dotted = syntax.dottedName, let root = syntax.root, !isLocal(root) else { return nil }
    return resolved(dotted, isAbsolute: root.isAbsolute, at: syntax.range)
  }

  private func isLocal(_ root: (name: String, isAbsolute: Bool)) -> Bool {
    !root.isAbsolute && scopes.contains { $0.name == root.name }
  }

  /// Whether a declared name is the beginning of this one.
  private func isKnown(_ syntax: Syntax, _ dotted: String, _ root: (name: String, isAbsolute: Bool)) -> Bool {
    var name = dotted[...]
    while true {
      for candidate in environment.candidates(for: String(name), isAbsolute: root.isAbsolute)
      where environment.variables[candidate] != nil {
        return true
      }
      if Environment.types.contains(String(name)) { return true }
      guard let dot = name.lastIndex(of: ".") else { return false }
      name = name[..<dot]
    }
  }

  /// Reports the first part of a name that no declared name has.
  mutating func unknown(_ syntax: Syntax) -> Typed {
    if isFull { return report(.unknownName, "", pt: "", at: syntax.range) }
    var parts: [Syntax.Name] = []
    var node = syntax
    while case .select(let operand, let field, _) = node.kind {
      parts.insert(field, at: 0)
      node = operand
    }
    if case .name(let text, _) = node.kind { parts.insert(Syntax.Name(text: text, range: node.range), at: 0) }
    let declared = environment.variables.keys.map { $0.split(separator: ".").map(String.init) }
    var depth = 0
    var known = declared
    while depth < parts.count - 1 {
      let deeper = known.filter { $0.count > depth + 1 && $0[depth] == parts[depth].text }
      if deeper.isEmpty { break }
      known = deeper
      depth += 1
    }
    let written = parts[...depth].map(\.text).joined(separator: ".")
    let range = parts[0].range.lowerBound..<parts[depth].range.upperBound
    let inside = known.filter { $0.count > depth + 1 && $0[depth] == parts[depth].text }.map { $0[depth + 1] }
    if !inside.isEmpty {
      return report(
        .unknownName, "`\(written)` is not a value by itself.", pt: "`\(written)` não é um valor por si só.",
        remedy: Suggestion.known(Array(Set(inside))), at: range)
    }
    let choices = Set(known.compactMap { $0.count > depth ? $0[depth] : nil })
      .union(depth == 0 ? scopes.map(\.name) : [])
    return report(
      .unknownName, "There is no `\(written)`.", pt: "Não existe `\(written)`.",
      remedy: Suggestion.remedy(for: parts[depth].text, among: Array(choices)), at: range)
  }

  /// The type of a field, with an error where it cannot be or may be missing.
  private mutating func fieldType(of type: CELType, _ field: Syntax.Name, isSafe: Bool) -> CELType {
    switch type {
    case .dyn: return .dyn
    case .map(let key, let value):
      require(
        key == .string || key == .dyn, "The keys of this map are \(key), not names.",
        pt: "As chaves deste mapa são \(key), não nomes.",
        remedy: Bilingual("Read it with `[…]`.", pt: "Leia com `[…]`."), at: field.range)
      return value
    case .optional(let wrapped):
      let inner = fieldType(of: wrapped, field, isSafe: true)
      if case .optional = inner { return inner }
      return .optional(inner)
    case .record(let record): return fieldType(of: record, field, isSafe: isSafe)
    case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .list:
      require(
        false, "A value of type \(type) has no field `\(field.text)`.",
        pt: "Um valor do tipo \(type) não tem campo `\(field.text)`.", at: field.range)
      return .dyn
    }
  }

  private mutating func fieldType(of record: Record, _ field: Syntax.Name, isSafe: Bool) -> CELType {
    let name = field.text
    guard let known = record.fields[name] else {
      if let rest = record.additional { return rest }
      require(
        false, "There is no field `\(name)` here.", pt: "Não há campo `\(name)` aqui.",
        remedy: Suggestion.remedy(for: name, among: Array(record.fields.keys)), at: field.range)
      return .dyn
    }
    require(
      known.isRequired || isSafe, "The field `\(name)` may be absent.", pt: "O campo `\(name)` pode faltar.",
      remedy: Bilingual(
        "Read it with `.?\(name)` and `.orValue(…)`.", pt: "Leia com `.?\(name)` e `.orValue(…)`."),
      at: field.range)
    return known.type
  }

  mutating func presence(_ operand: Syntax, at range: Range<Int>) -> Typed {
    guard case .select(let base, let field, let isOptional) = operand.kind else { return check(operand) }
    if !isOptional, let dotted = base.dottedName, let root = base.root, !isLocal(root),
      !isKnown(base, dotted, root)
    {
      // The field is a variable of its own, and what is declared is there.
      let whole = declared(operand) ?? unknown(operand)
      let isThere = Typed(node: Constant(value: .bool(true)), type: .bool)
      return whole.node is Failing ? whole : isThere
    }
    let typed = check(base)
    let subject = isOptional ? CELType.optional(typed.type) : typed.type
    _ = fieldType(of: subject, field, isSafe: true)
    return Typed(node: Presence(operand: typed.node, field: field.text, range: range), type: .bool)
  }

  /// `record['field']` is checked as `record.field` is.
  mutating func index(_ syntax: Syntax, _ operand: Syntax, _ key: Syntax, isOptional: Bool) -> Typed {
    let base = check(operand)
    let index = check(key)
    let type = elementType(of: base.type, index.type, key, isSafe: isOptional)
    let node = Indexing(operand: base.node, key: index.node, isOptional: isOptional, range: syntax.range)
    if isOptional, case .optional = type { return Typed(node: node, type: type) }
    return Typed(node: fitted(node, type), type: isOptional ? .optional(type) : type)
  }

  private mutating func elementType(
    of type: CELType, _ index: CELType, _ key: Syntax, isSafe: Bool
  ) -> CELType {
    switch type {
    case .dyn: return .dyn
    case .list(let element):
      require(
        index == .int || index == .dyn, "A list is asked by whole numbers, not by \(index).",
        pt: "Uma lista se indexa por números inteiros, não por \(index).", at: key.range)
      return element
    case .map(let wanted, let value):
      require(
        wanted.joined(with: index) != nil, "The keys of this map are \(wanted), not \(index).",
        pt: "As chaves deste mapa são \(wanted), não \(index).", at: key.range)
      return value
    case .optional(let wrapped):
      let inner = elementType(of: wrapped, index, key, isSafe: true)
      if case .optional = inner { return inner }
      return .optional(inner)
    case .record(let record):
      if case .literal(.string(let name)) = key.kind {
        return fieldType(of: record, Syntax.Name(text: name, range: key.range), isSafe: isSafe)
      }
      require(
        index == .string || index == .dyn, "The keys of this object are names, not \(index).",
        pt: "As chaves deste objeto são nomes, não \(index).", at: key.range)
      return .dyn
    case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type:
      require(
        false, "A value of type \(type) has no elements.", pt: "Um valor do tipo \(type) não tem elementos.",
        at: key.range)
      return .dyn
    }
  }
}

extension Syntax {
  /// The first name of a dotted name.
  var root: (name: String, isAbsolute: Bool)? {
    var node = self
    while case .select(let operand, _, _) = node.kind { node = operand }
    if case .name(let text, let isAbsolute) = node.kind { return (text, isAbsolute) }
    return nil
  }
}
