public import Engine
public import Model
import Net

/// People who are told by mail, behind a connection of kind `smtp` whose address has a `from`.
public struct MailDestination: Destination {
  public struct Place: Sendable, Hashable {
    public var namespace: String
    public var connection: String
    /// Addresses, as they are checked.
    public var to: [String]
    public init(namespace: String, connection: String, to: [String]) {
      (self.namespace, self.connection, self.to) = (namespace, connection, to)
    }
  }

  private let place: Place
  private let environment: AttemptEnvironment
  private let now: @Sendable () -> Timestamp

  public static let mostRecipients = 50

  public init(
    _ place: Place, environment: AttemptEnvironment, now: @escaping @Sendable () -> Timestamp
  ) {
    (self.place, self.environment, self.now) = (place, environment, now)
  }

  /// Whether a text is an address that mail can go to.
  public static func isAddress(_ text: String) -> Bool { MailAddress(text) != nil }

  public func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome {
    do throws(Failure) {
      let connection = try await environment.connection(place.connection, place.namespace)
      var credential: Credential?
      if let name = connection.credential {
        credential = try await environment.credential(name, place.namespace)
      }
      let mail = try MailPlace(connection, credential)
      guard let from = mail.from else {
        throw Failure(
          .configuration, code: "invalid-connection",
          "The address of the connection `\(connection.name)` has no `from`.")
      }
      do throws(MailFault) { try await mail.server.send(letter(message, from, mail.server.host)) } catch {
        // A message that nobody knows about is told again: better twice than never.
        throw Failure(error, isRepeatable: true)
      }
      return .delivered
    } catch {
      return DeliveryOutcome(.retry(after: nil), code: error.code, message: error.message)
    }
  }

  private func letter(_ message: OutgoingMessage, _ from: MailAddress, _ host: String) -> MailMessage {
    let notice = MailNotice(message)
    return MailMessage(
      from: from, to: place.to.compactMap { MailAddress($0) }, subject: notice.subject, text: notice.text,
      id: "\(message.id)@\(host)", date: now().microseconds / 1_000_000)
  }
}

/// An event as people read it.
struct MailNotice: Hashable {
  var subject: String
  var text: String

  /// Characters of a subject, and of one value in the text.
  private static let longestSubject = 120
  private static let longestValue = 1_000

  init(_ message: OutgoingMessage) {
    var event = JSON.null
    do throws(JSONError) { event = try JSON(parsing: message.body) } catch {
      // Our own events are JSON; whatever else it is stands in the text as it is.
    }
    let data = event["data"]?.object ?? JSONObject()
    let what = data["text"]?.string ?? Self.sentence(message.type, event["subject"]?.string, data)
    subject = "[Esteira] " + Self.line(what, Self.longestSubject)
    var lines = [what]
    if let other = data["texto"]?.string { lines.append(other) }
    lines.append("")
    for member in data where member.key != "text" && member.key != "texto" {
      lines.append("\(member.key): \(Self.line(member.value.string ?? member.value.text, Self.longestValue))")
    }
    if data.isEmpty { lines.append(String(decoding: message.body, as: UTF8.self)) }
    lines += ["", "\(message.type) \(message.id)"]
    text = lines.joined(separator: "\n")
  }

  /// Such as `demo/daily failed: The source did not answer.`
  private static func sentence(_ type: String, _ subject: String?, _ data: JSONObject) -> String {
    let names = [data["namespace"]?.string, data["pipeline"]?.string].compactMap(\.self)
    let whom = names.isEmpty ? subject ?? "" : names.joined(separator: "/")
    let what = type.split(separator: ".").dropFirst().joined(separator: " ")
    let why = data["error"]?["message"]?.string.map { ": \($0)" } ?? ""
    return "\(whom) \(what)\(why)"
  }

  /// One line of it: others wrote it, and it may be long.
  private static func line(_ text: String, _ most: Int) -> String {
    let flat = String(
      String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : $0 }))
    let cut = flat.unicodeScalars.prefix(most)
    return cut.count < flat.unicodeScalars.count ? String(String.UnicodeScalarView(cut)) + "…" : flat
  }
}
