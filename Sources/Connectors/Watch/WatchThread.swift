import CSystem
import Engine
import Glibc
import Model
internal import Net
import Synchronization

/// The thread of whoever works on watched folders, its sleep, and the order to stop.
final class WatchThread: Sendable {
  let executor: ThreadExecutor
  private let signal: WakeEvent
  private let stopping = Atomic(false)
  private let clock: any EngineClock

  /// `path`: what the thread is for, as people are told where the system gives none.
  init(for path: String, _ clock: any EngineClock) throws(Problem) {
    self.clock = clock
    do throws(NetError) {
      executor = try ThreadExecutor("esteira-files")
      signal = try WakeEvent()
    } catch {
      throw Problem(
        "cannot-watch",
        Bilingual(
          "No thread for the folder \(path): \(error)", pt: "Sem thread para a pasta \(path): \(error)"),
        remedy: Bilingual(
          "Look at the limits of threads and open files of the server.",
          pt: "Verifique os limites de threads e de arquivos abertos do servidor."))
    }
    clock.onAdvance { [weak self] in self?.wake() }
  }

  deinit { executor.stop() }

  var isStopping: Bool { stopping.load(ordering: .acquiring) }

  /// From any thread.
  func stop() {
    stopping.store(true, ordering: .releasing)
    signal.signal()
  }

  /// From any thread.
  func wake() { signal.signal() }

  /// Returns at that moment, when it is woken, or when `descriptor` can be read; nil waits without end. True
  /// where it was woken.
  func sleep(until moment: Duration?, hearing descriptor: Int32 = -1) -> Bool {
    var timeout: Duration?
    if let moment {
      if moment <= clock.monotonic { return false }
      timeout = clock.pause(until: moment)
    }
    var watched = [signal.descriptor, descriptor].filter { $0 >= 0 }
      .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    poll(&watched, nfds_t(watched.count), timeout.map { Int32(clamping: $0.microseconds / 1_000 + 1) } ?? -1)
    return signal.take()
  }
}
