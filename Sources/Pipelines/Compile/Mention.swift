import Expressions

/// A chain of names that an expression mentions, such as `steps.fetch.output`.
struct Mention {
  struct Name {
    var text: String
    /// UTF-8 offsets in the expression.
    var range: Range<Int>
    /// Selected with `.?`.
    var isOptional: Bool
  }

  var names: [Name]
  /// `steps[…]`: the first name is indexed.
  var isIndexed: Bool

  var head: Name { names[0] }

  /// The name at a place, where it is selected plainly.
  func plain(_ place: Int) -> Name? {
    guard names.indices.contains(place), !names[place].isOptional else { return nil }
    return names[place]
  }

  /// From the first name to the one at the place.
  func range(to place: Int) -> Range<Int> {
    names[0].range.lowerBound..<names[min(place, names.count - 1)].range.upperBound
  }

  /// The names up to the place, as they are written.
  func text(to place: Int) -> String {
    names.prefix(place + 1).enumerated().map { index, name in
      index == 0 ? name.text : (name.isOptional ? ".?" : ".") + name.text
    }.joined()
  }
}

extension Draft {
  /// The chains of names in an expression; none where it could not be parsed.
  func mentions(of site: Int) -> [Mention] {
    (sites[site].parsed?.chains ?? []).map { chain in
      var names = chain.parts.map { Mention.Name(text: $0.name, range: $0.range, isOptional: $0.isOptional) }
      // `has(steps.x.output)` asks whether it is there, as `.?output` does.
      if chain.isPresenceTest, names.count > 1 { names[names.count - 1].isOptional = true }
      return Mention(names: names, isIndexed: chain.isIndexed)
    }
  }
}
