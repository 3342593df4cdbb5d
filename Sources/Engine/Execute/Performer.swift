internal import Model
internal import Pipelines

/// What the engine's thread leaves to others: attempts, and reads that block. What comes of it is an input of
/// a later turn, in whatever order it comes.
///
/// Of the program it is the `Executor`; a simulated world stands in its place.
protocol Performer: Sendable {
  /// Brings an input to the engine's thread.
  var report: @Sendable (Input) -> Void { get }
  /// Performs an attempt; its end is reported once.
  func execute(_ work: Executor.Work)
  /// Asks what became of a lost attempt.
  func examine(_ work: Executor.Work)
  /// How an attempt ends that needs no work outside; nil for any other.
  func endInPlace(_ call: CallPlan, _ with: JSON) -> AttemptEnd?
  func countLines(_ job: JobNumber, _ namespace: String, _ node: NodeNumber, _ handle: ArtifactHandle)
  func readLines(_ job: JobNumber, _ namespace: String, _ slice: LineSlice)
  /// Asks an attempt to stop; it reports its end all the same.
  func cancel(_ job: JobNumber, _ node: NodeNumber, token: UInt32)
  /// The end of the attempt is durable.
  func settle(_ attempt: AttemptIdentity)
  /// Lets go what a job that has ended leaves behind.
  func forget(_ job: ID<Job>)
  /// Sends a message; what became of it is reported once.
  func deliver(_ sending: Sending)
  /// Runs what blocks beside the engine's thread.
  func aside(_ body: @escaping @Sendable () -> Void)
}
