import Model

extension Checker {
  /// Checks a body that sees more variables; they lie in places of their own.
  private mutating func within<Result>(
    _ names: [Syntax.Name], _ types: [CELType], _ body: (inout Checker, _ slot: Int) -> Result
  ) -> Result {
    let slot = scopes.last.map { $0.slot + 1 } ?? 0
    for (offset, name) in names.enumerated() { scopes.append((name.text, slot + offset, types[offset])) }
    places = max(places, slot + names.count)
    let outer = present
    present = present.filter { !$0.hasPrefix("#\(slot).") && !$0.hasPrefix("#\(slot + 1).") }
    let result = body(&self, slot)
    present = outer
    scopes.removeLast(names.count)
    return result
  }

  mutating func comprehension(_ loop: Syntax.Comprehension, at range: Range<Int>) -> Typed {
    let source = check(loop.source)
    let hasPairs = loop.names.count == 2
    let types = variableTypes(of: source.type, hasPairs: hasPairs, at: loop.source.range)
    return within(loop.names, types) { checker, slot in
      let outer = checker.present
      let condition = loop.condition.map { checker.condition($0) }
      if let written = loop.condition {
        checker.present.formUnion(checker.presences(in: written, when: true))
      }
      let body: Typed
      switch loop.kind {
      case .all, .exists, .existsOne, .filter: body = Typed(node: checker.condition(loop.body), type: .bool)
      case .map, .transformList, .transformMap, .transformMapEntry, .sortBy, .groupBy:
        body = checker.check(loop.body)
      }
      checker.present = outer
      let type = checker.resultType(of: loop, element: types[0], body: body.type)
      let node = Loop(
        kind: loop.kind, source: source.node, slot: slot, hasPairs: hasPairs, condition: condition,
        body: body.node, range: range)
      return Typed(node: node, type: type)
    }
  }

  /// What the variables are: of a list its elements, of a map its keys; with two, index or key come first.
  private mutating func variableTypes(of type: CELType, hasPairs: Bool, at range: Range<Int>) -> [CELType] {
    switch type {
    case .dyn: return [.dyn, .dyn]
    case .list(let element): return hasPairs ? [.int, element] : [element]
    case .map(let key, let value): return [key, value]
    case .record: return [.string, .dyn]
    case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .optional:
      require(
        false, "Only lists and maps have elements, and this is \(type).",
        pt: "Só listas e mapas têm elementos, e isto é \(type).", at: range)
      return [.dyn, .dyn]
    }
  }

  private mutating func resultType(
    of loop: Syntax.Comprehension, element: CELType, body: CELType
  ) -> CELType {
    switch loop.kind {
    case .all, .exists, .existsOne: return .bool
    case .filter, .sortBy: return .list(element)
    case .map, .transformList: return .list(body)
    case .transformMap: return .map(element, body)
    case .groupBy: return .map(body, .list(element))
    case .transformMapEntry:
      if case .map = body { return body }
      require(
        body == .dyn, "A map with the new entries is expected here, and this is \(body).",
        pt: "Aqui se espera um mapa com as novas entradas, e isto é \(body).", at: loop.body.range)
      return .map(.dyn, .dyn)
    }
  }

  mutating func bind(_ name: Syntax.Name, _ value: Syntax, _ body: Syntax, at range: Range<Int>) -> Typed {
    let bound = check(value)
    return within([name], [bound.type]) { checker, slot in
      let result = checker.check(body)
      let node = Binding(kind: .plain, value: bound.node, slot: slot, body: result.node, range: range)
      return Typed(node: node, type: result.type, isWeak: result.isWeak)
    }
  }

  mutating func optionalMap(
    _ value: Syntax, _ name: Syntax.Name, _ body: Syntax, isFlat: Bool, at range: Range<Int>
  ) -> Typed {
    let source = check(value)
    var wrapped = CELType.dyn
    if case .optional(let type) = source.type {
      wrapped = type
    } else {
      require(
        source.type == .dyn, "An optional is expected here, and this is \(source.type).",
        pt: "Aqui se espera um optional, e isto é \(source.type).", at: value.range)
    }
    return within([name], [wrapped]) { checker, slot in
      let result = checker.check(body)
      let node = Binding(
        kind: isFlat ? .optionalFlat : .optional, value: source.node, slot: slot, body: result.node,
        range: range)
      if !isFlat { return Typed(node: node, type: .optional(result.type)) }
      if case .optional = result.type { return Typed(node: node, type: result.type) }
      checker.require(
        result.type == .dyn, "An optional is expected here, and this is \(result.type).",
        pt: "Aqui se espera um optional, e isto é \(result.type).", at: body.range)
      return Typed(node: node, type: .optional(.dyn))
    }
  }
}
