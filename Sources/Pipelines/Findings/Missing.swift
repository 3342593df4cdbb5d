/// Something of the format that this build lacks: the file that uses it is valid, and is told so.
public struct Missing: Sendable, Hashable {
  public enum Consequence: Sendable, Hashable {
    /// `apply` and `run` refuse the file with `not-available`.
    case refused
    /// It is stored with the revision and does nothing yet; `apply` and `run` say so.
    case idle
  }

  /// A short name, such as `trigger queue`, `connector celery.task` or `expect`.
  public var item: String
  public var consequence: Consequence

  public init(_ item: String, _ consequence: Consequence) {
    (self.item, self.consequence) = (item, consequence)
  }
}
