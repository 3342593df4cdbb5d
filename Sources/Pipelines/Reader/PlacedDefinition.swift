public import Model

/// A small definition file as `JSON(definition:)` reads it, which knows where its parts stand.
public struct PlacedDefinition: Sendable {
  /// A line and a column from 1; columns count Unicode scalars.
  public struct Place: Sendable, Hashable {
    public var line: Int
    public var column: Int
  }

  /// Why a text is no definition at all.
  public struct Fault: Error, Sendable {
    public var problem: Problem
    public var place: Place
  }

  public let json: JSON
  private let root: Node
  private let source: SourceText

  public init(_ bytes: [UInt8]) throws(Fault) {
    let (source, tree) = SourceReader.read(bytes)
    self.source = source
    switch tree {
    case .success(let root): (self.root, json) = (root, root.json)
    case .failure(let error):
      throw Fault(
        problem: Problem(error.code, error.message, remedy: error.remedy),
        place: Self.place(error.span.lowerBound, source))
    }
  }

  /// Of the key, or the element of a list, that the way leads to; else of the last on the way that is there.
  public func place(of way: [String]) -> Place {
    var (node, offset) = (root, root.span.lowerBound)
    for step in way {
      if let entry = node.entries?.first(where: { ScalarString($0.key) == ScalarString(step) }) {
        (node, offset) = (entry.value, entry.keySpan.lowerBound)
      } else if let index = Int(step), let items = node.items, items.indices.contains(index) {
        (node, offset) = (items[index], items[index].span.lowerBound)
      } else {
        break
      }
    }
    return Self.place(offset, source)
  }

  private static func place(_ offset: Int, _ source: SourceText) -> Place {
    let place = source.position(of: offset)
    return Place(line: place.line, column: place.column)
  }
}
