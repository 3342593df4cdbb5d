import Glibc
// Beside libraries of C, the parts of `timeval` count as this module's.
import SwiftOverlayShims

/// What one input may cost.
struct Bounds: Sendable {
  /// Of the thread's own time, so that a busy machine breaks no promise.
  let time: Duration
  /// What the process may grow by; nil where other work runs beside it and nobody can tell.
  let growth: Int?

  /// Longer inputs are not tried: `scripts/fuzz.sh` says the same to the fuzzer.
  static let longestInput = 16 << 10

  static let optimised = Bounds(time: .milliseconds(100), growth: 64 << 20)
  /// Without optimisation the same work takes ten to thirty times as long.
  static let debug = Bounds(time: .seconds(3), growth: nil)
}

extension FuzzTarget {
  /// Nil where the body kept its promise within the bounds.
  func trial(of bytes: [UInt8], within bounds: Bounds) -> Broken? {
    do throws(Broken) {
      let size = Self.largestSize
      var time = try Self.timed { () throws(Broken) in try body(bytes) }
      if let growth = bounds.growth {
        let grown = Self.largestSize - size
        try promise(grown <= growth, "\(name) took \(grown >> 20) MiB for \(bytes.count) bytes.")
      }
      // What is made once, such as a table or a time zone, is no cost of the input: the best of three counts.
      for _ in 0..<2 where time > bounds.time {
        time = min(time, try Self.timed { () throws(Broken) in try body(bytes) })
      }
      try promise(time <= bounds.time, "\(name) took \(time) for \(bytes.count) bytes.")
      return nil
    } catch {
      return error
    }
  }

  private static func timed(_ work: () throws(Broken) -> Void) throws(Broken) -> Duration {
    let start = threadTime
    try work()
    return threadTime - start
  }

  private static var threadTime: Duration {
    let usage = usage(of: thread)
    return .seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + .microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
  }

  /// The most memory that the process ever held, in bytes.
  private static var largestSize: Int { usage(of: RUSAGE_SELF.rawValue).ru_maxrss << 10 }

  /// `RUSAGE_THREAD`, which Swift's Glibc leaves out.
  private static let thread: Int32 = 1

  private static func usage(of who: Int32) -> rusage {
    var usage = rusage()
    getrusage(__rusage_who_t(who), &usage)
    return usage
  }
}
