/// Where a request came from, for the audit and for the list of sessions.
public struct Origin: Sendable, Hashable {
  /// Longer texts are cut: a client may send what it likes.
  public static let longestText = 256

  /// Of the peer, or of what a configured proxy says; `local` on the socket.
  public var address: String
  public var userAgent: String
  public var requestID: String

  public init(address: String, userAgent: String = "", requestID: String = "") {
    self.address = String(address.prefix(Self.longestText))
    self.userAgent = String(userAgent.prefix(Self.longestText))
    self.requestID = String(requestID.prefix(Self.longestText))
  }

  /// As it was stored, uncut: what somebody added to a row must not be cut off before it is checked.
  public init(stored address: String, userAgent: String, requestID: String) {
    (self.address, self.userAgent, self.requestID) = (address, userAgent, requestID)
  }

  /// What the server does by itself.
  public static let server = Origin(address: "server")
}
