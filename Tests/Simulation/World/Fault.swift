/// What goes wrong in a world.
enum Fault: String, CaseIterable, Sendable {
  case crashBeforeCommit = "crash before the commit"
  case crashAfterCommit = "crash after the commit"
  case crashAmongEffects = "crash among the effects"
  case commitKept = "commit unknown, and stored"
  case commitLost = "commit unknown, and lost"
  case fullDisk = "full disk"
  case hourForward = "clock an hour forward"
  case hourBack = "clock an hour back"
  case clockJump = "clock jump of less"
  case changeOfTime = "start at a change of daylight saving"
  case slowNode = "slow node"
  case late = "late delivery"
  case reordered = "reordered delivery"
  case again = "repeated delivery"
  case plannedStop = "planned stop"
  /// No fault, but a moment in which one would show.
  case meanwhile = "end decided before the commit before it"
  case relay = "commit begun before the effects of the one before it"
}

/// How a world is run, beside its seed. A failing one is made smaller by these.
struct WorldOptions: Sendable {
  /// For so many turns faults happen.
  var turns = 60
  var without: Set<Fault> = []
  /// Whether it keeps its story.
  var tells = false
  /// Whether others are told of what happens.
  var hasOutlet = false
}
