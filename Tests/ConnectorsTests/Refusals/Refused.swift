import Engine
import Model
import Testing

@testable import Connectors

/// One input that a connector must refuse, and how: the class decides whether it is tried again, the code has
/// a page, and the connector's own page names the remedy.
struct Refused: Sendable, CustomTestStringConvertible {
  var connector: String
  /// The kind of bad input; a connector has each only once.
  var why: String
  var with: JSON
  var errorClass: ErrorClass
  /// `invalid-with` where the schema of `with` says no.
  var code: String
  var connection: Connection?
  var credential: Credential?
  /// Lays out what the attempt needs, and may complete `with` by what it made.
  var prepare: @Sendable (Bench, JSON) throws -> JSON

  init(
    _ connector: String, _ why: String, _ with: JSON, _ errorClass: ErrorClass = .data,
    _ code: String = "invalid-with", connection: Connection? = nil, credential: Credential? = nil,
    prepare: @escaping @Sendable (Bench, JSON) throws -> JSON = { $1 }
  ) {
    (self.connector, self.why, self.with) = (connector, why, with)
    (self.errorClass, self.code) = (errorClass, code)
    (self.connection, self.credential, self.prepare) = (connection, credential, prepare)
  }

  var testDescription: String { "\(connector): \(why)" }

  /// One list for each family, in a file of its own.
  static let all: [Refused] =
    files + archives + selects + objects + scripts + web + plain + nist + sql + node
    + stores + mails + chats + brokers + services
  /// Of each connector, at least.
  static let least = 10
}
