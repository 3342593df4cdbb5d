public import Model

/// A step's own mark of progress, kept between the attempts of one step execution and round: whoever goes on
/// after a retry or a crash of the node begins there.
public struct Checkpoints: Sendable {
  /// What an attempt may keep at a time.
  public static let sizeLimit = 1 << 20

  /// Replaces what is kept; it is durable when this returns. Blocks.
  public var save: @Sendable (_ state: JSON) throws(Failure) -> Void
  /// What the last attempt kept; nil where there is nothing. Blocks.
  public var load: @Sendable () throws(Failure) -> JSON?

  public init(
    save: @escaping @Sendable (JSON) throws(Failure) -> Void,
    load: @escaping @Sendable () throws(Failure) -> JSON?
  ) { (self.save, self.load) = (save, load) }

  /// For engines without files.
  public static let none = Checkpoints(
    save: { (_) throws(Failure) in
      throw Failure(.configuration, code: "no-checkpoints", "This engine keeps no checkpoints.")
    }, load: { () throws(Failure) in nil })
}
