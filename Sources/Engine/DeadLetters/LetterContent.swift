public import Crypto
public import Model

/// What a letter holds, in the clear.
public struct LetterContent: Sendable, Hashable {
  /// As it came: of a handed message the message, of a signal what it carries, of files `{files,
  /// batch_sha256}`, of an end `{job, lineage}`, of a delivery the CloudEvent. Nil for a job.
  public var original: JSON?
  /// What a person put in place of it.
  public var edited: JSON?
  public init() {}
}

extension DeadLetterRow {
  /// Throws `letter-unreadable` where the key of its namespace does not open it.
  public func content(_ key: SymmetricKey) throws(Problem) -> LetterContent {
    var content = LetterContent()
    if let body { content.original = shown(try open(body, key, binding)) }
    if let edited { content.edited = try open(edited, key, editBinding) }
    return content
  }

  /// The body as its trigger is given it.
  func opened(_ key: SymmetricKey) throws(Problem) -> JSON {
    guard let body else { throw .letterUnreadable(id) }
    return try open(body, key, binding)
  }

  private func open(_ sealed: [UInt8], _ key: SymmetricKey, _ binding: [UInt8]) throws(Problem) -> JSON {
    do { return try JSON(parsing: try AES256GCM.open(sealed, key: key, additionalData: binding)) } catch {
      throw .letterUnreadable(id)
    }
  }

  private func shown(_ body: JSON) -> JSON {
    isHandedMessage ? body["message"] ?? .null : body
  }

  /// Files and ends are what happened: only what somebody wrote can be written otherwise.
  var isHandedMessage: Bool { kind == .message && source["kind"] == "queue" }
  var isEditable: Bool { isHandedMessage || kind == .signal }

  /// Of a message or signal.
  var sourceID: String { source["id"]?.string ?? "" }

  /// The body was sealed where it came from.
  private var binding: [UInt8] {
    switch kind {
    case .message: Array("trigger \(namespace) \(sourceID)".utf8)
    case .delivery: OutboxRow.binding(namespace, sourceID)
    case .signal, .job, .step: Array("signal \(namespace) \(sourceID)".utf8)
    }
  }

  var editBinding: [UInt8] { Array("dead letter \(namespace) \(key)".utf8) }
}
