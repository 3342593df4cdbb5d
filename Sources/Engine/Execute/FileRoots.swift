/// The folders below which the connectors of a namespace may read and write files.
///
/// A relative path is below `own`, which every namespace has. An absolute one must lie in `own` or in a root
/// that the operator has granted in `esteira.yaml`. Nothing else can be reached, by a link neither: whoever
/// opens a path does so below its root, without following any link.
public struct FileRoots: Sendable, Hashable {
  /// The namespace's own folder, which may have to be made; nil where there is none.
  public var own: String?
  public var granted: [Root]

  public struct Root: Sendable, Hashable {
    /// Absolute, without `.`, `..` and a slash at the end.
    public var path: String
    public var isWritable: Bool
    public init(path: String, isWritable: Bool) { (self.path, self.isWritable) = (path, isWritable) }
  }

  public init(own: String?, granted: [Root] = []) { (self.own, self.granted) = (own, granted) }

  public static let none = FileRoots(own: nil)

  /// All of them, the own one first.
  public var all: [Root] { (own.map { [Root(path: $0, isWritable: true)] } ?? []) + granted }

  /// The root that a path lies below or names, with the rest of the path (empty for the root itself); the
  /// deepest root where one lies in another. Nil where the path leads out of all of them, by `..` too.
  public func place(of path: String) -> (root: Root, rest: String)? {
    guard !path.utf8.contains(0) else { return nil }
    let absolute: String
    if path.hasPrefix("/") {
      absolute = path
    } else if let own {
      absolute = own + "/" + path
    } else {
      return nil
    }
    // By bytes: to a `Character` a slash with a combining mark behind it would be no slash, to the system it
    // is.
    var parts: [Substring.UTF8View] = []
    for part in absolute.utf8.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
      if !part.elementsEqual("..".utf8) { parts.append(part) } else if parts.popLast() == nil { return nil }
    }
    let whole = "/" + parts.map { String(Substring($0)) }.joined(separator: "/")
    var found: (root: Root, rest: String)?
    for root in all where (whole + "/").utf8.starts(with: (root.path + "/").utf8) {
      if let found, found.root.path.utf8.count >= root.path.utf8.count { continue }
      let rest = whole.utf8.dropFirst(root.path.utf8.count).drop { $0 == UInt8(ascii: "/") }
      found = (root, String(Substring(rest)))
    }
    return found
  }
}
