import Foundation
import Testing

@testable import Net

extension Egress {
  static let loopback = Egress(allow: [CIDR("127.0.0.0/8")!])
}

extension BrokerPlace {
  static func redis(_ url: String) throws -> BrokerPlace {
    var place = try BrokerPlace(url, kind: .redis)
    place.egress = .loopback
    return place
  }
}

@Suite(
  "A client of Redis", .enabled(if: RedisServer.isThere, RedisServer.absence), .timeLimit(.minutes(2)))
struct RedisClientTests {
  private func error(_ body: () async throws(RedisError) -> Void) async -> RedisError? {
    do throws(RedisError) { try await body() } catch { return error }
    return nil
  }

  @Test("answers a thousand tasks over one connection, each with its own reply")
  func concurrent() async throws {
    let (server, loop) = (try RedisServer(), try BrokerLoop())
    let client = RedisClient(try .redis(server.url), on: loop)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<1_000 {
        group.addTask {
          let key = "k\(number)"
          let replies = try await client.all([
            RedisCommand("SET", key, "v\(number)"), RedisCommand("GET", key), RedisCommand("STRLEN", key),
          ])
          #expect(replies[0] == .status("OK"))
          #expect(replies[1].string == "v\(number)")
          #expect(replies[2].integer == Int64("v\(number)".utf8.count))
        }
      }
      try await group.waitForAll()
    }
    // redis-cli itself is one.
    #expect(try server.cli("INFO", "clients").contains("connected_clients:2"))
    await client.close()
    loop.stop()
  }

  @Test("keeps any bytes, and tells null, numbers, nested lists and refusals apart")
  func replies() async throws {
    let (server, loop) = (try RedisServer(), try BrokerLoop())
    let client = RedisClient(try .redis(server.url + "/3"), on: loop)
    let bytes: [UInt8] = [0, 13, 10, 255, 36, 49]
    #expect(try await client.call(RedisCommand("SET", "bin") + bytes) == .status("OK"))
    #expect(try await client.call(RedisCommand("GET", "bin")) == .text(bytes))
    #expect(try await client.call(RedisCommand("GET", "none")) == .null)
    #expect(try await client.call(RedisCommand("SET", "empty", "")) == .status("OK"))
    #expect(try await client.call(RedisCommand("GET", "empty")) == .text([]))
    let nested = try await client.call(RedisCommand("EVAL", "return {1, {'a', {2, false}}}", "0"))
    #expect(nested == .array([.integer(1), .array([.text([97]), .array([.integer(2), .null])])]))
    let refused = await error { () async throws(RedisError) in
      _ = try await client.call(RedisCommand("LPUSH", "bin", "x"))
    }
    guard case .refused("WRONGTYPE", _)? = refused else {
      return #expect(Bool(false), "\(String(describing: refused))")
    }
    // The database of the address, and not another.
    #expect(try server.cli("-n", "3", "EXISTS", "bin") == "1")
    let done = try await client.transaction([RedisCommand("INCR", "n"), RedisCommand("INCR", "n")])
    #expect(done == [.integer(1), .integer(2)])
    await client.close()
    loop.stop()
  }

  @Test("shows who asks, and says so where the password is wrong or the user may not")
  func access() async throws {
    let (server, loop) = (
      try RedisServer([
        "--user", "default", "off", "--user", "ana", "on", ">s3cret", "~own:*", "+@all", "-flushall",
      ]),
      try BrokerLoop()
    )
    var place = try BrokerPlace.redis(server.url)
    for (password, code) in [("wrong", "WRONGPASS"), (nil, "NOAUTH")] {
      (place.username, place.password) = ("ana", password)
      let client = RedisClient(place, on: loop)
      let refused = await error { () async throws(RedisError) in
        _ = try await client.call(RedisCommand("PING"))
      }
      guard case .refused(let found, let message)? = refused else { return #expect(Bool(false)) }
      #expect(found == code)
      #expect(!message.contains("wrong"))
      await client.close()
    }
    place.password = "s3cret"
    let client = RedisClient(place, on: loop)
    #expect(try await client.call(RedisCommand("SET", "own:a", "1")) == .status("OK"))
    for command in [RedisCommand("GET", "other"), RedisCommand("FLUSHALL")] {
      let refused = await error { () async throws(RedisError) in _ = try await client.call(command) }
      guard case .refused("NOPERM", _)? = refused else { return #expect(Bool(false)) }
    }
    #expect(!"\(place)".contains("s3cret"))
    await client.close()
    loop.stop()
  }

  @Test("speaks TLS with a server whose authority it is told, and with no other")
  func secure() async throws {
    let certificates = try Certificates()
    let tls = Port.free()
    let server = try RedisServer([
      "--tls-port", "\(tls)", "--tls-cert-file", certificates.certificate, "--tls-key-file", certificates.key,
      "--tls-auth-clients", "no", "--tls-ca-cert-file", certificates.certificate,
    ])
    let loop = try BrokerLoop()
    for host in ["127.0.0.1", "localhost"] {
      var place = try BrokerPlace("rediss://\(host):\(tls)", kind: .redis)
      place.egress = Egress(allow: [CIDR("127.0.0.0/8")!, CIDR("::1/128")!])
      place.authorities = certificates.certificate
      let client = RedisClient(place, on: loop)
      let large = [UInt8](repeating: 7, count: 3 << 20)
      #expect(try await client.call(RedisCommand("SET", "large") + large) == .status("OK"))
      #expect(try await client.call(RedisCommand("GET", "large")) == .text(large))
      await client.close()
      // The authorities of the system do not know it.
      place.authorities = nil
      let stranger = RedisClient(place, on: loop)
      let refused = await error { () async throws(RedisError) in
        _ = try await stranger.call(RedisCommand("PING"))
      }
      guard case .net(.tls)? = refused else { return #expect(Bool(false), "\(String(describing: refused))") }
      await stranger.close()
    }
    _ = server
    loop.stop()
  }

  @Test("connects again after the server was killed, and says whether a command may have been done")
  func reconnects() async throws {
    let (server, loop) = (try RedisServer(), try BrokerLoop())
    let client = RedisClient(try .redis(server.url), on: loop)
    #expect(try await client.call(RedisCommand("SET", "a", "1")) == .status("OK"))
    let waiting = Task {
      await error { () async throws(RedisError) in
        _ = try await client.call(RedisCommand("BLPOP", "never", "0"))
      }
    }
    while try !server.cli("CLIENT", "LIST").contains("cmd=blpop") {}
    server.kill()
    let broken = try #require(await waiting.value)
    #expect(!broken.isSurelyUnsent)
    let unsent = await error { () async throws(RedisError) in
      _ = try await client.call(RedisCommand("GET", "a"), timeout: .milliseconds(400))
    }
    #expect(unsent?.isSurelyUnsent == true)
    try server.start()
    // Its pause may not be over yet.
    #expect(try await client.call(RedisCommand("GET", "a")).string == "1")
    await client.close()
    loop.stop()
  }

  @Test("takes no reply that is too large or too late, and goes on with the next")
  func limits() async throws {
    let (server, loop) = (try RedisServer(["--enable-debug-command", "yes"]), try BrokerLoop())
    var limits = RedisLimits()
    limits.replyBytes = 100_000
    let client = RedisClient(try .redis(server.url), on: loop, limits: limits)
    _ = try await client.call(RedisCommand("SETRANGE", "big", "200000", "x"))
    let large = await error { () async throws(RedisError) in
      _ = try await client.call(RedisCommand("GET", "big"))
    }
    #expect(large == .net(.interrupted("\(NetError.tooLarge(limit: 100_000))")))
    #expect(try await client.call(RedisCommand("STRLEN", "big")).integer == 200_001)
    let late = await error { () async throws(RedisError) in
      _ = try await client.call(RedisCommand("DEBUG", "SLEEP", "1"), timeout: .milliseconds(100))
    }
    #expect(late == .net(.timeout(.total)))
    #expect(try await client.call(RedisCommand("PING")) == .status("PONG"))
    await client.close()
    loop.stop()
  }

  @Test("lets a cancelled caller go at once, and gives the next caller its own answer")
  func cancelled() async throws {
    let (server, loop) = (try RedisServer(), try BrokerLoop())
    let client = RedisClient(try .redis(server.url), on: loop)
    _ = try await client.call(RedisCommand("PING"))
    let waiting = Task {
      await error { () async throws(RedisError) in
        _ = try await client.call(RedisCommand("BLPOP", "later", "0"))
      }
    }
    while try !server.cli("CLIENT", "LIST").contains("cmd=blpop") {}
    waiting.cancel()
    #expect(await waiting.value == .net(.cancelled))
    async let next = client.call(RedisCommand("ECHO", "mine"))
    try server.cli("RPUSH", "later", "x")
    #expect(try await next.string == "mine")
    await client.close()
    loop.stop()
  }

  @Test("hears what is published, and says after a break that it may have missed something")
  func subscriptions() async throws {
    let (server, loop) = (try RedisServer(), try BrokerLoop())
    let subscriber = RedisSubscriber(try .redis(server.url), on: loop)
    var news = await subscriber.listen(to: "a").makeAsyncIterator()
    var others = await subscriber.listen(to: "b").makeAsyncIterator()
    #expect(await news.next() == .listening)
    #expect(await others.next() == .listening)
    #expect(try server.cli("PUBLISH", "a", "one") == "1")
    #expect(await news.next() == .message(Array("one".utf8)))
    server.kill()
    guard case .broken? = await news.next() else { return #expect(Bool(false)) }
    try server.start()
    var heard = await news.next()
    while case .broken? = heard { heard = await news.next() }
    #expect(heard == .listening)
    #expect(try server.cli("PUBLISH", "a", "two") == "1")
    #expect(await news.next() == .message(Array("two".utf8)))
    await subscriber.close()
    loop.stop()
  }

  @Test("goes to no private address unless it may")
  func egress() async throws {
    let (server, loop) = (try RedisServer(), try BrokerLoop())
    let client = RedisClient(try BrokerPlace(server.url, kind: .redis), on: loop)
    let refused = await error { () async throws(RedisError) in _ = try await client.call(RedisCommand("PING"))
    }
    guard case .net(.refusedAddress)? = refused else { return #expect(Bool(false)) }
    await client.close()
    loop.stop()
  }
}

@Suite("What a broken Redis sends", .timeLimit(.minutes(1)))
struct RedisReaderTests {
  @Test(
    "is an end of the connection, and never a wrong answer or much memory",
    arguments: [
      "*1000000000\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "$-5\r\n", ":12a\r\n",
      "$99999999999999999999\r\n",
      String(repeating: "*1\r\n", count: 20) + ":1\r\n", "*2147483647\r\n", "\r\n", "+",
    ])
  func hostile(text: String) throws {
    var reader = try RedisReader(limit: 1 << 16)
    do throws(NetError) {
      let replies = try reader.feed(Array(text.utf8))
      #expect(replies.isEmpty, "\(replies)")
    } catch {
      switch error {
      case .protocolError, .tooLarge: break
      case _: #expect(Bool(false), "\(error)")
      }
    }
  }

  @Test("is the same reply in whichever pieces it comes")
  func pieces() throws {
    let text = Array("*3\r\n$3\r\na\r\n\r\n:-7\r\n*1\r\n$-1\r\n+OK\r\n-ERR no\r\n".utf8)
    let expected: [RedisReply] = [
      .array([.text([97, 13, 10]), .integer(-7), .array([.null])]), .status("OK"), .error("ERR no"),
    ]
    for size in 1...text.count {
      var reader = try RedisReader(limit: 1_000)
      var found: [RedisReply] = []
      for start in stride(from: 0, to: text.count, by: size) {
        found += try reader.feed(Array(text[start..<min(start + size, text.count)]))
      }
      #expect(found == expected, "\(size)")
    }
  }

  @Test(
    "An address is read, or refused without a password in the sentence",
    arguments: [
      ("redis://h", "h 6379 nil"), ("rediss://h:1/2", "h 1 2"), ("redis://[::1]:7/", "::1 7 "),
      ("redis://u:pw@h", nil), ("http://h", nil), ("redis://", nil), ("redis://h:0", nil),
      ("redis://h/%zz", nil),
      ("redis://h?x=1", nil), ("amqp://h", nil),
    ] as [(String, String?)])
  func address(text: String, expected: String?) {
    do throws(NetError) {
      let place = try BrokerPlace(text, kind: .redis)
      #expect("\(place.host) \(place.port) \(place.path ?? "nil")" == expected)
    } catch {
      #expect(expected == nil, "\(error)")
      #expect(!"\(error)".contains("pw"))
    }
  }
}
