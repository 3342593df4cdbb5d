/// How long the list is that an expression gives, as far as its text says it.
public enum KnownLength: Sendable, Hashable {
  case count(Int)
  /// As long as what this chain of names means.
  case sameAs([String])
}

extension ParsedExpression {
  /// Nil where only a run can tell. `map` and the like keep the length of what they go over.
  public var knownLength: KnownLength? { syntax.knownLength }
}

extension Syntax {
  fileprivate var knownLength: KnownLength? {
    switch kind {
    case .list(let elements): elements.contains(where: \.isOptional) ? nil : .count(elements.count)
    case .call(let name, let target?, let arguments) where name.text == "range" && arguments.count == 1:
      target.dottedName == "lists" ? Self.count(arguments[0]) : nil
    case .comprehension(let comprehension): Self.length(of: comprehension)
    case .name, .select: names.map(KnownLength.sameAs)
    case .literal, .index, .call, .map, .message, .all, .any, .conditional, .has, .bind, .optionalMap: nil
    }
  }

  private static func count(_ syntax: Syntax) -> KnownLength? {
    guard case .literal(.int(let count)) = syntax.kind, count >= 0, count <= Int32.max else { return nil }
    return .count(Int(count))
  }

  private static func length(of comprehension: Comprehension) -> KnownLength? {
    switch comprehension.kind {
    case .map, .transformList, .sortBy:
      comprehension.condition == nil ? comprehension.source.knownLength : nil
    case .all, .exists, .existsOne, .filter, .transformMap, .transformMapEntry, .groupBy: nil
    }
  }

  /// `a.b.c`, plainly selected.
  private var names: [String]? {
    switch kind {
    case .name(let name, _): [name]
    case .select(let target, let field, let isOptional):
      isOptional ? nil : target.names.map { $0 + [field.text] }
    case .literal, .index, .call, .list, .map, .message, .all, .any, .conditional, .has, .comprehension,
      .bind,
      .optionalMap:
      nil
    }
  }
}
