import Engine
import Model

/// Whether what a step removes was there, kept between its attempts: one that removed it may have died before
/// it could say so, and the next one finds nothing.
struct FirstSight: Sendable {
  private let attempt: Attempt

  init(_ attempt: Attempt) { self.attempt = attempt }

  /// Before the removal, with what this attempt sees; the answer counts what earlier ones saw. Blocks.
  func wasThere(_ isThere: Bool) throws(Failure) -> Bool {
    let checkpoints = attempt.services.checkpoints
    guard isThere else { return try checkpoints.load()?["was_there"] == true }
    // A full disk must not keep anybody from making room.
    do throws(Failure) { try checkpoints.save(["was_there": true]) } catch {
      attempt.services.log(
        .warn, "That it was there could not be kept, so that a repeat would not know it: \(error.message)")
    }
    return true
  }
}
