internal import Crypto
public import Model

// Traces (W3C Trace Context): a job belongs to the one that it was started in, or is one by itself.
extension Attempt {
  /// What it gives on to those that it calls: the step as the parent, the same for every attempt.
  public var traceParent: TraceParent {
    let step = String(SHA256.hex(Array(stepKey.utf8)).prefix(16))
    return TraceParent(trace: trace?.trace ?? job.traceID, parent: step, isSampled: trace?.isSampled ?? true)
  }
}

extension ID<Job> {
  /// Of a job that was started in no trace.
  var traceID: String { Hex.encode(bytes) }
}

extension JobState {
  /// What the job was started in, as its admission pinned it.
  var trace: TraceParent? { context?.value["trace"]?.string.flatMap { TraceParent(header: $0) } }
}
