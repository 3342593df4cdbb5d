public import Model

/// A destination that stands beside those of `esteira.yaml`: a call made it, and it survives restarts. Where
/// the file has one of the same name, that one counts as long as it is there.
public struct AddedDestination: Sendable, Hashable {
  public var name: String
  /// The map that `destinations:` of the file would have.
  public var spec: JSON
  /// From 1; each change adds one.
  public var version: Int
  public var createdAt: Timestamp
  public var createdBy: String
  public var updatedAt: Timestamp
  public var updatedBy: String

  public init(
    name: String, spec: JSON, version: Int = 1, createdAt: Timestamp, createdBy: String,
    updatedAt: Timestamp, updatedBy: String
  ) {
    (self.name, self.spec, self.version) = (name, spec, version)
    (self.createdAt, self.createdBy) = (createdAt, createdBy)
    (self.updatedAt, self.updatedBy) = (updatedAt, updatedBy)
  }

  /// The credential with the secret that signs. No call can take that name: it has a `-`.
  public var secretName: String { "webhook-\(name)" }

  /// The namespace of the connection, in which the secret is, too.
  public var owner: String {
    let parts = (spec["connection"]?.string ?? "").split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 2 ? String(parts[0]) : spec["namespace"]?.string ?? ""
  }
}

/// What is asked about them.
public protocol AddedDestinationReader: Sendable {
  /// By name.
  func addedDestinations() throws(StoreError) -> [AddedDestination]
}
