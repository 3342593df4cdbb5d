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
    /// The server cannot be reached, or not by this address.
    case unreachable
    /// Its address is one that the connection may not lead to.
    case egress
    /// Its certificate is not trusted, or it has no TLS where TLS is asked for.
    case tls
    /// User or password are wrong, or the user may not open this database.
    case login
    /// The connection broke, and nothing of the transaction stays.
    case interrupted
    /// The connection broke while a transaction was committed: it may have been, or not.
    case unknown
    /// What reaches it is not on this machine: the driver manager, the driver, or the data source.
    case driver
    /// Any other refusal of the engine.
    case other
  }

  public var kind: Kind
  /// The engine's own words.
  public var message: String
  /// The byte of the statement that the engine points at.
  public var offset: Int?
  /// Where the engine was, in its own words, such as the line of the rows that were sent to it.
  public var context: String?

  public init(_ kind: Kind, _ message: String, offset: Int? = nil) {
    (self.kind, self.message, self.offset) = (kind, message, offset)
  }
}
