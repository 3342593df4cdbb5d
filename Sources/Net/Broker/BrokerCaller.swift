/// An actor with one connection to a broker. How its socket comes to be is the same for each.
protocol BrokerCaller: BrokerMember {
  var loop: BrokerLoop { get }
  var socket: BrokerSocket? { get set }
  /// Whoever waits until the socket is open; it is told what is wrong where it never will be.
  var opening: CheckedContinuation<NetError?, Never>? { get set }
  /// Nothing is opened any more.
  var isOver: Bool { get }
  /// Whoever waits for an answer hears that none comes.
  func end(_ fault: NetError)
}

extension BrokerCaller {
  func sendWhatWaits() { if let fault = socket?.sendWhatWaits() { socketHasEnded(fault) } }

  func socketHasEnded(_ fault: NetError) { if !endOpening(fault) { end(fault) } }

  /// Tries each address of the place until one answers. The time is that of all of them together.
  func connect(_ place: BrokerPlace, _ tls: TLSClient?, within time: Duration) async throws(NetError) {
    let deadline = ContinuousClock.now + time
    var failure = NetError.resolve(host: place.host)
    for address in try await place.addresses(loop) {
      if isOver { throw .stopped }
      let socket: BrokerSocket
      // A kernel that knows at once that nobody is there says so here: the next address may do.
      do throws(NetError) { socket = try BrokerSocket(loop, address, place, tls, for: self) } catch {
        failure = error
        continue
      }
      self.socket = socket
      socket.setAlarm(deadline)
      let fault = await withCheckedContinuation { opening = $0 }
      guard let fault else { return }
      socket.close()
      self.socket = nil
      failure = fault
      if fault == .timeout(.connect) { break }
    }
    throw failure
  }

  /// Tells whoever waits for the socket; false where nobody does.
  @discardableResult
  func endOpening(_ fault: NetError?) -> Bool {
    guard let opening else { return false }
    self.opening = nil
    opening.resume(returning: fault)
    return true
  }
}
