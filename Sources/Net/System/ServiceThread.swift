import CSystem
import Glibc

/// Starts a thread of ours, for work that waits in C and so must not sit on the shared threads.
enum ServiceThread {
  private final class Start {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// The thread is detached: it ends when `body` returns. Names are cut to the 15 bytes that Linux keeps.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(NetError) {
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(body))
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      start.release()
      throw .resources(SystemError.text(code, "start a thread"))
    }
    esteira_name_thread(thread, name)
    pthread_detach(thread)
  }
}

enum SystemError {
  static func text(_ code: Int32, _ action: String) -> String {
    "could not \(action): \(String(cString: strerror(code)))"
  }
}
