import Testing

@testable import Net

@Suite("A message of mail")
struct MailMessageTests {
  private func message(_ change: (inout MailMessage) -> Void = { _ in }) throws -> MailMessage {
    var message = MailMessage(
      from: try #require(MailAddress("a@example.com")), to: [try #require(MailAddress("b@example.com"))],
      subject: "S", text: "T", id: "1@x", date: 0)
    change(&message)
    return message
  }

  @Test("is the same bytes each time, with lines that end as mail's do")
  func plain() throws {
    let bytes = try message().bytes()
    #expect(try bytes == message().bytes())
    #expect(
      text(bytes).split(separator: "\r\n", omittingEmptySubsequences: false) == [
        "Date: Thu, 01 Jan 1970 00:00:00 +0000", "From: a@example.com", "To: b@example.com", "Subject: S",
        "Message-ID: <1@x>", "MIME-Version: 1.0", "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 7bit", "", "T", "",
      ])
  }

  @Test("has no header that somebody else chose")
  func injection() throws {
    for evil in ["S\r\nBcc: x@y.z", "S\nBcc: x@y.z", "S\rX", "S\0", "S\u{7F}"] {
      #expect(throws: NetError.self) { try message { $0.subject = evil }.bytes() }
      #expect(throws: NetError.self) {
        try message { $0.attachments = [.init(name: evil, mediaType: "a/b", bytes: [])] }.bytes()
      }
      #expect(throws: NetError.self) {
        try message { $0.attachments = [.init(name: "a", mediaType: evil, bytes: [])] }.bytes()
      }
      #expect(throws: NetError.self) { try message { $0.id = evil }.bytes() }
    }
  }

  @Test(
    "goes to no address that is none",
    arguments: [
      "", "ana", "@x.y", "ana@", "a b@x.y", "a@b@c", "a@-x.y", "a..b@x.y", "<a@b.c", "a@x.y\r\nBcc: b@x.y",
      "A\n <a@b.c>", "ação@x.y", "a@x..y", "A <a@b.c> <d@e.f",
    ])
  func refusedAddress(text: String) { #expect(MailAddress(text) == nil) }

  @Test(
    "writes names as headers carry them",
    arguments: [
      ("a@x.y", "a@x.y"), ("Ana <a@x.y>", "\"Ana\" <a@x.y>"), ("\"Ana, B.\" <a@x.y>", "\"Ana, B.\" <a@x.y>"),
      ("Ação <a@x.y>", "=?UTF-8?B?QcOnw6Nv?= <a@x.y>"), ("A\"b\\ <a@x.y>", "\"A\\\"b\\\\\" <a@x.y>"),
    ])
  func address(given: String, written: String) throws {
    #expect(try #require(MailAddress(given)).header == written)
  }

  @Test("says long text beyond ASCII in words of at most 75 characters, none of which cuts a letter")
  func words() {
    let long = String(repeating: "çã", count: 200)
    let words = EncodedWord.encode(long).split(separator: " ")
    #expect(
      words.count > 5
        && words.allSatisfy { $0.utf8.count <= 75 && !EncodedWord.decode(String($0)).contains("\u{FFFD}") })
    #expect(EncodedWord.decode(EncodedWord.encode(long)) == long)
    for text in ["plain", "", " led", "a=?b", "=?UTF-8?B?QQ==?="] {
      #expect(EncodedWord.decode(EncodedWord.encode(text)) == text)
    }
  }

  @Test("of too many people or too many bytes is refused")
  func limits() throws {
    #expect(throws: NetError.self) { try message { $0.to = Array(repeating: $0.from, count: 101) }.bytes() }
    #expect(throws: NetError.self) { try message { $0.to = [] }.bytes() }
    #expect(throws: NetError.tooLarge(limit: MailMessage.largest)) {
      try message {
        $0.attachments = [.init(name: "a", mediaType: "a/b", bytes: [UInt8](repeating: 0, count: 25 << 20))]
      }.bytes()
    }
  }
}
