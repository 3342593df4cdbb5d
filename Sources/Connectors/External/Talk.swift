import Engine
import Glibc
import Model
import Synchronization

/// A conversation with a running program: reads its lines, and does what follows from them.
final class Talk: Sendable {
  private struct State {
    var conversation: Conversation
    var lines = MessageLines()
    var masks: [String] = []
    var masking = Masking.none
  }

  private let state: Mutex<State>
  private let services: AttemptServices
  private let life: LifeLine
  private let heard: @Sendable (ArraySlice<UInt8>) -> Void
  private let channelPlace = Mutex<ChildChannel?>(nil)

  init(
    _ conversation: Conversation, services: AttemptServices, life: LifeLine,
    heard: @escaping @Sendable (ArraySlice<UInt8>) -> Void = { _ in }
  ) {
    state = Mutex(State(conversation: conversation))
    (self.services, self.life, self.heard) = (services, life, heard)
  }

  /// What the program is started with; the talk has begun.
  func channel() -> ChildChannel {
    let channel = ChildChannel(
      received: { [weak self] in self?.receive($0) }, look: { [weak self] in self?.look() })
    channelPlace.withLock { $0 = channel }
    perform(state.withLock { $0.conversation.begin() })
    return channel
  }

  private func receive(_ bytes: ArraySlice<UInt8>) {
    let lines: [ArraySlice<UInt8>]
    do throws(MessageLines.Fault) {
      lines = try state.withLock { (state) throws(MessageLines.Fault) in try state.lines.take(bytes) }
    } catch {
      let what =
        switch error {
        case .longLine: "a message has more than \(ProtocolLimits.line) bytes"
        case .tooMuch: "its messages have more than \(ProtocolLimits.bytes) bytes"
        }
      perform(state.withLock { $0.conversation.broken(what) })
      return
    }
    for line in lines {
      heard(line)
      perform(state.withLock { $0.conversation.take(line, at: .now) })
    }
  }

  private func look() { perform(state.withLock { $0.conversation.look(at: .now) }) }

  func cancel(within: Duration) {
    perform(state.withLock { $0.conversation.cancel(at: .now, within: within) })
  }

  private func perform(_ acts: [Conversation.Act]) {
    for act in acts {
      switch act {
      case .send(let message): send(message)
      case .finish: channelPlace.withLock { $0 }?.finish()
      case .log(let level, let text): log(level, text)
      case .checkpoint(let checkpoint, let call): keep(checkpoint, call)
      case .mask(let text):
        state.withLock { state in
          state.masks.append(text)
          state.masking = Masking(
            Credential(name: "", type: "", values: state.masks.map { ("value", Secret($0)) }))
        }
      case .stop: life.askForEnd()
      }
    }
  }

  private func send(_ message: JSON) {
    guard let channel = channelPlace.withLock({ $0 }) else { return }
    if channel.send(message.serialized() + [UInt8(ascii: "\n")]) { return }
    perform(
      state.withLock {
        $0.conversation.broken("it left more than \(ChildChannel.pendingLimit) bytes on descriptor 3 unread")
      })
  }

  /// The answer follows once the checkpoint is durable.
  private func keep(_ checkpoint: JSON, _ call: JSON?) {
    do throws(Failure) { try services.checkpoints.save(checkpoint) } catch {
      perform(state.withLock { $0.conversation.fail(error) })
      return
    }
    if let call { send(Conversation.answer(call)) }
  }

  /// Also hides what the program asked to hide.
  func log(_ level: LogLevel, _ text: String) {
    let masking = state.withLock { $0.masking }
    services.log(level, masking(text))
  }

  var masking: Masking { state.withLock { $0.masking } }
  var conversation: Conversation { state.withLock { $0.conversation } }
}
