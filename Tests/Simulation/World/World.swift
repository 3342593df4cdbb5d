import Crypto
import Model
import Pipelines
import Synchronization

@testable import Engine

/// Jobs of two random pipelines, and of one that hears of their ends, on one node, in a world that follows
/// from a seed: what attempts do, what people and messages do, and all that goes wrong.
///
/// It stands in the place of the engine's thread, its executor and its clients, and drives the engine's own
/// turns, so one seed gives one history.
final class World {
  /// An attempt under way outside, or the question what became of a lost one.
  struct Attempt {
    var job: JobNumber
    var order: AttemptOrder
    /// Nil where it only examines, which takes no place.
    var place: ConnectorDescription.Place?
    var isCancelled = false
  }

  static let nodeSlots = 3
  static let processSlots = 1
  static let crashBudget = 2
  static let namespace = "demo"
  static let main = PipelineName(namespace: namespace, name: "main")
  static let part = PipelineName(namespace: namespace, name: "part")
  static let after = PipelineName(namespace: namespace, name: "after")

  var random: Seeded
  let options: WorldOptions
  let clock: SimulatedClock
  let log = Log()
  let store: FaultyStore
  let configuration: NodeConfiguration
  var turn: Turn
  var outside: Outside
  var ledger: Ledger
  /// On their way to the node.
  var inputs: [Input] = []
  /// Decided while the last turn was not durable yet: in memory, and in no commit so far.
  var decided: [Input] = []
  /// What a node is given before anything else.
  var restored: [Input] = []
  /// Reads that the node left to others and that have not ended.
  var asides: [@Sendable () -> Void] = []
  var attempts: [Attempt] = []
  /// Attempts that were reported before and may be reported again.
  var past: [Attempt] = []
  var clients = Clients()
  var outlet = Outlet()
  /// The states as of the last commit, which a restart must give back.
  var committed: [JobNumber: [UInt8]] = [:]
  /// Nothing goes wrong any more: everything must come to its end.
  var isCalm = false
  var isDraining = false
  /// How many commits from now on find the disk full.
  var fullFor = 0
  /// Of this node.
  var turns = 0
  private(set) var faults: [Fault: Int] = [:]
  private(set) var story: [String] = []

  init(seed: UInt64, _ store: any Store, _ reader: any ReadModel, _ options: WorldOptions = WorldOptions())
    throws
  {
    random = Seeded(seed)
    self.options = options
    self.store = FaultyStore(store, log)
    let start = ChangeOfTime.start(&random)
    clock = SimulatedClock(wall: start ?? SimulatedClock.usual)
    let files = try Files.made(seed)
    ledger = Ledger(plans: files.mapValues(\.plan))
    var configuration = Self.configuration(self.store, reader, clock, files, seed)
    if options.hasOutlet { configuration.destinations = Outlet.destinations }
    self.configuration = configuration
    outside = Outside(log)
    try Self.write(files, at: clock.now, to: store)
    turn = try Self.turn(configuration, outside)
    restored = [.schedule(.begin)]
    if start != nil { faults[.changeOfTime] = 1 }
    for number in 1...2 { clients.wish(.start(Self.main, key: "first \(number)")) }
  }

  /// That of the schedule, as long as there is one.
  var overlap: ScheduleSpec.Overlap? {
    turn.jobs.schedules.spec(at: Schedules.Place(Self.after, ScheduleLedger.trigger))?.overlap
  }

  static func turn(_ configuration: NodeConfiguration, _ outside: Outside) throws -> Turn {
    let triggers = try TriggerReading(configuration: configuration).all()
    let opening = try EngineLoop.Opening(configuration, TriggerBook.Reading(entries: triggers))
    var turn = Turn(
      jobs: Jobs(configuration, numbers: try configuration.store.highestNumbers()),
      store: configuration.store, executor: outside, configuration: configuration, settled: Gate())
    turn.take(over: opening)
    return turn
  }

  private static func configuration(
    _ store: any Store, _ reader: any ReadModel, _ clock: SimulatedClock, _ files: [PipelineName: Files.Made],
    _ seed: UInt64
  ) -> NodeConfiguration {
    var setting = NodeSetting(name: "simulated", version: "test", cores: 1)
    (setting.nodeSlots, setting.processSlots, setting.crashBudget) = (nodeSlots, processSlots, crashBudget)
    (setting.cancelGrace, setting.handlersTimeout) = (.seconds(5), .seconds(60))
    setting.parksAfter = .seconds(15)
    let chance = Chance(seed)
    return NodeConfiguration(
      setting: setting, store: store, readModel: reader, clock: clock, connectors: [], environment: .none,
      plan: { (record) throws(Problem) in
        guard let made = files[record.pipeline] else { throw .noPipeline(record.pipeline, revision: nil) }
        return made.plan
      }, wrap: { $0.reveal() },
      unwrap: { (bytes) throws(Problem) in
        guard let key = SymmetricKey(bytes) else {
          throw Problem("test", Bilingual("No key.", pt: "Sem chave."))
        }
        return key
      }, random: { chance.bytes($0) }, broken: { _ in })
  }

  private static func write(
    _ files: [PipelineName: Files.Made], at now: Timestamp, to store: any Store
  ) throws {
    var batch = Batch()
    for (name, made) in files.sorted(by: { $0.key.name < $1.key.name }) {
      batch.writes.append(
        .revision(
          RevisionRecord(
            pipeline: name, number: 1, title: "", source: made.source, sha256: SHA256.digest(made.source),
            files: [], createdAt: now, createdBy: "local:test")))
    }
    _ = try store.commit(batch)
  }

  /// Whether this goes wrong now. The dice are thrown also where it must not, so that all else stays.
  func happens(_ fault: Fault, _ percent: Int) -> Bool {
    let holds = random.holds(percent)
    guard holds, !isCalm, !options.without.contains(fault) else { return false }
    note(fault)
    return true
  }

  func note(_ fault: Fault) {
    faults[fault, default: 0] += 1
    tell("! \(fault.rawValue)")
  }

  func tell(_ line: @autoclosure () -> String) { if options.tells { story.append(line()) } }
}

/// Chance for the engine, which asks from wherever it is.
final class Chance: Sendable {
  private let generator: Mutex<Seeded>
  init(_ seed: UInt64) { generator = Mutex(Seeded(seed ^ 0x5EED)) }
  func bytes(_ count: Int) -> [UInt8] {
    generator.withLock { generator in (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) } }
  }
}
