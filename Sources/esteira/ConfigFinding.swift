import Model

/// Finds where in `esteira.yaml` a problem is. The readers say what is wrong and not where; so parts are left
/// out until the problem is gone, and the smallest part that makes it is the place.
struct ConfigFinder {
  static let mostFindings = 50
  /// Of a part with more children, the part itself is the place.
  private static let mostChildren = 2_000
  /// Maps whose keys are names that the operator chose: one that is wrong says nothing about the others.
  private static let named = ["groups", "roots", "grants", "heartbeats", "destinations"]

  /// What is wrong with a whole file; nil where nothing is.
  let check: (JSONObject) -> Problem?

  /// All that is wrong, as far as one problem does not hide another.
  func findings(in file: JSONObject) -> [(problem: Problem, way: [String])] {
    var (rest, found): (JSON, [(problem: Problem, way: [String])]) = (.object(file), [])
    while found.count < Self.mostFindings, let problem = judge(rest) {
      let way = way(to: problem, in: rest)
      found.append((problem, way))
      guard let section = way.first else { break }
      let isNamed = Self.named.contains(section)
      rest = rest.without(way.prefix(isNamed ? 2 : 1))
    }
    return found
  }

  private func judge(_ json: JSON) -> Problem? { json.object.flatMap { check($0) } }

  private func way(to problem: Problem, in file: JSON) -> [String] {
    // The way in the file, and in what is left of it while siblings are taken away.
    var (file, shown, way): (JSON, [String], [String]) = (file, [], [])
    while true {
      let children = file.value(at: way).children
      guard children.count <= Self.mostChildren else { return shown }
      if let alone = alone(problem, in: file, at: way, children) {
        // An element of a list is the first once it is alone.
        way.append(file.value(at: way).array == nil ? alone.child : "0")
        shown.append(alone.child)
        file = alone.file
      } else if let child = children.last(where: { judge(file.without(way + [$0])) == nil }) {
        way.append(child)
        shown.append(child)
      } else {
        return shown
      }
    }
  }

  /// The child that makes the problem without its siblings, where the place may be empty at all.
  private func alone(
    _ problem: Problem, in file: JSON, at way: [String], _ children: [String]
  ) -> (child: String, file: JSON)? {
    guard !children.isEmpty, judge(file.keeping(nil, at: way)) == nil else { return nil }
    for child in children {
      let kept = file.keeping(child, at: way)
      if judge(kept) == problem { return (child, kept) }
    }
    return nil
  }
}

extension JSON {
  /// The names or indices of what it is made of.
  var children: [String] {
    switch self {
    case .object(let object): object.keys
    case .array(let items): items.indices.map(String.init)
    case .null, .bool, .int, .double, .string: []
    }
  }

  func value(at way: some Collection<String>) -> JSON {
    guard let step = way.first else { return self }
    return child(step)?.value(at: way.dropFirst()) ?? .null
  }

  func without(_ way: some Collection<String>) -> JSON {
    guard let step = way.first else { return self }
    let rest = way.dropFirst()
    return replacing(step, rest.isEmpty ? nil : child(step)?.without(rest))
  }

  /// With this child alone, or none, at the end of the way.
  func keeping(_ name: String?, at way: some Collection<String>) -> JSON {
    if let step = way.first { return replacing(step, child(step)?.keeping(name, at: way.dropFirst())) }
    let kept = name.flatMap { child($0) }
    switch self {
    case .array: return .array(kept.map { [$0] } ?? [])
    case .object:
      return .object(name.flatMap { name in kept.map { JSONObject([(name, $0)]) } } ?? JSONObject())
    case .null, .bool, .int, .double, .string: return self
    }
  }

  private func child(_ name: String) -> JSON? {
    switch self {
    case .object(let object): object[name]
    case .array(let items): Int(name).flatMap { items.indices.contains($0) ? items[$0] : nil }
    case .null, .bool, .int, .double, .string: nil
    }
  }

  private func replacing(_ name: String, _ value: JSON?) -> JSON {
    switch self {
    case .object(var object):
      object[name] = value
      return .object(object)
    case .array(var items):
      guard let index = Int(name), items.indices.contains(index) else { return self }
      if let value { items[index] = value } else { items.remove(at: index) }
      return .array(items)
    case .null, .bool, .int, .double, .string: return self
    }
  }
}
