import CCurl

/// The thread that owns libcurl: all handles live and die in here.
final class CurlLoop {
  enum Message: Sendable {
    case start(TransferOrder)
    case resume(UInt64)
    case cancel(UInt64)
    case stop
  }

  private let mailbox: Mailbox<Message>
  private let multi: MultiHandle
  private var transfers: [UInt64: CurlTransfer] = [:]
  private var isStopping = false

  init(_ mailbox: Mailbox<Message>) throws(NetError) {
    self.mailbox = mailbox
    multi = try MultiHandle()
  }

  func run() {
    while !isStopping {
      for message in mailbox.take() { handle(message) }
      multi.perform()
      while let (pointer, code) = multi.nextEnded() {
        guard let transfer = transfers.values.first(where: { $0.pointer == pointer }) else { continue }
        transfer.end(code)
        remove(transfer)
      }
      if !isStopping { multi.wait(mailbox.wake.descriptor) }
    }
    for transfer in transfers.values {
      transfer.channel.end(.stopped)
      remove(transfer)
    }
  }

  private func handle(_ message: Message) {
    switch message {
    case .start(let order): start(order)
    case .resume(let id): transfers[id]?.resume()
    case .cancel(let id):
      guard let transfer = transfers[id] else { return }
      transfer.channel.end(.cancelled)
      remove(transfer)
    case .stop: isStopping = true
    }
  }

  private func start(_ order: TransferOrder) {
    do throws(NetError) {
      let transfer = try CurlTransfer(order)
      guard multi.add(transfer.pointer) else {
        throw .resources("libcurl took no further transfer")
      }
      transfers[order.id] = transfer
    } catch {
      order.channel.end(error)
    }
  }

  private func remove(_ transfer: CurlTransfer) {
    multi.remove(transfer.pointer)
    transfers[transfer.order.id] = nil
  }
}

/// libcurl's set of transfers with its connections.
private struct MultiHandle: ~Copyable {
  private let pointer: UnsafeMutableRawPointer

  /// Connections at once; further transfers wait, and their time runs.
  static let connections = 256
  /// Idle connections kept for the next request.
  static let kept = 64
  /// Safe from any thread, and once for the process.
  private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  init() throws(NetError) {
    guard Self.isReady, let pointer = curl_multi_init() else {
      throw .resources("libcurl could not be started")
    }
    self.pointer = pointer
    esteira_curl_multi_set_long(pointer, CURLMOPT_MAX_TOTAL_CONNECTIONS, Self.connections)
    esteira_curl_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, Self.kept)
  }

  deinit { curl_multi_cleanup(pointer) }

  func add(_ easy: UnsafeMutableRawPointer) -> Bool { curl_multi_add_handle(pointer, easy) == CURLM_OK }

  func remove(_ easy: UnsafeMutableRawPointer) { curl_multi_remove_handle(pointer, easy) }

  func perform() {
    var running: Int32 = 0
    curl_multi_perform(pointer, &running)
  }

  func nextEnded() -> (UnsafeMutableRawPointer, CURLcode)? {
    var easy: UnsafeMutableRawPointer?
    var code = CURLE_OK
    guard esteira_curl_multi_ended(pointer, &easy, &code) == 1, let easy else { return nil }
    return (easy, code)
  }

  /// Waits for the network, for libcurl's timers, or for a message; an idle client does not wake.
  func wait(_ wake: Int32) {
    var extra = curl_waitfd(fd: wake, events: Int16(CURL_WAIT_POLLIN), revents: 0)
    curl_multi_poll(pointer, &extra, 1, Int32.max, nil)
  }
}
