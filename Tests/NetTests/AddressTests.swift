import Testing

@testable import Net

@Suite("Addresses")
struct AddressTests {
  @Test(
    "are refused unless they are public",
    arguments: [
      "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255",
      "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1",
      "192.168.0.1",
      "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
      "255.255.255.255", "::", "::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::808:808",
      "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1", "fd12::1",
      "fe80::1", "fec0::1", "ff02::1", "4000::1", "5f00::1",
    ])
  func refused(text: String) throws {
    #expect(!Egress.publicOnly.permits(try #require(IPAddress(text))))
  }

  @Test(
    "that are public are permitted",
    arguments: [
      "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.0.0.1",
      "128.0.0.1",
      "169.253.0.1", "172.15.0.1", "172.32.0.1", "192.167.0.1", "192.169.0.1", "223.255.255.255",
      "2606:4700::1111", "2a00:1450::1", "2001:4860::8888",
    ])
  func permitted(text: String) throws {
    #expect(Egress.publicOnly.permits(try #require(IPAddress(text))))
  }

  @Test("that a rule names are permitted, in either form of a mapped one")
  func allowed() throws {
    let egress = Egress(allow: try ["127.0.0.0/8", "fd00::/8"].map { try #require(CIDR($0)) })
    for text in ["127.9.9.9", "::ffff:127.0.0.1", "fd00::1"] {
      #expect(egress.permits(try #require(IPAddress(text))), "\(text)")
    }
    for text in ["10.0.0.1", "::ffff:10.0.0.1", "::1", "fc00::1"] {
      #expect(!egress.permits(try #require(IPAddress(text))), "\(text)")
    }
  }

  @Test("read and print their usual forms")
  func forms() throws {
    for text in ["1.2.3.4", "::1", "2001:db8::1", "::ffff:1.2.3.4"] {
      #expect(IPAddress(text)?.description == text)
    }
    for text in [
      "", "1.2.3", "01.2.3.4", "1.2.3.256", "1.2.3.4 ", "[::1]", "fe80::1%eth0", "0x7f.1", "1.2.3.4\0",
    ] {
      #expect(IPAddress(text) == nil, "\(text)")
    }
    #expect(IPAddress("1.2.3.4")?.bytes == [1, 2, 3, 4])
  }

  @Test("form blocks, whose wrong forms are refused")
  func blocks() throws {
    #expect(CIDR("10.1.2.3")?.description == "10.1.2.3/32")
    #expect(CIDR("0.0.0.0/0")?.contains(try #require(IPAddress("255.1.1.1"))) == true)
    #expect(CIDR("::/0")?.contains(try #require(IPAddress("1.1.1.1"))) == false)
    for text in [
      "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/+8", "10/8", "::/129", "a",
    ] {
      #expect(CIDR(text) == nil, "\(text)")
    }
  }
}

@Suite("Small texts of HTTP")
struct TextTests {
  @Test("a URL is cut into its parts in a normal form")
  func url() throws {
    let url = try URLText("HTTP://Ex.Example:8080/a%20b?q=1#f")
    #expect(url.scheme == "http" && url.host == "ex.example" && url.port == 8_080)
    #expect(url.path == "/a%20b" && url.query == "q=1")
    #expect(!url.text.contains("#"))
    #expect(try URLText("https://a.example").port == 443)
    #expect(try url.resolving("../c").path == "/c")
  }

  @Test("percent-encoding is read strictly and written for every part")
  func percent() {
    #expect(PercentEncoding.encode("a b/ã&") == "a%20b%2F%C3%A3%26")
    #expect(PercentEncoding.decode("a%20b%C3%A3") == "a bã")
    for text in ["%", "%2", "%zz", "%ff"] { #expect(PercentEncoding.decode(text) == nil) }
    let items = PercentEncoding.items("a=1+2&b&c=%3D=")
    #expect(items?.map { "\($0.name):\($0.value)" } == ["a:1 2", "b:", "c:=="])
  }

  @Test(
    "a path with two readings has no segments",
    arguments: [
      "/a//b", "/a/", "/../a", "/a/%2e%2e", "/a%2fb", "/a%5cb", "/a%00", "/%", "/a/./b",
    ])
  func ambiguous(path: String) {
    #expect(HTTPRequest(method: "GET", target: path, peer: .local(uid: 0, pid: 0)).segments == nil)
  }

  @Test("a plain path has decoded segments")
  func segments() {
    let request = HTTPRequest(method: "GET", target: "/a/b%20c?d=/", peer: .local(uid: 0, pid: 0))
    #expect(request.segments == ["a", "b c"])
    #expect(request.query == "d=/")
    #expect(HTTPRequest(method: "GET", target: "/", peer: request.peer).segments == [])
  }

  @Test("dates and waits are read and bounded")
  func dates() {
    #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(HTTPDate.seconds("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
    for text in ["Mon, 06 Nov 1994 08:49:37 GMT", "Thu, 31 Feb 2000 00:00:00 GMT", "tomorrow", ""] {
      #expect(HTTPDate.seconds(text) == nil, "\(text)")
    }
    #expect(RetryAfter.wait(" 120 ", now: 0) == .seconds(120))
    #expect(RetryAfter.wait("Sun, 06 Nov 1994 08:49:37 GMT", now: 784_111_770) == .seconds(7))
    #expect(RetryAfter.wait("Sun, 06 Nov 1994 08:49:37 GMT", now: 784_111_800) == .zero)
    #expect(RetryAfter.wait("99999999999999999999", now: 0) == .seconds(86_400))
    #expect(RetryAfter.wait("-1", now: 0) == nil)
  }

  @Test("server-sent events come out whole, however the bytes come")
  func events() throws {
    let stream =
      "\u{FEFF}: hello\nevent: step\r\nid: 7\rdata: a\ndata:b\n\n"
      + "data\n\nretry: 1500\nevent: lost\n\ndata:  é\nid\n\ndata: cut"
    let expected = [
      ServerSentEvent(event: "step", data: "a\nb", id: "7"), ServerSentEvent(data: "", id: "7"),
      ServerSentEvent(data: " é", id: ""),
    ]
    for size in [1, 2, 3, 7, 1_000] {
      var parser = EventStreamParser()
      var events: [ServerSentEvent] = []
      let bytes = Array(stream.utf8)
      for start in stride(from: 0, to: bytes.count, by: size) {
        events += try parser.feed(bytes[start..<min(start + size, bytes.count)])
      }
      #expect(events == expected)
      #expect(parser.retry == .milliseconds(1_500))
    }
  }
}
