internal import Crypto

/// A message as it is sent: headers, text, and what is attached (RFC 5322, MIME). Pure.
public struct MailMessage: Sendable {
  public struct Attachment: Sendable {
    public var name: String
    public var mediaType: String
    public var bytes: [UInt8]
    public init(name: String, mediaType: String, bytes: [UInt8]) {
      (self.name, self.mediaType, self.bytes) = (name, mediaType, bytes)
    }
  }

  public var from: MailAddress
  public var to: [MailAddress]
  public var cc: [MailAddress] = []
  /// Get it, and stand nowhere in it.
  public var bcc: [MailAddress] = []
  public var replyTo: MailAddress?
  public var subject: String
  public var text: String
  public var html: String?
  public var attachments: [Attachment] = []
  /// The same for each try, so that receivers know a double: without brackets.
  public var id: String
  /// Seconds since 1970.
  public var date: Int64

  /// Bytes of the whole, encoded. What servers usually take is 25 MB.
  public static let largest = 32 << 20
  public static let mostRecipients = 100
  public static let longestSubject = 500

  public init(
    from: MailAddress, to: [MailAddress], subject: String, text: String, id: String, date: Int64
  ) {
    (self.from, self.to, self.subject, self.text) = (from, to, subject, text)
    (self.id, self.date) = (id, date)
  }

  public var recipients: [MailAddress] { to + cc + bcc }

  /// The whole with CRLF. Throws where a text of a header would end its line, or it is too large.
  public func bytes() throws(NetError) -> [UInt8] {
    guard (1...Self.mostRecipients).contains(recipients.count) else {
      throw .invalidRequest("a message has 1 to \(Self.mostRecipients) recipients")
    }
    let isLine: (String) -> Bool = { $0.utf8.allSatisfy { $0 >= 32 && $0 != 127 } }
    guard isLine(subject), subject.utf8.count <= Self.longestSubject else {
      throw .invalidRequest("the subject has a line break, a control character or too many bytes")
    }
    for attachment in attachments where !isLine(attachment.name) || !isLine(attachment.mediaType) {
      throw .invalidRequest("the name or type of an attachment has a control character")
    }
    guard isLine(id), !id.contains(where: { "<> ".contains($0) }) else {
      throw .invalidRequest("the id of the message is none")
    }
    var lines = head()
    lines += Self.content(whole())
    let bytes = Array(lines.joined(separator: "\r\n").utf8)
    guard bytes.count <= Self.largest else { throw .tooLarge(limit: Self.largest) }
    return bytes
  }

  private func head() -> [String] {
    func list(_ addresses: [MailAddress]) -> String { addresses.map(\.header).joined(separator: ",\r\n ") }
    var lines = ["Date: \(Self.date(date))", "From: \(from.header)"]
    if !to.isEmpty { lines.append("To: \(list(to))") }
    if !cc.isEmpty { lines.append("Cc: \(list(cc))") }
    if let replyTo { lines.append("Reply-To: \(replyTo.header)") }
    lines.append("Subject: \(EncodedWord.encode(subject, fold: "\r\n "))")
    return lines + ["Message-ID: <\(id)>", "MIME-Version: 1.0", "Auto-Submitted: auto-generated"]
  }

  /// `Thu, 26 Nov 2026 22:40:07 +0000`
  private static func date(_ seconds: Int64) -> String {
    HTTPDate.text(Int(seconds)).replacing("GMT", with: "+0000")
  }

  private indirect enum Part {
    case text(String, subtype: String)
    case file(Attachment)
    case several([Part], subtype: String, border: String)
  }

  private func whole() -> Part {
    var part = Part.text(text, subtype: "plain")
    if let html {
      part = .several([part, .text(html, subtype: "html")], subtype: "alternative", border: border("a"))
    }
    if attachments.isEmpty { return part }
    return .several([part] + attachments.map { .file($0) }, subtype: "mixed", border: border("m"))
  }

  /// Follows from the id, so that the same message has the same bytes. No base64 has an underscore, and plain
  /// text that has the border by chance is sent as base64.
  private func border(_ level: String) -> String { "=_\(level)_\(SHA256.hex(Array(id.utf8)).prefix(32))" }

  private static func content(_ part: Part) -> [String] {
    switch part {
    case .text(let text, let subtype): return self.text(text, subtype)
    case .file(let attachment): return file(attachment)
    case .several(let parts, let subtype, let border):
      var lines = ["Content-Type: multipart/\(subtype); boundary=\"\(border)\"", ""]
      for part in parts { lines += ["--\(border)"] + content(part) }
      return lines + ["--\(border)--", ""]
    }
  }

  private static let longestLine = 900

  private static func text(_ text: String, _ subtype: String) -> [String] {
    let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n").split(
      separator: "\n", omittingEmptySubsequences: false)
    let type = "Content-Type: text/\(subtype); charset=utf-8"
    let isPlain = lines.allSatisfy { line in
      line.utf8.count <= longestLine && !line.contains("=_")
        && line.utf8.allSatisfy { (32...126).contains($0) || $0 == 9 }
    }
    if isPlain { return [type, "Content-Transfer-Encoding: 7bit", ""] + lines.map(String.init) + [""] }
    let bytes = Array(lines.joined(separator: "\r\n").utf8)
    return [type, "Content-Transfer-Encoding: base64", ""] + base64(bytes)
  }

  private static func file(_ attachment: Attachment) -> [String] {
    let isPlain = attachment.name.utf8.allSatisfy { (32...126).contains($0) && $0 != 34 && $0 != 92 }
    // RFC 2231 where quotes would not hold it; of two forms some readers take the worse.
    let name =
      isPlain
      ? "filename=\"\(attachment.name)\"" : "filename*=UTF-8''\(PercentEncoding.encode(attachment.name))"
    let type = attachment.mediaType.isEmpty ? "application/octet-stream" : attachment.mediaType
    return [
      "Content-Type: \(type)", "Content-Transfer-Encoding: base64",
      "Content-Disposition: attachment;", " \(name)", "",
    ] + base64(attachment.bytes)
  }

  /// Lines of 76.
  private static func base64(_ bytes: [UInt8]) -> [String] {
    stride(from: 0, to: bytes.count, by: 57).map { start in
      Base64.encode(Array(bytes[start..<min(bytes.count, start + 57)]))
    } + [""]
  }
}
