import Engine
import Model
import Testing

@testable import Connectors

@Suite("What a program of level 1 or 2 may say", .timeLimit(.minutes(1)))
struct ConversationTests {
  let start = ContinuousClock.now

  private func conversation(_ level: ProtocolLevel, heartbeat: Duration? = nil) -> Conversation {
    Conversation(level: level, start: ["token": 7, "with": ["a": 1]], heartbeat: heartbeat, now: start)
  }

  private func hear(_ conversation: inout Conversation, _ lines: String...) -> [Conversation.Act] {
    lines.flatMap { conversation.take($0.utf8, at: start) }
  }

  private let ended = ChildEnd.ended(SupervisorReport(end: .exited(0), endedBy: .itself))

  private func end(_ conversation: Conversation) -> Failure? {
    do throws(Failure) {
      _ = try conversation.end(ended, lastWords: "")
      return nil
    } catch { return error }
  }

  @Test("is collected into an output")
  func output() throws {
    var talk = conversation(.lines)
    _ = hear(
      &talk, #"{"type":"hello","protocol":1}"#, #"{"type":"output","values":{"a":1,"b":1}}"#,
      #"{"type":"result","ok":true,"output":{"b":2}}"#)
    #expect(JSON.object(try talk.end(ended, lastWords: "")) == ["a": 1, "b": 2])
    #expect(talk.stage == .leaving)
  }

  @Test(
    "ends it where it is no word of the protocol",
    arguments: [
      ["no json"], ["[]"], [#"{"type":"log","message":"before hello"}"#], [#"{"type":"hello","protocol":2}"#],
      [#"{"type":"hello","protocol":1}"#, #"{"type":"hello","protocol":1}"#],
      [#"{"type":"hello","protocol":1}"#, #"{"type":"shout"}"#],
      [#"{"type":"hello","protocol":1}"#, #"{"type":"progress","percent":101}"#],
      [#"{"type":"hello","protocol":1}"#, #"{"type":"progress"}"#],
      [#"{"type":"hello","protocol":1}"#, #"{"type":"artifact","name":"../x"}"#],
      [#"{"type":"hello","protocol":1}"#, #"{"type":"metric","name":"n","value":"1"}"#],
      [#"{"type":"hello","protocol":1}"#, #"{"type":"mask","value":"abc"}"#],
      [#"{"type":"hello","protocol":1}"#, #"{"type":"checkpoint"}"#],
      [#"{"type":"hello","protocol":1}"#, #"{"type":"result","ok":true,"output":[]}"#],
      [
        #"{"type":"hello","protocol":1}"#,
        #"{"type":"result","ok":false,"error":{"class":"lost","message":"x"}}"#,
      ],
      [#"{"type":"hello","protocol":1}"#, #"{"type":"result","ok":false,"error":{"class":"data"}}"#],
      [
        #"{"type":"hello","protocol":1}"#, #"{"type":"result","ok":true}"#,
        #"{"type":"log","message":"late"}"#,
      ],
    ])
  func broken(lines: [String]) {
    var talk = conversation(.lines)
    let acts = lines.flatMap { talk.take($0.utf8, at: start) }
    #expect(acts.last == .stop)
    #expect(end(talk)?.code == "connector-protocol")
    #expect(end(talk)?.errorClass == .configuration)
  }

  @Test("that fails has a class, a code and a wait")
  func failure() {
    var talk = conversation(.lines)
    _ = hear(
      &talk, #"{"type":"hello","protocol":1}"#,
      #"{"type":"result","ok":false,"error":{"class":"rate_limited","code":"slow","message":"Slow.","#
        + #""retry_after":1.5}}"#
    )
    #expect(end(talk) == Failure(.rateLimited, code: "slow", "Slow.", retryAfter: .milliseconds(1_500)))
  }

  @Test("without a result is none, whatever the exit code")
  func noResult() {
    var talk = conversation(.lines)
    _ = hear(&talk, #"{"type":"hello","protocol":1}"#)
    #expect(end(talk)?.code == "connector-protocol")
  }

  @Test("about a check that fails makes the data wrong, unless it only warns")
  func checks() {
    for (severity, code) in [("error", "check-failed"), ("warn", nil)] {
      var talk = conversation(.lines)
      _ = hear(
        &talk, #"{"type":"hello","protocol":1}"#,
        "{\"type\":\"check\",\"name\":\"unique\",\"passed\":false,\"severity\":\"\(severity)\"}",
        #"{"type":"result","ok":true}"#)
      #expect(end(talk)?.code == code)
    }
  }

  @Test("has limits: the messages, a checkpoint and the masks")
  func limits() {
    var talk = conversation(.lines)
    _ = hear(&talk, #"{"type":"hello","protocol":1}"#)
    for _ in 1..<ProtocolLimits.lines { _ = talk.take(#"{"type":"heartbeat"}"#.utf8, at: start) }
    #expect(talk.fault == nil)
    #expect(hear(&talk, #"{"type":"heartbeat"}"#) == [.stop])

    var large = conversation(.lines)
    _ = hear(&large, #"{"type":"hello","protocol":1}"#)
    let state = String(repeating: "x", count: ProtocolLimits.checkpoint)
    #expect(hear(&large, "{\"type\":\"checkpoint\",\"state\":\"\(state)\"}") == [.stop])

    var masks = conversation(.lines)
    _ = hear(&masks, #"{"type":"hello","protocol":1}"#)
    for _ in 0..<ProtocolLimits.masks { _ = hear(&masks, #"{"type":"mask","value":"abcd"}"#) }
    #expect(masks.fault == nil)
    #expect(hear(&masks, #"{"type":"mask","value":"abcd"}"#) == [.stop])
  }

  @Test("comes in lines of at most 8 MiB, and 1 GiB of them")
  func lines() throws {
    var lines = MessageLines()
    #expect(try lines.take(Array("a\nb".utf8)[...]).map(Array.init) == [Array("a".utf8)])
    #expect(try lines.take(Array("c\n\n".utf8)[...]).map(Array.init) == [Array("bc".utf8)])
    #expect(throws: MessageLines.Fault.longLine) {
      try lines.take([UInt8](repeating: 1, count: ProtocolLimits.line + 1)[...])
    }
  }

  @Test("must come: hello within 30 s, and something at least once a heartbeat")
  func silence() {
    var talk = conversation(.lines, heartbeat: .seconds(5))
    #expect(talk.look(at: start + .seconds(30)).isEmpty)
    _ = hear(&talk, #"{"type":"hello","protocol":1}"#)
    #expect(talk.look(at: start + .seconds(5)).isEmpty)
    #expect(talk.look(at: start + .seconds(6)) == [.stop])
    #expect(end(talk)?.code == "connector-silent")
    var mute = conversation(.calls)
    #expect(mute.look(at: start + .seconds(31)) == [.stop])
  }

  private func executing() -> Conversation {
    var talk = conversation(.calls)
    _ = hear(
      &talk,
      #"{"jsonrpc":"2.0","id":"initialize","result":{"protocol":2,"capabilities":["validate","cleanup"]}}"#,
      #"{"jsonrpc":"2.0","id":"validate","result":{"problems":[]}}"#)
    return talk
  }

  @Test("at level 2 goes from initialize over validate and execute to cleanup")
  func calls() throws {
    var talk = conversation(.calls)
    #expect(talk.begin() == [talk.call(.initialize, ["protocol": 2, "engine": "esteira"])])
    talk = executing()
    #expect(talk.stage == .executing)
    #expect(
      hear(&talk, #"{"jsonrpc":"2.0","id":"execute","result":{"output":{"n":1}}}"#)
        == [talk.call(.cleanup, ["token": 7, "ok": true])])
    #expect(hear(&talk, #"{"jsonrpc":"2.0","id":"cleanup","result":{}}"#) == [.finish])
    #expect(JSON.object(try talk.end(ended, lastWords: "")) == ["n": 1])
  }

  @Test("at level 2 is refused input where validate finds a problem; nothing is executed")
  func problems() {
    var talk = conversation(.calls)
    let acts = hear(
      &talk, #"{"jsonrpc":"2.0","id":"initialize","result":{"protocol":2,"capabilities":["validate"]}}"#,
      #"{"jsonrpc":"2.0","id":"validate","result":{"problems":[{"path":"/a","message":"Too small."}]}}"#)
    #expect(acts.last == .finish)
    #expect(end(talk) == Failure(.data, code: "invalid-with", "with is not valid: /a: Too small."))
  }

  @Test("asks for a checkpoint with the token of its attempt, and is answered once that is kept")
  func fencing() {
    var talk = executing()
    let good = #"{"jsonrpc":"2.0","id":"c1","method":"checkpoint","params":{"token":7,"state":{"n":1}}}"#
    #expect(hear(&talk, good) == [.checkpoint(["n": 1], call: "c1")])
    let stale = #"{"jsonrpc":"2.0","id":"c2","method":"checkpoint","params":{"token":6,"state":{"n":1}}}"#
    #expect(
      hear(&talk, stale) == [.send(Conversation.answer("c2", "The token is not that of this attempt."))])
  }

  @Test("is asked by a message to stop, and by signals a second before the end of the time")
  func cancel() {
    var talk = executing()
    #expect(talk.cancel(at: start, within: .seconds(5)) == [talk.call(.cancel, ["token": 7])])
    #expect(talk.cancel(at: start, within: .seconds(5)).isEmpty)
    #expect(talk.look(at: start + .milliseconds(3_999)).isEmpty)
    #expect(talk.look(at: start + .seconds(4)) == [.stop])
    var lines = conversation(.lines)
    #expect(lines.cancel(at: start, within: .seconds(5)) == [.stop])
  }
}
