import API
import Model

/// Finds routes by the segments of a path: literal ones first, so that a name never hides an endpoint.
struct RouteTable: Sendable {
  private var root = Node()

  private struct Node: Sendable {
    var literals: [String: Node] = [:]
    var parameter: Box?
    var routes: [Shape.Method: Route] = [:]
  }

  /// A node within a node.
  private final class Box: Sendable {
    let node: Node
    init(_ node: Node) { self.node = node }
  }

  enum Found {
    case route(Route, [(String, String)])
    /// The path is there, and takes others.
    case otherMethods
    case nothing

    /// Whether nobody has to sign in to call it.
    var isOpen: Bool {
      if case .route(let route, _) = self { return route.shape.permission == .open }
      return false
    }
  }

  init(_ routes: [Route]) {
    for route in routes { Self.insert(route, route.segments[...], into: &root) }
  }

  private static func insert(_ route: Route, _ segments: ArraySlice<Route.Segment>, into node: inout Node) {
    guard let first = segments.first else {
      precondition(node.routes[route.shape.method] == nil, "\(route.shape.path) is there twice.")
      node.routes[route.shape.method] = route
      return
    }
    switch first {
    case .literal(let text): insert(route, segments.dropFirst(), into: &node.literals[text, default: Node()])
    case .parameter:
      var below = node.parameter?.node ?? Node()
      insert(route, segments.dropFirst(), into: &below)
      node.parameter = Box(below)
    }
  }

  /// `path` is percent-encoded.
  func find(_ method: Shape.Method, _ path: String) -> Found {
    guard let parts = Self.segments(of: path), let node = Self.descend(parts[...], root),
      !node.routes.isEmpty
    else { return .nothing }
    guard let route = node.routes[method] else { return .otherMethods }
    let named = zip(route.segments, parts).compactMap { segment, text -> (String, String)? in
      switch segment {
      case .literal: nil
      case .parameter(let name): (name, text)
      }
    }
    return .route(route, named)
  }

  /// What a path takes, by name; HEAD is answered wherever GET is. None: there is no such path.
  func methods(at path: String) -> [String] {
    guard let parts = Self.segments(of: path), let node = Self.descend(parts[...], root) else { return [] }
    let words = node.routes.keys.map(\.rawValue)
    return (words.contains("GET") ? words + ["HEAD"] : words).sorted()
  }

  private static func segments(of path: String) -> [String]? {
    guard path.utf8.first == UInt8(ascii: "/") else { return nil }
    var parts: [String] = []
    for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let text = Percent.decode(part), parts.count < mostSegments else { return nil }
      parts.append(text)
    }
    return parts
  }

  private static let mostSegments = 16

  private static func descend(_ parts: ArraySlice<String>, _ node: Node) -> Node? {
    guard let first = parts.first else { return node }
    // A dictionary takes letters for one that look alike, such as the sign of kelvin and K.
    if first.utf8.allSatisfy({ $0 < 128 }), let below = node.literals[first],
      let found = descend(parts.dropFirst(), below), !found.routes.isEmpty
    {
      return found
    }
    guard !first.isEmpty, let below = node.parameter?.node else { return nil }
    return descend(parts.dropFirst(), below)
  }
}
