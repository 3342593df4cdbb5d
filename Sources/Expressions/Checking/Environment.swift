public import Model

/// What the names in an expression may mean.
public struct Environment: Sendable {
  let variables: [String: CELType]
  let zones: ZoneDatabase
  let allowsRandom: Bool
  /// CEL's namespace: in `a.b` the name `x` means `a.b.x`, else `a.x`, else `x`.
  let container: [String]

  /// Names may be dotted (`steps.fetch.output`): the longest declared one that a chain of names begins with
  /// is meant. `allowsRandom` opens the functions `random.*`, whose results differ from call to call.
  public init(
    variables: [String: CELType], zones: ZoneDatabase, allowsRandom: Bool = false, container: String = ""
  ) {
    (self.variables, self.zones, self.allowsRandom) = (variables, zones, allowsRandom)
    self.container = container.split(separator: ".").map(String.init)
  }

  /// The names that a written name may stand for, the nearest first.
  func candidates(for name: String, isAbsolute: Bool) -> [String] {
    if isAbsolute { return [name] }
    return (0...container.count).reversed().map { (container.prefix($0) + [name]).joined(separator: ".") }
  }

  /// The names of types are values.
  static let types: Set<String> = [
    "bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "optional_type",
    "google.protobuf.Timestamp", "google.protobuf.Duration",
  ]
}
