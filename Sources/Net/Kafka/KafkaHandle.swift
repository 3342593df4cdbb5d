internal import CKafka
internal import Glibc
internal import Synchronization

/// A client of librdkafka, which has threads of its own. What it calls back comes while it is polled, but for
/// the question whether an address may be connected to.
///
/// librdkafka is loaded when the first client is made, and not linked: a node without it starts, and one that
/// needs no Kafka does not pay for it.
final class KafkaHandle {
  /// What the library tells, from whichever thread.
  final class Hooks: Sendable {
    struct Delivery: Sendable {
      var code: Int32
      var partition: Int32
      var offset: Int64
    }

    struct State: Sendable {
      /// What can only be mended by somebody: it ends whatever waits.
      var fatal: KafkaFault?
      var last: KafkaFault?
      var delivery: Delivery?
    }

    let egress: Egress
    let state = Mutex(State())
    init(_ egress: Egress) { self.egress = egress }

    func note(_ fault: KafkaFault) {
      state.withLock { state in
        switch fault.kind {
        case .login, .tls, .denied, .egress, .settings, .library: state.fatal = state.fatal ?? fault
        case .unreachable, .topic, .message, .timeout, .cancelled, .interrupted: state.last = fault
        }
      }
    }

    /// 0, or the system's number for why not. The library has resolved the name, also of brokers that the
    /// cluster itself has named.
    func connect(_ socket: Int32, _ address: UnsafePointer<sockaddr>, _ length: Int32) -> Int32 {
      if let found = IPAddress(UnsafeRawPointer(address), length: Int(length)), !egress.permits(found) {
        note(
          KafkaFault(
            .egress, "a broker has the address \(found.description), where this connection may not go"))
        return EACCES
      }
      if Glibc.connect(socket, address, socklen_t(length)) == 0 || errno == EINPROGRESS { return 0 }
      return errno
    }
  }

  enum Role { case producer, consumer }

  let handle: OpaquePointer
  let calls: esteira_kafka_calls
  let hooks: Hooks

  init(
    _ place: KafkaPlace, _ role: Role, _ more: [(String, String)]
  ) throws(KafkaFault) {
    guard let calls = esteira_kafka()?.pointee else {
      throw KafkaFault(
        .library,
        "librdkafka is not on this node (\(String(cString: esteira_kafka_why()))); install it, as with "
          + "`apt-get install librdkafka1`")
    }
    (self.calls, hooks) = (calls, Hooks(place.egress))
    guard let settings = calls.conf_new() else { throw KafkaFault(.interrupted, "out of memory") }
    var said = [CChar](repeating: 0, count: 512)
    for (name, value) in place.settings + more
    where calls.conf_set(settings, name, value, &said, said.count) != RD_KAFKA_CONF_OK {
      calls.conf_destroy(settings)
      // The words of the library can repeat the value.
      throw KafkaFault(.settings, "librdkafka does not take the setting \(name)")
    }
    calls.conf_set_opaque(settings, Unmanaged.passUnretained(hooks).toOpaque())
    calls.conf_set_log_cb(settings, { _, _, _, _ in })
    calls.conf_set_error_cb(settings) { _, code, reason, opaque in
      let text = reason.map { String(cString: $0) }
      KafkaHandle.hooks(opaque)?.note(KafkaFault(rd_kafka_resp_err_t(rawValue: code), text))
    }
    calls.conf_set_connect_cb(settings) { socket, address, length, _, opaque in
      guard let hooks = KafkaHandle.hooks(opaque), let address else { return EACCES }
      return hooks.connect(socket, address, length)
    }
    if role == .producer {
      calls.conf_set_dr_msg_cb(settings) { _, message, opaque in
        guard let message = message?.pointee else { return }
        let delivery = Hooks.Delivery(
          code: message.err.rawValue, partition: message.partition, offset: message.offset)
        KafkaHandle.hooks(opaque)?.state.withLock { $0.delivery = delivery }
      }
    }
    let type = role == .producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER
    guard let made = calls.create(type, settings, &said, said.count) else {
      calls.conf_destroy(settings)
      let bytes = said.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw KafkaFault(.settings, String(decoding: bytes, as: UTF8.self))
    }
    handle = made
  }

  /// Ends its threads; none of them calls back afterwards.
  deinit { calls.destroy(handle) }

  private static func hooks(_ opaque: UnsafeMutableRawPointer?) -> Hooks? {
    opaque.map { Unmanaged<Hooks>.fromOpaque($0).takeUnretainedValue() }
  }

  /// What somebody has to mend, if anything.
  var fatal: KafkaFault? { hooks.state.withLock { $0.fatal } }
  var last: KafkaFault? { hooks.state.withLock { $0.last } }
}
