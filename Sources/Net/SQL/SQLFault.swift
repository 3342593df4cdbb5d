/// Why a database did not do what it was asked.
public struct SQLFault: Error, Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// The engine cannot read the statement, or it names something that is not there.
    case statement
    /// What was prepared may not be done here: the guard of the connection refused it.
    case denied
    /// The statement was cancelled from outside.
    case cancelled
    /// The statement took longer than its limit.
    case timeout
    /// Somebody else holds the database.
    case busy
    /// A killed writer left a transaction, and only who may write can take it back.
    case unfinished
    /// A row breaks a rule of its table.
    case constraint
    /// A value that its column cannot hold, or no text where text was said to be.
    case value
    /// A value or statement larger than the limits of the connection.
    case tooLarge
    /// The disk or its quota is full.
    case full
    /// The disk failed.
    case io
    case outOfMemory
    /// The file or its folder may not be written.
    case readOnly
    case cannotOpen
    case corrupt
    /// The file is something else.
    case notADatabase
    /// Any other refusal of the engine.
    case other
  }

  public var kind: Kind
  /// The engine's own words.
  public var message: String
  /// The byte of the statement that the engine points at.
  public var offset: Int?

  public init(_ kind: Kind, _ message: String, offset: Int? = nil) {
    (self.kind, self.message, self.offset) = (kind, message, offset)
  }
}
