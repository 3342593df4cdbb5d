internal import Glibc

/// A queue with one waiting reader, which takes everything that is there at once.
///
/// The engine's only lock. `@unchecked` because the compiler cannot see that `items` is guarded by a C mutex;
/// Swift's `Mutex` has no condition to wait on.
@safe final class Inbox<Element: Sendable>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var items: [Element] = []
  private var readerWaits = false
  private var isWoken = false

  init() {
    unsafe pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(condition, &attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  func push(_ item: consuming Element) {
    unsafe pthread_mutex_lock(mutex)
    items.append(item)
    let wakes = readerWaits
    readerWaits = false
    unsafe pthread_mutex_unlock(mutex)
    if wakes { unsafe pthread_cond_signal(condition) }  // A reader at work looks again by itself.
  }

  /// Ends the reader's present or next wait.
  func wake() {
    unsafe pthread_mutex_lock(mutex)
    isWoken = true
    readerWaits = false
    unsafe pthread_mutex_unlock(mutex)
    unsafe pthread_cond_signal(condition)
  }

  enum Wait {
    case not, forever
    case atMost(Duration)
  }

  /// Swaps the queue with the reader's emptied array, so that both keep their capacity.
  func takeAll(into taken: inout [Element], _ wait: Wait) {
    taken.removeAll(keepingCapacity: true)
    unsafe pthread_mutex_lock(mutex)
    if items.isEmpty && !isWoken { waitLocked(wait) }
    isWoken = false
    swap(&items, &taken)
    unsafe pthread_mutex_unlock(mutex)
  }

  private func waitLocked(_ wait: Wait) {
    switch wait {
    case .not: return
    case .forever:
      while items.isEmpty && !isWoken {
        readerWaits = true
        unsafe pthread_cond_wait(condition, mutex)
      }
    case .atMost(let pause):
      var end = timespec()
      unsafe clock_gettime(CLOCK_MONOTONIC, &end)
      let (seconds, attoseconds) = pause.components
      let nanoseconds = Int64(end.tv_nsec) + attoseconds / 1_000_000_000
      end.tv_sec += Int(seconds + nanoseconds / 1_000_000_000)
      end.tv_nsec = Int(nanoseconds % 1_000_000_000)
      while items.isEmpty && !isWoken {
        readerWaits = true
        if unsafe pthread_cond_timedwait(condition, mutex, &end) == ETIMEDOUT { break }
      }
    }
    readerWaits = false
  }
}
